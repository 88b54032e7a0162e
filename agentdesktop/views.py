"""The desktop's pages, its overview and its commands. The stream of events is in `stream.py`."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import JavaScriptCatalog

from contactcenter import agents, desk, knowledge, messages
from contactcenter.chats import files
from contactcenter.chats.file_views import served
from contactcenter.errors import NotPossible
from contactcenter.lists import dialling
from contactcenter.models import Agent, AgentState
from contactcenter.sign_on.people import DESKTOP
from integrations import sign_on
from integrations.models import IntegrationAccount

from . import hosts
from .commands import COMMANDS, BadCommand
from .forms import DEVICES, NUMBERED, LoginForm

PAGES = {
    "": "agentdesktop:desktop",
    "ServiceNow.jsp": "agentdesktop:servicenow",
    "Oracle.jsp": "agentdesktop:oracle",
    "Zendesk.jsp": "agentdesktop:zendesk",
    "Salesforce.jsp": "agentdesktop:salesforce",
}
SESSION_SECONDS = 12 * 3600

View = Callable[..., HttpResponseBase]


# -- who is there


def agent_of(request: HttpRequest) -> Agent | None:
    """The agent who is logged in to this session, None for everybody else."""
    if not request.user.is_authenticated:
        return None
    related = ("user", "team", "reason", "next_reason", "host_account")
    return Agent.objects.select_related(*related).filter(user_id=request.user.pk).first()


def _fail(status: int, sentence: str, field: str | None = None) -> JsonResponse:
    return JsonResponse({"ok": False, "error": sentence, "field": field}, status=status)


def for_agent(view: View) -> View:
    """For the page's own requests: an agent's session and the page's token, else a sentence as JSON."""

    @csrf_exempt
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        agent = agent_of(request)
        if agent is None:
            return _fail(401, _("You are not logged in. Log in to the Agent Desktop again."))
        agents.seen(agent)
        response = csrf_protect(view)(request, agent, *args, **kwargs)
        if response.status_code == 403:
            return _fail(403, _("This page has been open too long. Reload it and try again."))
        return response

    return guarded


# -- pages


def address(name: str, **query: str) -> str:
    kept = {key: value for key, value in query.items() if value}
    return reverse(name) + (f"?{urlencode(kept)}" if kept else "")


def in_host(view: View) -> View:
    """Give the view the host that the address names, and its page the matching frame policy; refuse in words."""

    @wraps(view)
    def found(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            page = str(kwargs.get("page") or request.GET.get("page", ""))
            host = hosts.host_of(request, page)
        except hosts.HostRefused as refused:
            refusal = render(request, "agentdesktop/refused.html", {"refused": refused}, status=403)
            return hosts.readable_in(request, refusal, refused.origin)
        return hosts.framed(request, view(request, host, *args, **kwargs), host)

    return found


@require_GET
@never_cache
@in_host
def desktop(request: HttpRequest, host: hosts.Host | None, page: str = "") -> HttpResponseBase:
    """The agent's page; the log-in page for everybody who is not logged in as an agent."""
    agent = agent_of(request)
    frame = hosts.kept_query(request, host)
    entrance = address("agentdesktop:login", page=page, **frame)
    if agent is None or agent.state == AgentState.LOGGED_OUT:
        return HttpResponseRedirect(entrance)
    if host and agent.host_account_id != host.account_id:
        # The same session in another page: what the agent does from now on belongs to the page around it.
        agents.log_in(agent, device=agent.device, device_number=agent.device_number, host_account=account_of(host))
    config = {
        "agent": agent.pk,
        "host": host.public() if host else None,
        "page": address(PAGES[page], **frame),
        "login": entrance,
        "origin": f"{request.scheme}://{request.get_host()}",
        "csrf": get_token(request),
    }
    return render(request, "agentdesktop/desktop.html", {"config": config, "host": host})


@csrf_exempt
@never_cache
@in_host
def login(request: HttpRequest, host: hosts.Host | None) -> HttpResponseBase:
    """The log-in page. A page that was open too long, or a browser that drops our cookie, is told so in words."""
    agent = agent_of(request)
    if request.method != "POST":
        if agent is not None and agent.state != AgentState.LOGGED_OUT:
            return HttpResponseRedirect(next_page(request, host))
        return _login_page(request, host, LoginForm(request))
    response = csrf_protect(_log_in)(request, host)
    if response.status_code != 403:
        return response
    return _login_page(request, host, LoginForm(request), stale=True)


def _log_in(request: HttpRequest, host: hosts.Host | None) -> HttpResponseBase:
    form = LoginForm(request, request.POST)
    if not form.is_valid() or form.agent is None:
        return _login_page(request, host, form)
    chosen = form.cleaned_data
    try:
        agents.log_in(
            form.agent,
            device=chosen["device"],
            device_number=chosen["device_number"],
            host_account=account_of(host),
        )
    except NotPossible as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.sentence)
        return _login_page(request, host, form)
    auth.login(request, form.agent.user)
    request.session.set_expiry(SESSION_SECONDS)
    return HttpResponseRedirect(next_page(request, host))


def account_of(host: hosts.Host | None) -> IntegrationAccount | None:
    return IntegrationAccount.objects.get(pk=host.account_id) if host else None


def next_page(request: HttpRequest, host: hosts.Host | None) -> str:
    page = PAGES.get(request.GET.get("page", ""), PAGES[""])
    return address(page, **hosts.kept_query(request, host), **going_on(request.GET))


def going_on(query: QueryDict) -> dict[str, str]:
    """Where Zendesk sent the browser here to log in: what brings it back there, by way of the log-in page."""
    return {"zin": "true", "return_to": query.get("return_to", "")} if query.get("zin") else {}


