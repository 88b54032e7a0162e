"""API tokens: the value is shown once, on the page that answers their creation, and is not kept."""

import secrets
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from contactcenter.models import ApiToken
from contactcenter.models.access import digest
from integrations import marks
from integrations.admin.screens import Screen


class TokenForm(forms.ModelForm):
    class Meta:
        model = ApiToken
        fields = ("name", "enabled")
        help_texts = {
            "name": _("Who uses it, for example “Telephone system, Berlin”."),
            "enabled": _("Without the tick, calls with this token are refused."),
        }


@admin.register(ApiToken)
class ApiTokenAdmin(Screen):
    form = TokenForm
    intro = _(
        "What telephone systems use to report calls. A token's value is shown once and kept only as a fingerprint."
    )
    nothing_yet = _("No token yet. A telephone system needs one to report calls.")
    list_display = ("name", "state", "used", "made")
    fields = ("name", "enabled")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.value_once = new_value()
            obj.hash = digest(obj.value_once)
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Not by redirect and message: the value would wait in the session."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("The token “%s” is ready") % obj.name,
            "value": obj.value_once,
            "original": obj,
        }
        response = TemplateResponse(request, "admin/contactcenter/apitoken/value.html", context)
        response["Cache-Control"] = "no-store"
        return response

    @admin.display(description=_("State"), ordering="enabled")
    def state(self, token: ApiToken) -> SafeString:
        return marks.status(_("Enabled") if token.enabled else _("Disabled"), "ok" if token.enabled else "neutral")

    @admin.display(description=_("Last used"), ordering="last_used_at")
    def used(self, token: ApiToken) -> SafeString:
        return marks.moment(token.last_used_at)

    @admin.display(description=_("Created"), ordering="created_at")
    def made(self, token: ApiToken) -> SafeString:
        return marks.exact(token.created_at)


def new_value() -> str:
    """256 bits, in characters that survive every configuration file."""
    return secrets.token_urlsafe(32)
