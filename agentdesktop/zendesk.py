"""The second page of the Zendesk app. The first is the desktop itself (`Zendesk.jsp`).

An app in Zendesk's top bar is loaded when it is first opened, and clicks on numbers reach an app's background page only
(developer.zendesk.com, "Top bar", "Talk Partner Edition"): so there is a background page."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from . import hosts, views


@require_GET
@never_cache
@views.in_host
def background(request: HttpRequest, host: hosts.Host | None, page: str) -> HttpResponseBase:
    """Nothing to see and nothing to know: no session is read, and only the account's help desk may hold it."""
    return render(request, "agentdesktop/zendesk_background.html")