def _login_page(
    request: HttpRequest, host: hosts.Host | None, form: LoginForm, *, stale: bool = False
) -> HttpResponseBase:
    context = {
        "form": form,
        "host": host,
        "stale": stale,
        "devices": DEVICES,
        "numbered": NUMBERED,
        "device": form["device"].value() or DEVICES[0][0],
        "reason": request.GET.get("reason", ""),
        "csrf": get_token(request),
        "alone": next_page(request, host),
        "sign_on": _sign_on(request, host),
        "for_zendesk": bool(going_on(request.GET)),
    }
    return render(request, "agentdesktop/login.html", context, status=400 if stale else 200)


def _sign_on(request: HttpRequest, host: hosts.Host | None) -> dict[str, str]:
    """What the button for single sign-on needs; empty while nobody is logged in that way."""
    account = sign_on.account_for(DESKTOP)
    if account is None:
        return {}
    query = {"page": request.GET.get("page", ""), **hosts.kept_query(request, host)}
    frame = "1" if host else ""
    return {
        "start": address("agentdesktop:sign_on_start", next=next_page(request, host), frame=frame),
        "claim": address("agentdesktop:sign_on_claim", **query),
        "log_out_there": sign_on.provider_of(account).logout_url,
    }


@require_GET
@never_cache
def cookie(request: HttpRequest) -> HttpResponseBase:
    """Whether the session cookie that the log-in page set came back: a browser may keep it away inside a frame."""
    return JsonResponse({"cookie": settings.DESKTOP_SESSION_COOKIE_NAME in request.COOKIES})


# -- the page's own requests


@require_POST
@for_agent
def logout(request: HttpRequest, agent: Agent) -> HttpResponseBase:
    """Log out; during a call the log-out waits until the work is done, and the session stays until then."""
    try:
        agents.log_out(agent)
    except NotPossible as refused:
        return _fail(409, refused.sentence, refused.field)
    later = agent.state != AgentState.LOGGED_OUT
    if not later:
        auth.logout(request)
    return JsonResponse({"ok": True, "later": later})


@require_GET
@for_agent
def overview(request: HttpRequest, agent: Agent) -> HttpResponseBase:
    return JsonResponse(desk.overview(agent))


@require_GET
@for_agent
def lists(request: HttpRequest, agent: Agent) -> HttpResponseBase:
    """The agent's calling lists, and the person who is before their eyes."""
    return JsonResponse(dialling.overview(agent))


@require_GET
@for_agent
def talk(request: HttpRequest, agent: Agent, login: str) -> HttpResponseBase:
    """What the agent and a colleague wrote to each other."""
    return JsonResponse({"messages": messages.between(agent, login)})


@require_GET
@for_agent
def find_topics(request: HttpRequest, agent: Agent) -> HttpResponseBase:
    """Topics of the knowledge base for `?q=`, and whose they are."""
    try:
        found = knowledge.search(request.GET.get("q", "")[:400])
    except NotPossible as refused:
        return _fail(409, refused.sentence, refused.field)
    articles = [{"id": each.id, "title": each.title, "text": each.text, "url": each.url} for each in found.articles]
    return JsonResponse({"articles": articles, "source": found.source, "note": found.note})


@require_GET
@never_cache
def chat_media(request: HttpRequest, message: int, number: int) -> HttpResponseBase:
    """A picture or file of a chat that the agent has at hand; else why there is none: a sentence in a tab of its own,
    JSON for the page."""
    agent = files.agent_of_pass(request.GET.get("pass", ""), message, number) or agent_of(request)
    try:
        if agent is not None:
            return served(files.for_agent(agent, message, number))
        status, sentence = 401, _("You are not logged in. Log in to the Agent Desktop again.")
    except NotPossible as refused:
        status, sentence = 409, refused.sentence
    if request.headers.get("Sec-Fetch-Mode") == "navigate":
        return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
    return _fail(status, sentence)


@require_POST
@for_agent
def add_picture(request: HttpRequest, agent: Agent, interaction: str) -> HttpResponseBase:
    """Take a picture that is about to be sent; answers its id, which goes with the command `say`."""
    given = request.FILES.get("picture")
    if given is None:
        return _fail(400, _("There is no picture in the request."), "picture")
    try:
        kept = files.upload(agent, interaction, given)
    except NotPossible as refused:
        return _fail(409, refused.sentence, refused.field)
    return JsonResponse({"ok": True, "picture": str(kept.public_id)})


@require_POST
@for_agent
def command(request: HttpRequest, agent: Agent, name: str) -> HttpResponseBase:
    """Carry out one command. 400: the page's fault, 404: no such command, 409: not possible now, each in words."""
    act = COMMANDS.get(name)
    if act is None:
        return _fail(404, _('There is no command "%(name)s".') % {"name": name})
    try:
        said = act(agent, _body(request))
    except BadCommand as bad:
        return _fail(400, bad.sentence, bad.field)
    except NotPossible as refused:
        return _fail(409, refused.sentence, refused.field)
    return JsonResponse({"ok": True, **({"text": said} if said else {})})


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        raise BadCommand(_("The command is not valid JSON.")) from None
    if not isinstance(body, dict):
        raise BadCommand(_("The command must be a JSON object."))
    return body


def events_need_asgi(request: HttpRequest) -> HttpResponse:
    """Reached only where `agentdesktop.stream` is not in front of Django, that is under WSGI."""
    return _fail(503, _("The event stream needs the ASGI application: start contactcenter.asgi with uvicorn."))


words = JavaScriptCatalog.as_view(packages=["agentdesktop"])
