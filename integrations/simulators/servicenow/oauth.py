"""The OAuth addresses: `/oauth_auth.do`, `/oauth_token.do`, `/oauth_revoke_token.do`."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from .. import pages
from ..basic import decoded
from . import errors, identity, tokens

if TYPE_CHECKING:
    from . import ServiceNow

FORM = "application/x-www-form-urlencoded"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


async def token(simulator: ServiceNow, request: Request) -> Response:
    """The form is read from the body only; a JSON body or parameters in the address count as nothing sent."""
    simulator.counts["token_requests"] += 1
    content_type = request.headers.get("content-type", "")
    if not content_type.startswith(FORM):
        simulator.warn(request, f"the token endpoint takes only {FORM}, not {content_type or 'nothing'}")
        return errors.token_refused()
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
    form = {**client_in_header(request), **form}
    grant = GRANTS.get(form.get("grant_type", ""))
    response = grant(simulator, form) if grant else None
    if response is None:
        return errors.token_refused()
    if form["grant_type"] == "refresh_token" and response.status_code == 200:
        simulator.counts["token_refreshes"] += 1
    return response


def client_in_header(request: Request) -> dict[str, str]:
    """The client may also name itself by HTTP Basic, as the vendor's own Python client does."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    client_id, _, secret = decoded(credentials).partition(":") if scheme.lower() == "basic" else ("", "", "")
    return {"client_id": client_id, "client_secret": secret} if client_id else {}


def client_of(form: dict[str, str]) -> str | None:
    """The client if its secret is right; a public client is one without a secret."""
    client_id = form.get("client_id", "")
    if client_id not in tokens.CLIENTS:
        return None
    secret = tokens.CLIENTS[client_id]
    if secret is None or hmac.compare_digest(secret.encode(), form.get("client_secret", "").encode()):
        return client_id
    return None


def password_grant(simulator: ServiceNow, form: dict[str, str]) -> Response | None:
    client_id = client_of(form)
    if not simulator.settings["password_grant"] or client_id is None:
        return None
    user = identity.check_password(simulator, form.get("username", ""), form.get("password", ""))
    # A user who may only call web services may not use this grant (ServiceNow docs, OAuth inbound).
    if user is None or user["web_service_access_only"] == "true":
        return None
    return issue(simulator, client_id, user["user_name"])


def refresh_grant(simulator: ServiceNow, form: dict[str, str]) -> Response | None:
    client_id = client_of(form)
    old = simulator.tokens.refreshable(form.get("refresh_token", ""), client_id) if client_id else None
    if old is None or client_id is None or identity.active_user(simulator, old.user_name) is None:
        return None
    if simulator.settings["rotate_refresh_tokens"]:
        simulator.tokens.revoke(old.value)
    return issue(simulator, client_id, old.user_name)


def code_grant(simulator: ServiceNow, form: dict[str, str]) -> Response | None:
    code = simulator.tokens.take_code(form.get("code", ""))
    if code is None or code.client_id != client_of(form) or code.redirect_uri != form.get("redirect_uri"):
        return None
    if code.challenge and code.challenge != tokens.s256(form.get("code_verifier", "")):
        return None
    return issue(simulator, code.client_id, code.user_name)


def client_credentials_grant(simulator: ServiceNow, form: dict[str, str]) -> Response | None:
    """Needs a property on the instance and, on the client's record, the user it acts as."""
    client_id = client_of(form)
    if not simulator.settings["client_credentials_grant"] or client_id is None or tokens.CLIENTS[client_id] is None:
        return None
    user = identity.active_user(simulator, simulator.settings["oauth_application_user"])
    if user is None:
        text = "No integration user (OAuth Application User) is configured for this client"
        return errors.token_refused("unauthorized_client", text)
    return issue(simulator, client_id, user["user_name"], with_refresh=False)


def issue(simulator: ServiceNow, client_id: str, user_name: str, *, with_refresh: bool = True) -> Response:
    return JSONResponse(simulator.tokens.answer(client_id, user_name, simulator.settings, with_refresh=with_refresh))


GRANTS = {
    "password": password_grant,
    "refresh_token": refresh_grant,
    "authorization_code": code_grant,
    "client_credentials": client_credentials_grant,
}


async def revoke(simulator: ServiceNow, request: Request) -> Response:
    """Needs no log-in; takes an access or a refresh token."""
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    simulator.tokens.revoke(request.query_params.get("token") or form.get("token", ""))
    return Response(status_code=200)


async def authorize(simulator: ServiceNow, request: Request) -> Response:
    problem = authorize_problem(simulator, request)
    if problem:
        return pages.render(request, "servicenow/oauth_error.html", status=400, problem=problem, simulator=simulator)
    if request.method == "POST":
        return await decide(simulator, request)
    users = [u for u in simulator.store.rows("sys_user") if u["user_password"] and u["active"] == "true"]
    return pages.render(request, "servicenow/oauth_allow.html", users=users, simulator=simulator)


def authorize_problem(simulator: ServiceNow, request: Request) -> str:
    asked = request.query_params
    client_id = asked.get("client_id", "")
    if asked.get("response_type") != "code" or client_id not in tokens.CLIENTS:
        return "Invalid client or response type"
    if not redirect_allowed(simulator, asked.get("redirect_uri", "")):
        return "Invalid redirect_uri"
    # Compulsory where the property glide.oauth.state.parameter.required is true, as on new instances.
    if simulator.settings["state_required"] and not asked.get("state"):
        return "Missing State parameter in request"
    if tokens.CLIENTS[client_id] is None and not asked.get("code_challenge"):
        return "A public client must use PKCE: code_challenge is missing"
    if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
        return "code_challenge_method must be S256"
    return ""


def redirect_allowed(simulator: ServiceNow, address: str) -> bool:
    target, desktop = urlsplit(address), urlsplit(simulator.surroundings.desktop_url)
    if target.scheme not in ("http", "https") or not target.netloc:
        return False
    return target.hostname in LOOPBACK or (target.scheme, target.netloc) == (desktop.scheme, desktop.netloc)


async def decide(simulator: ServiceNow, request: Request) -> Response:
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    asked = request.query_params
    user = identity.active_user(simulator, form.get("user", ""))
    answer: dict[str, str] = {"state": asked["state"]} if asked.get("state") else {}
    if form.get("decision") == "allow" and user:
        challenge = asked.get("code_challenge", "")
        answer["code"] = simulator.tokens.new_code(
            asked["client_id"], user["user_name"], asked["redirect_uri"], challenge
        )
    else:
        answer["error"] = "access_denied"
    joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    return RedirectResponse(f"{asked['redirect_uri']}{joint}{urlencode(answer)}", 302)
