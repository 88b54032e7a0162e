"""The app of accounts and vendors."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save
from django.utils.translation import gettext_lazy as _


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = _("Integrations")

    def ready(self) -> None:
        from . import checks  # noqa: F401 - registers the system checks

        post_save.connect(
            account_saved, sender="integrations.IntegrationAccount", dispatch_uid="integrations.account_saved"
        )


def account_saved(instance: Any, created: bool, **kwargs: Any) -> None:
    """Somebody changed the account: a vendor that refused us may be asked once more."""
    from .oauth.tokens import reconsider

    if not created:
        reconsider(instance)
