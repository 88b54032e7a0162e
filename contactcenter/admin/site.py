"""The admin site: its titles, its navigation, and a first page that says what needs attention."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

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
