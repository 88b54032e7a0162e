"""What Zendesk needs of the desktop besides its page: the app's background page, and the two addresses of its single
sign-on (`/agentdesktop?zin=true`, `?zout=true`), as they are entered in Zendesk's Admin Center.

An app in Zendesk's top bar is loaded when it is first opened, and clicks on numbers reach an app's background page only
(developer.zendesk.com, "Top bar", "Talk Partner Edition"): so there is a background page."""

from contextlib import suppress
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib import auth
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from contactcenter import agents
from contactcenter.errors import NotPossible
from contactcenter.models import Agent, AgentState
from integrations.capabilities import PeopleDirectory, RemoteSignOn, SignOnForm, Visitor
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount

from . import hosts, views

LONGEST_MESSAGE = 300


class NotSignedOn(Exception):
    """Why the visitor is not sent on, in a sentence that says who acts."""


@require_GET
@never_cache
@views.in_host
def background(request: HttpRequest, host: hosts.Host | None, page: str) -> HttpResponseBase:
    """Nothing to see and nothing to know: no session is read, and only the account's help desk may hold it."""
    return render(request, "agentdesktop/zendesk_background.html")


def entrance(request: HttpRequest) -> HttpResponseBase:
    """The desktop, unless Zendesk sent the browser."""
    if request.GET.get("zin"):
        return zin(request)
    if request.GET.get("zout"):
        return zout(request)
    return views.desktop(request)


# -- in


@require_GET
@never_cache
def zin(request: HttpRequest) -> HttpResponseBase:
    """Log in here where needed, and go on to Zendesk with a signed statement, posted by the browser."""
    agent = views.agent_of(request)
    if agent is None or agent.state == AgentState.LOGGED_OUT:
        return HttpResponseRedirect(views.address("agentdesktop:login", **views.going_on(request.GET)))
    try:
        form = statement(agent, request.GET.get("return_to", ""))
    except NotSignedOn as refused:
        context = {"sentence": str(refused), "agent": agent}
        return render(request, "agentdesktop/zendesk_refused.html", context, status=403)
    page = render(request, "agentdesktop/zendesk_sign_on.html", {"form": form})
    # A browser checks where a form goes, and where it is sent on to: back to us, if Zendesk refuses.
    policy: Any = csp_replace({"form-action": [SELF, hosts.origin_of(form.url)]})
    response: HttpResponseBase = policy(lambda _request: page)(request)
    return response


def statement(agent: Agent, return_to: str) -> SignOnForm:
    """What the browser posts to Zendesk. Raises `NotSignedOn`."""
    account = account_for(return_to)
    user = agent.user
    if not user.email:
        raise NotSignedOn(
            _(
                "Your user here has no e-mail address, and Zendesk knows people by theirs. Ask your administrator to "
                "enter at Users the address that you have in Zendesk."
            )
        )
    provider = account.connect()
    if not isinstance(provider, RemoteSignOn) or is_stranger(provider, user.email):
        raise NotSignedOn(
            _(
                "Zendesk has no active agent with the address %(email)s. Ask your Zendesk administrator to add you as "
                "a team member with it, or your administrator here to correct your address."
            )
            % {"email": user.email}
        )
    visitor = Visitor(user.get_full_name() or user.get_username(), user.email, f"agent-{agent.pk}")
    return provider.sign_on(visitor, return_to)


def is_stranger(provider: Any, email: str) -> bool:
    """Whether Zendesk surely has no agent with this address: it would make a customer of the person. A help desk that
    cannot be asked decides for itself."""
    if not isinstance(provider, PeopleDirectory):
        return False
    with suppress(IntegrationError):
        return provider.find_agent(email=email, login="") is None
    return False


def account_for(return_to: str) -> IntegrationAccount:
    """The account of the help desk that sent the browser. Raises `NotSignedOn`: nobody is sent to a foreign address."""
    ready = [account for account in IntegrationAccount.objects.filter(enabled=True) if _signs_on(account)]
    if not ready:
        raise NotSignedOn(
            _(
                "Signing on to Zendesk is not set up here. Ask your administrator to enter the Shared secret in the "
                "Zendesk account (Integration accounts)."
            )
        )
    if return_to:
        ready = [account for account in ready if account.connect().takes_back(return_to)]
        if not ready:
            raise NotSignedOn(
                _(
                    "The page that sent you here wants to go on to an address that belongs to none of our Zendesk "
                    "accounts, so you stay here. Open your help desk by its own address. If it stays so, ask your "
                    "administrator to compare the account's URL with it."
                )
            )
    chosen = ready if len(ready) == 1 else [account for account in ready if account.is_default]
    if not chosen:
        raise NotSignedOn(
            _("There are several help desks, and the address does not say which. Open the one that you want first.")
        )
    return chosen[0]


def _signs_on(account: IntegrationAccount) -> bool:
    try:
        provider = account.connect()
    except LookupError:
        return False
    return isinstance(provider, RemoteSignOn) and provider.signs_on


# -- out


@require_GET
@never_cache
def zout(request: HttpRequest) -> HttpResponseBase:
    """Zendesk's log-out, or its refusal of a log-in (`kind=error`): a refusal logs nobody out, who may be on a call."""
    message = request.GET.get("message", "")[:LONGEST_MESSAGE]
    refused = request.GET.get("kind") == "error"
    outcome = "refused" if refused else _log_out(request)
    context = {"outcome": outcome, "message": message, "logged_in": views.agent_of(request) is not None}
    return render(request, "agentdesktop/zendesk_out.html", context)


def _log_out(request: HttpRequest) -> str:
    """ "out", "later" (after the present work), "nobody", or the sentence that says why not.

    Only where a person's browser came here: a picture's address in a foreign page logs nobody out."""
    agent = views.agent_of(request)
    if agent is None:
        return "nobody"
    if request.headers.get("Sec-Fetch-Dest", "document") != "document":
        return "nobody"
    try:
        agents.log_out(agent)
    except NotPossible as why:
        return why.sentence
    if agent.state != AgentState.LOGGED_OUT:
        return "later"
    auth.logout(request)
    return "out"
