"""The project's own app, and the admin with its own site."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ContactCenterConfig(AppConfig):
    name = "contactcenter"
    default = True
    verbose_name = _("Contact centre")

    def ready(self) -> None:
        import_module("contactcenter.operations.checks")
        webhooks = import_module("integrations.webhooks")
        webhooks.register_handler(import_module("contactcenter.chats.conversation").take_in)
        post_migrate.connect(make_supervisors, sender=self, dispatch_uid="contactcenter.supervisors")
        quotas = import_module("integrations.quotas")
        quotas.register_zone(time_zone)


class ContactCenterAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site. The screens are an explicit list and come last: one of them replaces the plain
    account screen of `integrations` by its richer kind."""

    default = False
    default_site = "contactcenter.admin.site.ContactCenterSite"

    def ready(self) -> None:
        super().ready()
        import_module("contactcenter.admin.screens")


def make_supervisors(**kwargs: Any) -> None:
    """The group of people who look at everything and change nothing, kept up to date with the tables."""
    from contactcenter.admin.groups import ensure_supervisors

    ensure_supervisors()


def time_zone() -> str:
    """By whose midnight accounts count their days, unless they name a zone of their own."""
    from contactcenter.models import ContactCenter

    return ContactCenter.current().time_zone
