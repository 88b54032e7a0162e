"""Integration accounts: the dashboard, the chooser, the form, the page with its buttons and wire log."""

from collections.abc import Collection
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t
from django.views.decorators.debug import sensitive_post_parameters

from integrations import history
from integrations.capabilities import SingleSignOn
from integrations.forms import AccountForm, account_form
from integrations.marks import badges_of, kind_of
from integrations.models import ApiCall, InboundEvent, IntegrationAccount
from integrations.oauth.access import OAuth2
from integrations.properties import SecretField
from integrations.providers import registry
from integrations.providers.base import Provider

from . import chooser
from .buttons import action_page, buttons_of, notices_of
from .checking import Checking
from .listing import Listing
from .panels import Panel, addresses_panel, ends_panel, health_panel, sign_on_panel, tokens_panel, wire_log_panel
from .screens import Screen

history.register()


@admin.register(IntegrationAccount)
class IntegrationAccountAdmin(Checking, Listing, Screen):
    """Knows nothing of agents and calls: the upper app adds its panels and the enabled types in a subclass."""

    intro = _t("Connections to other people's systems: what they are, how they are, and until when.")
    nothing_yet = _t("No account yet. Add one; every kind can be tried against the simulator, without the vendor.")
    change_form_template = "integrations/account/form.html"
    add_form_template = "integrations/account/form.html"
    # Rows of the account that have a screen to look at only.
    goes_along: tuple[type[Model], ...] = (ApiCall, InboundEvent)

    def enabled_types(self) -> Collection[str]:
        """Gated types that somebody enabled."""
        return ()

    def known_names(self) -> dict[str, list[str]]:
        """Names of this side that tables of properties may hold, by the column: browsers offer them there."""
        return {"role": list(Group.objects.order_by("name").values_list("name", flat=True))}

    def panels(self, request: HttpRequest, account: IntegrationAccount) -> list[Panel]:
        """The cards beside the form."""
        has_tokens = hasattr(account, "token") or issubclass(account.provider_class, OAuth2)
        logs_in = issubclass(account.provider_class, SingleSignOn)
        found = [
            health_panel(account),
            tokens_panel(account) if has_tokens else None,
            sign_on_panel(account) if logs_in else None,
            addresses_panel(account),
            ends_panel(account),
        ]
        return [panel for panel in found if panel is not None]

    def wide_panels(self, request: HttpRequest, account: IntegrationAccount) -> list[Panel]:
        """The cards below it. Nothing is said to anybody where the work is done here."""
        provider = registry().get(account.provider)
        return [wire_log_panel(account)] if provider is None or provider.remote else []

    # -- addresses

    def get_urls(self) -> list[URLPattern]:
        action = path(
            "<path:object_id>/action/<slug:key>/",
            self.admin_site.admin_view(self.action_view),
            name="integrations_integrationaccount_action",
        )
        return [action, *super().get_urls()]

    def action_view(self, request: HttpRequest, object_id: str, key: str) -> HttpResponse:
        account = self.get_object(request, unquote(object_id))
        if account is None:
            raise Http404(_("This account does not exist (any more)."))
        if not self.has_change_permission(request, account):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": account.name,
            "original": account,
        }
        return action_page(request, account, key, context)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What was said to a vendor goes with its account, though nobody may delete it alone."""
        found, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return found, counts, lacking - {model._meta.verbose_name for model in self.goes_along}, protected

    # -- adding

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        provider = registry().get(request.GET.get("provider", ""))
        if provider is None:
            return self.chooser_view(request)
        refusal = self._refusal(provider)
        if refusal:
            messages.error(request, refusal)
            return HttpResponseRedirect(reverse(chooser.ADD))
        return super().add_view(request, form_url, extra_context)

    def _refusal(self, provider: type[Provider]) -> str:
        if provider.type not in chooser.allowed_types(self.enabled_types()):
            return _("Accounts of the type “%s” have to be enabled first.") % provider.type.label
        return chooser.refusal(provider)

    def chooser_view(self, request: HttpRequest) -> HttpResponse:
        entry = chooser.type_of(request.GET.get("type"))
        if entry and entry in chooser.allowed_types(self.enabled_types()):
            cards, title = chooser.provider_cards(entry), _("Which %s?") % entry.label
        else:
            entry, cards, title = None, chooser.type_cards(self.enabled_types()), _("Add integration account")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "cards": cards,
            "type": entry,
        }
        return TemplateResponse(request, "integrations/account/chooser.html", context)

    # -- the form

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        provider = self._provider(request, obj)
        kwargs["form"] = account_form(provider)
        kwargs["fields"] = None
        return super().get_form(request, obj, change, **kwargs)

    def _provider(self, request: HttpRequest, account: IntegrationAccount | None) -> type[Provider]:
        key = account.provider if account else request.GET.get("provider", "")
        return registry()[key]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        provider = self._provider(request, obj)
        default = ["is_default", "move_default"] if provider.type.has_default else []
        own = ["name", *default, "enabled", *(["simulated"] if provider.remote else [])]
        names = list(provider.Properties.base_fields)
        advanced = [name for name in names if name in provider.Properties.advanced]
        plain = [name for name in names if name not in advanced]
        sets: list[Any] = [(None, {"fields": own})]
        if plain:
            sets.append((provider.Properties.heading or _("Properties"), {"fields": plain}))
        if advanced:
            sets.append((_("Advanced"), {"fields": advanced, "classes": ["collapse"]}))
        return sets

    @method_decorator(sensitive_post_parameters())
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        account = self.get_object(request, unquote(object_id)) if object_id else None
        if account is not None and account.provider not in registry():
            return self.orphan_view(request, account)
        if account is not None and not self.has_change_permission(request, account):
            return self.look_view(request, account)
        context = {**self._page_context(request, account), **(extra_context or {})}
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except IntegrityError:
            # Somebody else saved between our check and our write. Checked again, it is an error on the form.
            return super().changeform_view(request, object_id, form_url, context)

    def orphan_view(self, request: HttpRequest, account: IntegrationAccount) -> HttpResponse:
        """An account whose provider is not part of this version: it can be read about and deleted, nothing else."""
        if not self.has_view_permission(request, account):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": account.name,
            "original": account,
            "panels": self.wide_panels(request, account),
            "may_delete": self.has_delete_permission(request, account),
        }
        return TemplateResponse(request, "integrations/account/orphan.html", context)

    def look_view(self, request: HttpRequest, account: IntegrationAccount) -> HttpResponse:
        """The page for those who may look only: the settings as text, of secrets whether there is one."""
        if not self.has_view_permission(request, account):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            **self._page_context(request, account),
            "opts": self.opts,
            "title": account.name,
            "original": account,
            "settings": settings_shown(account),
        }
        return TemplateResponse(request, "integrations/account/look.html", context)

    def _page_context(self, request: HttpRequest, account: IntegrationAccount | None) -> dict[str, Any]:
        provider = registry().get(account.provider if account else request.GET.get("provider", ""))
        context: dict[str, Any] = {"provider": provider, "kind": kind_of(account) if account else ""}
        context["known_names"] = self.known_names()
        if account is None:
            notices = [provider.notice] if provider and provider.notice else []
            title = _("New %s account") % provider.label if provider else ""
            addresses = addresses_panel(IntegrationAccount(provider=provider.key)) if provider else None
            return {**context, "title": title, "notices": notices, "panels": [addresses] if addresses else []}
        may_run = self.has_change_permission(request, account)
        return {
            **context,
            "badges": badges_of(account),
            "notices": notices_of(account),
            "buttons": buttons_of(account) if may_run else [],
            "panels": self.panels(request, account),
            "wide_panels": self.wide_panels(request, account),
            "secrets_unreadable": not account.secrets.is_readable,
        }

    def save_model(self, request: HttpRequest, obj: Any, form: AccountForm, change: bool) -> None:
        form.move_the_default()
        super().save_model(request, obj, form, change)
        history.note_changed_secrets(obj, form.changed_secrets)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """The audit log keeps the changes; the admin's own would call secrets changed each time."""
        return []

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """After adding, the account's page: the next thing to do there is *Test connection*."""
        messages.success(
            request, _("“%s” is saved. Nothing was sent to the vendor yet: test the connection next.") % obj.name
        )
        return HttpResponseRedirect(reverse("admin:integrations_integrationaccount_change", args=[obj.pk]))

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        messages.success(request, _("“%s” is saved.") % obj.name)
        name = "change" if "_continue" in request.POST else "changelist"
        return HttpResponseRedirect(
            reverse(f"admin:integrations_integrationaccount_{name}", args=[obj.pk] if name == "change" else [])
        )


def settings_shown(account: IntegrationAccount) -> list[tuple[str, str]]:
    """Label and value of each property, in the form's order."""
    fields, values = account.provider_class.Properties.base_fields, account.values()
    stored = account.stored_secret_names()
    shown = []
    for name, field in fields.items():
        if isinstance(field, SecretField):
            value = _("Stored") if name in stored else _("Not set")
        else:
            value = plain_words(field, values[name])
        shown.append((str(field.label), "" if value in (None, "", [], ()) else str(value)))
    return shown


def plain_words(field: Any, value: Any) -> Any:
    """A choice by its label, a box as yes or no, anything else as it is."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return dict(getattr(field, "choices", ())).get(str(value), value)
