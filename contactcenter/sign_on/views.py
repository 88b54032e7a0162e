"""The way through an identity provider, the same at both doors: out with a request, back with an answer, in.

The answer is posted from a foreign page, so the browser leaves our `SameSite=Lax` cookie out. It is therefore checked
and recorded without a session, and a redirect within our own site, where the cookie is there again, logs in: only the
browser that sent the request gets further. The browser is told nothing about a refusal; the account page has it all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from integrations import sign_on as answers
from integrations.capabilities import Identity, SignOnRefused
from integrations.models import IntegrationAccount
from integrations.sign_on import Accepted

from . import people

PENDING = "sign_on_requests"
MOST_PENDING = 5
FINISH = "finish"
View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Door:
    """One of the two places to log in: the kind of account, the addresses below `urls`, where one goes afterwards."""

    kind: str
    urls: str
    log_in_page: str
    home: str

    def address(self, name: str) -> str:
        return reverse(f"{self.urls}{name}")


ADMIN = Door(people.ADMIN, "sign_on_admin_", "admin:login", "admin:index")


def log_in_address(door: Door, **query: str) -> str:
    """Where the log-in page's button leads; empty while nobody is logged in this way."""
    if answers.account_for(door.kind) is None:
        return ""
    given = urlencode({name: value for name, value in query.items() if value})
    return door.address("start") + (f"?{given}" if given else "")


# -- out


def send_off(request: HttpRequest, door: Door, **kept: Any) -> HttpResponse:
    """To the identity provider; `kept` waits in the session for the way back. `next`: a path of ours to go on to."""
    account = answers.account_for(door.kind)
    if account is None:
        return refuse(request, door)
    request_id = answers.new_request_id(account)
    pending = {**request.session.get(PENDING, {}), request_id: kept}
    request.session[PENDING] = dict(list(pending.items())[-MOST_PENDING:])
    relay_state = str(kept.get("next", ""))
    return HttpResponseRedirect(answers.provider_of(account).login_url(relay_state, request_id=request_id))


# -- back


def take_answer(request: HttpRequest, door: Door) -> HttpResponse:
    account = answers.account_for(door.kind)
    if account is None:
        return refuse(request, door)
    try:
        accepted = answers.receive(account, request)
    except SignOnRefused:
        return refuse(request, door)
    ticket = answers.ticket_for(accepted, FINISH)
    return HttpResponseRedirect(f"{door.address('finish')}?{urlencode({'ticket': ticket})}")


# -- in


def take_ticket(request: HttpRequest, door: Door) -> tuple[Accepted, dict[str, Any]]:
    """The log-in of a ticket, and what was kept for it. Raises `SignOnRefused`, with the reason recorded."""
    account = answers.account_for(door.kind)
    if account is None:
        raise SignOnRefused("Single sign-on was switched off meanwhile.")
    try:
        accepted = answers.redeem(account, request.GET.get("ticket", ""), FINISH)
    except SignOnRefused as refused:
        answers.note_refusal(account, str(refused))
        raise
    try:
        return accepted, _kept(request, accepted.identity)
    except SignOnRefused as refused:
        answers.note_outcome(accepted, str(refused))
        raise


def _kept(request: HttpRequest, identity: Identity) -> dict[str, Any]:
    """What this browser's request left in the session. Nothing for a log-in that the identity provider began."""
    if not identity.request_id:
        return {"next": identity.relay_state}
    pending = dict(request.session.get(PENDING, {}))
    kept = pending.pop(identity.request_id, None)
    if kept is None:
        raise SignOnRefused("The request was made in another browser, or this one dropped our cookie meanwhile.")
    request.session[PENDING] = pending
    return dict(kept)


def path_within(door: Door, wanted: str) -> str:
    """A path of ours below the door's address; the door's first page for anything else that somebody asks for."""
    home = reverse(door.home)
    path = wanted.removeprefix(str(settings.PUBLIC_URL)) if wanted else ""
    plain = not any(odd in path.partition("?")[0] for odd in ("\\", "..", "//"))
    mine = path.startswith(home) and plain and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if mine else home


def refuse(request: HttpRequest, door: Door) -> HttpResponse:
    """The page of a log-in that did not work. The same words for every reason."""
    context = {"log_in_page": reverse(door.log_in_page)}
    response = render(request, "sign_on_refused.html", context, status=403)
    response["Cache-Control"] = "no-store"
    return response


def our_metadata(door: Door) -> HttpResponse:
    account = IntegrationAccount.objects.filter(provider=door.kind).first()
    if account is None:
        raise Http404
    data = answers.provider_of(account).metadata()
    return HttpResponse(data, content_type="application/samlmetadata+xml")


# -- the administration's door


@require_GET
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    return send_off(request, ADMIN, next=path_within(ADMIN, request.GET.get("next", "")))


@csrf_exempt
@require_POST
@never_cache
def receive(request: HttpRequest) -> HttpResponse:
    return take_answer(request, ADMIN)


@require_GET
@never_cache
def finish(request: HttpRequest) -> HttpResponse:
    try:
        accepted, kept = take_ticket(request, ADMIN)
        user = people.user_for(accepted)
    except SignOnRefused:
        return refuse(request, ADMIN)
    people.log_in(request, user, ADMIN.kind)
    return redirect(path_within(ADMIN, str(kept.get("next", ""))))


@require_GET
def metadata(request: HttpRequest) -> HttpResponse:
    return our_metadata(ADMIN)
