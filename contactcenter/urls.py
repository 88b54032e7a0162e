"""Every address of the product. Each app knows its own."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from django.views.generic import RedirectView

from contactcenter.api.root import api
from contactcenter.automation import views as automation
from contactcenter.chats import file_views
from contactcenter.operations import views as operations
from contactcenter.recordings import views as recordings
from contactcenter.sign_on import views as sign_on
from integrations.views import workflow_trigger


def home(request: HttpRequest) -> HttpResponse:
    """Administrators to the admin, everybody else to the Agent Desktop, where agents log in."""
    user = getattr(request, "user", None)
    return redirect("admin:index" if user is not None and user.is_staff else "agentdesktop:desktop")


urlpatterns = [
    path("", home, name="home"),
    path("favicon.ico", RedirectView.as_view(url="/static/integrations/favicon.svg", permanent=True)),
    path("", include("integrations.urls")),
    path("admin/sso/login", sign_on.start, name="sign_on_admin_start"),
    path("admin/sso/redirect", sign_on.receive, name="sign_on_admin_receive"),
    path("admin/sso/finish", sign_on.finish, name="sign_on_admin_finish"),
    path("admin/sso/metadata", sign_on.metadata, name="sign_on_admin_metadata"),
    path("admin/", admin.site.urls),
    path("agentdesktop/", include("agentdesktop.urls")),
    path("api/v1/", api.urls),
    path("clientweb/api/v1/workflow-trigger", workflow_trigger, name="workflow_trigger"),
    path("clientweb/api/v1/workflow-events", automation.event_kinds, name="event_kinds"),
    path("clientweb/api/v1/workflow-events/<slug:kind>", automation.newest_events, name="newest_events"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("recordings/<uuid:public_id>", recordings.of_call, name="call_recording"),
    path("chat-media/<str:signed>/picture.<slug:ending>", file_views.picture, name="chat_picture"),
    path("healthz", operations.healthz, name="healthz"),
    path("readyz", operations.readyz, name="readyz"),
    path("metrics", operations.metrics, name="metrics"),
]
