"""Single sign-on at the desktop's door.

Identity providers refuse to be shown inside a frame, so a desktop in a host's page opens a window for them. That window
is a page of ours at its end, of the same origin as the frame but with other cookies (they are partitioned): it hands
the log-in over as a ticket, by a message that only our origin can receive. Where the identity provider's pages have cut
the two windows apart (Cross-Origin-Opener-Policy), the window becomes the desktop itself."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST

from contactcenter import agents
from contactcenter.errors import NotPossible
from contactcenter.models.agents import PhoneDevice
from contactcenter.sign_on import people
from contactcenter.sign_on.views import Door, our_metadata, path_within, refuse, send_off, take_answer, take_ticket
from integrations import sign_on as answers
from integrations.capabilities import SignOnRefused
from integrations.sign_on import Accepted

from . import hosts, views

DESKTOP = Door(people.DESKTOP, "agentdesktop:sign_on_", "agentdesktop:login", "agentdesktop:desktop")
HAND_OVER = "hand over to the frame"


def _openable(response: HttpResponse) -> HttpResponse:
    """Leave the window connected to the frame that opened it."""
    response["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return response


@require_GET
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """Out, from the log-in page or from its frame; the phone device comes along."""
    given = request.GET
    kept = {
        "next": path_within(DESKTOP, given.get("next", "")),
        "device": given.get("device", ""),
        "device_number": given.get("device_number", ""),
        "frame": bool(given.get("frame")),
    }
    return _openable(send_off(request, DESKTOP, **kept))


@csrf_exempt
@require_POST
@never_cache
def receive(request: HttpRequest) -> HttpResponse:
    return _openable(take_answer(request, DESKTOP))


@require_GET
@never_cache
def finish(request: HttpRequest) -> HttpResponse:
    try:
        accepted, kept = take_ticket(request, DESKTOP)
        if not kept.get("frame"):
            return _enter(request, accepted, kept, path_within(DESKTOP, str(kept.get("next", ""))))
        people.user_for(accepted)
    except SignOnRefused:
        return _openable(refuse(request, DESKTOP))
    context = {"ticket": answers.ticket_for(accepted, HAND_OVER), "csrf": get_token(request), **kept}
    return _openable(render(request, "agentdesktop/sign_on_done.html", context))


@csrf_exempt
@require_POST
@never_cache
@views.in_host
def claim(request: HttpRequest, host: hosts.Host | None) -> HttpResponseBase:
    """The frame, or the window itself, takes the log-in that was handed over."""
    response = csrf_protect(_claim)(request, host)
    return refuse(request, DESKTOP) if response.status_code == 403 else response


def _claim(request: HttpRequest, host: hosts.Host | None) -> HttpResponseBase:
    account = answers.account_for(DESKTOP.kind)
    try:
        if account is None:
            raise SignOnRefused("Single sign-on was switched off meanwhile.")
        accepted = answers.redeem(account, request.POST.get("ticket", ""), HAND_OVER)
        return _enter(request, accepted, request.POST, views.next_page(request, host), host)
    except SignOnRefused:
        return refuse(request, DESKTOP)


def _enter(
    request: HttpRequest, accepted: Accepted, chosen: Any, address: str, host: hosts.Host | None = None
) -> HttpResponse:
    """Begin to work. Raises `SignOnRefused`."""
    user = people.user_for(accepted)
    device = chosen.get("device") or ""
    try:
        agents.log_in(
            user.agent,
            device=device if device in PhoneDevice.values else PhoneDevice.SOFTPHONE,
            device_number=str(chosen.get("device_number") or "")[:40],
            host_account=views.account_of(host),
        )
    except NotPossible as refused:
        context = {"sentence": refused.sentence, "log_in_page": views.address("agentdesktop:login")}
        return render(request, "sign_on_refused.html", context, status=409)
    people.log_in(request, user, DESKTOP.kind)
    return HttpResponseRedirect(address)


@require_GET
def metadata(request: HttpRequest) -> HttpResponse:
    return our_metadata(DESKTOP)
