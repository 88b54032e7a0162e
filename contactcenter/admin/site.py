"""The admin site: its titles, its navigation, and a first page that says what needs attention."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from contactcenter.sign_on import views
from integrations import sign_on

from . import dashboard
from .navigation import groups_for


class ContactCenterSite(AdminSite):
    site_title = _("Contact centre")
    site_header = _("Contact centre")
    index_title = _("Overview")
    site_url = "/agentdesktop/"
    enable_nav_sidebar = False

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        context["navigation"] = groups_for(request, context["available_apps"])
        return context

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The local log-in always works; single sign-on stands beside it while its account is switched on."""
        wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
        address = views.log_in_address(views.ADMIN, next=wanted)
        return super().login(request, {"sign_on_address": address, **(extra_context or {})})

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        account = sign_on.account_for(views.ADMIN.kind)
        address = sign_on.provider_of(account).logout_url if account else ""
        return super().logout(request, {"log_out_there": address, **(extra_context or {})})

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        context = {
            **self.each_context(request),
            "title": self.index_title,
            **dashboard.overview(request),
            **(extra_context or {}),
        }
        request.current_app = self.name
        return TemplateResponse(request, "admin/index.html", context)

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Apps are a matter of the code; to people the groups of the first page are what counts."""
        return self.index(request, extra_context)
