"""OAuth of the organisation: consent page, token endpoint, revocation, introspection, user info (Salesforce help,
"OAuth 2.0 Endpoints"; texts of errors as public clients report them).

Strict where Salesforce is: the redirect address must be one of those entered in the app, PKCE must fit, a code works
once, JWTs are verified, client credentials work at the My Domain only. There is no `expires_in`."""

from __future__ import annotations

import base64
import hmac
import json
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_pem_x509_certificate
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from .. import pages
from ..basic import decoded
from . import errors, schema, seed, tokens
from .store import Row

if TYPE_CHECKING:
    from . import Salesforce

SCOPES = "refresh_token full api"
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
CALLBACKS = ("/admin/salesforcecallback.html", "/admin/integrations/oauth/callback/")
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXPIRED = "expired access/refresh token"


async def form_of(request: Request) -> dict[str, str]:
    """Parameters count in a form body only."""
    if "x-www-form-urlencoded" not in request.headers.get("content-type", ""):
        return {}
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace")))


def credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """The client's key and secret, from a Basic header or the form."""
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        key, _, secret = decoded(coded).partition(":")
        return key, secret
    return form.get("client_id", ""), form.get("client_secret", "")


# -- the token endpoint


async def token(simulator: Salesforce, request: Request) -> Response:
    form = await form_of(request)
    simulator.counts["token_requests"] += 1
    grant = GRANTS.get(form.get("grant_type", ""))
    if grant is None:
        return errors.token("unsupported_grant_type", "grant type not supported")
    if form.get("grant_type") != JWT_BEARER:
        refusal = client_refused(simulator, *credentials(request, form))
        if refusal:
            return refusal
    return grant(simulator, request, form)


def client_refused(simulator: Salesforce, key: str, secret: str) -> Response | None:
    if not hmac.compare_digest(key.encode(), simulator.settings["consumer_key"].encode()):
        return errors.token("invalid_client_id", "client identifier invalid")
    if not hmac.compare_digest(secret.encode(), simulator.settings["consumer_secret"].encode()):
        return errors.token("invalid_client", "invalid client credentials")
    return None


def code_grant(simulator: Salesforce, request: Request, form: dict[str, str]) -> Response:
    code = simulator.tokens.take_code(form.get("code", ""))
    if code is None:
        return errors.token("invalid_grant", "invalid authorization code")
    if time.time() > code.expires:
        return errors.token("invalid_grant", "expired authorization code")
    if code.redirect_uri != form.get("redirect_uri"):
        return errors.token("redirect_uri_mismatch", "redirect_uri must match configuration")
    if code.challenge and code.challenge != tokens.s256(form.get("code_verifier", "")):
        return errors.token("invalid_grant", "invalid code verifier")
    refreshable = "refresh_token" in code.scope or "offline_access" in code.scope
    made = simulator.tokens.grant(code.user_id, code.scope, refreshable=refreshable)
    return answer(simulator, request, made, refresh=made.refresh)


def refresh_grant(simulator: Salesforce, request: Request, form: dict[str, str]) -> Response:
    simulator.counts["token_refreshes"] += 1
    old = form.get("refresh_token", "")
    found = simulator.tokens.refreshed(old, simulator.settings)
    if found is None:
        return errors.token("invalid_grant", EXPIRED)
    return answer(simulator, request, found, refresh=found.refresh if found.refresh != old else "")


def client_credentials_grant(simulator: Salesforce, request: Request, form: dict[str, str]) -> Response:
    if not simulator.settings["client_credentials_flow"]:
        return errors.token("unsupported_grant_type", "grant type not supported")
    if not simulator.settings["my_domain"]:
        return errors.token("invalid_grant", "request not supported on this domain")
    user = seed.user(simulator.store, simulator.settings["run_as_user"])
    if user is None:
        return errors.token("invalid_grant", "no client credentials user enabled")
    return answer(simulator, request, simulator.tokens.grant(user["Id"], "api", refreshable=False))


def jwt_grant(simulator: Salesforce, request: Request, form: dict[str, str]) -> Response:
    claims = verified(form.get("assertion", ""), simulator.settings["certificate"])
    if claims is None:
        return errors.token("invalid_grant", "invalid assertion")
    if claims.get("iss") != simulator.settings["consumer_key"]:
        return errors.token("invalid_client_id", "client identifier invalid")
    wanted = AUDIENCES[1] if simulator.settings["sandbox"] else AUDIENCES[0]
    if claims.get("aud") != wanted:
        return errors.token("invalid_grant", "audience is invalid")
    left = float(claims.get("exp") or 0) - time.time()
    if not 0 < left <= 300:
        return errors.token("invalid_grant", "assertion expired or lives too long")
    user = seed.user(simulator.store, str(claims.get("sub", "")))
    if user is None or user["Username"] not in simulator.settings["approved_users"]:
        return errors.token("invalid_grant", "user hasn't approved this consumer")
    return answer(simulator, request, simulator.tokens.grant(user["Id"], "api", refreshable=False))


GRANTS: dict[str, Callable[[Salesforce, Request, dict[str, str]], Response]] = {
    "authorization_code": code_grant,
    "refresh_token": refresh_grant,
    "client_credentials": client_credentials_grant,
    JWT_BEARER: jwt_grant,
}


def verified(assertion: str, certificate: str) -> dict[str, Any] | None:
    """The claims, where the app's certificate confirms the signature."""
    try:
        head, body, signature = assertion.split(".")
        if json.loads(uncoded(head))["alg"] != "RS256":
            return None
        public_key(certificate).verify(
            uncoded(signature), f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256()
        )
        claims = json.loads(uncoded(body))
    except (ValueError, KeyError, TypeError, InvalidSignature):
        return None
    return claims if isinstance(claims, dict) else None


def public_key(text: str) -> rsa.RSAPublicKey:
    if "BEGIN CERTIFICATE" in text:
        key = load_pem_x509_certificate(text.encode()).public_key()
    else:
        key = serialization.load_pem_public_key(text.encode())  # type: ignore[assignment]
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("not RSA")
    return key


def uncoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def answer(simulator: Salesforce, request: Request, grant: tokens.Grant, *, refresh: str = "") -> Response:
    """The success body: keys as Salesforce writes them, `issued_at` a text of milliseconds, no `expires_in`."""
    base = simulator.origin(request)
    body = {
        "access_token": simulator.tokens.access(grant, simulator.settings["session_seconds"]),
        "signature": base64.b64encode(b"unsigned by the simulator").decode(),
        "scope": grant.scope,
        "instance_url": simulator.settings["instance_url"] or base,
        "id": f"{base}/id/{seed.ORGANISATION}/{grant.user_id}",
        "token_type": "Bearer",
        "issued_at": str(int(time.time() * 1000)),
    }
    return JSONResponse(
        {**body, **({"refresh_token": refresh} if refresh else {})}, headers={"Cache-Control": "no-store"}
    )


# -- the other endpoints


async def revoke(simulator: Salesforce, request: Request) -> Response:
    form = await form_of(request)
    if simulator.tokens.end(form.get("token") or request.query_params.get("token", "")):
        return Response(status_code=200)
    return errors.token("invalid_token", "invalid token")


async def introspect(simulator: Salesforce, request: Request) -> Response:
    form = await form_of(request)
    refusal = client_refused(simulator, *credentials(request, form))
    if refusal:
        return refusal
    value = form.get("token", "")
    grant = next((g for g in simulator.tokens.grants if value and (value == g.refresh or value in g.access)), None)
    if grant is None or (value in grant.access and grant.access[value] < time.time()):
        return JSONResponse({"active": False})
    user = simulator.store.get(schema.ENTITIES["User"], grant.user_id) or {}
    told = {"active": True, "scope": grant.scope, "client_id": simulator.settings["consumer_key"]}
    return JSONResponse({**told, "username": user.get("Username"), "sub": grant.user_id, "token_type": "access_token"})


async def userinfo(simulator: Salesforce, request: Request) -> Response:
    """Who the token stands for; a bad token is refused in plain text here."""
    user = simulator.user(request)
    if user is None:
        return Response("Bad_OAuth_Token", 403, media_type="text/plain")
    base = simulator.origin(request)
    return JSONResponse(
        {
            "sub": f"{base}/id/{seed.ORGANISATION}/{user['Id']}",
            "user_id": user["Id"],
            "organization_id": seed.ORGANISATION,
            "preferred_username": user["Username"],
            "name": user["Name"],
            "email": user["Email"],
            "user_type": "STANDARD",
            "active": user["IsActive"],
            "urls": {"rest": f"{base}/services/data/v{{version}}/"},
        }
    )


async def identity(simulator: Salesforce, request: Request) -> Response:
    """The identity URL, which has other names for the same than userinfo (help, "Identity URLs")."""
    user = simulator.user(request)
    if user is None:
        return Response("Bad_OAuth_Token", 403, media_type="text/plain")
    base = simulator.origin(request)
    return JSONResponse(
        {
            "id": f"{base}/id/{seed.ORGANISATION}/{user['Id']}",
            "user_id": user["Id"],
            "organization_id": seed.ORGANISATION,
            "username": user["Username"],
            "display_name": user["Name"],
            "email": user["Email"],
            "user_type": "STANDARD",
            "active": user["IsActive"],
            "urls": {"rest": f"{base}/services/data/v{{version}}/"},
        }
    )


# -- the consent page


async def authorize(simulator: Salesforce, request: Request) -> Response:
    problem = authorize_problem(simulator, request)
    if problem:
        name, _, description = problem.partition(": ")
        return pages.render(
            request, "salesforce/oauth_error.html", status=400, simulator=simulator, error=name,
            description=description, callbacks=simulator.callbacks(),
        )  # fmt: skip
    if request.method == "POST":
        return await decide(simulator, request)
    scopes = request.query_params.get("scope", SCOPES).split()
    return pages.render(
        request, "salesforce/oauth_allow.html", simulator=simulator, users=users(simulator), scopes=scopes,
        chosen=seed.INTEGRATION_USER,
    )  # fmt: skip


def users(simulator: Salesforce) -> list[Row]:
    return [row for row in simulator.store.of(schema.ENTITIES["User"]) if row["IsActive"]]


def authorize_problem(simulator: Salesforce, request: Request) -> str:
    asked = request.query_params
    if asked.get("client_id") != simulator.settings["consumer_key"]:
        return "invalid_client_id: client identifier invalid"
    if asked.get("redirect_uri") not in simulator.callbacks():
        return "redirect_uri_mismatch: redirect_uri must match configuration"
    if asked.get("response_type") != "code":
        return "unsupported_response_type: response type not supported"
    challenge = asked.get("code_challenge", "")
    if challenge and not tokens.CHALLENGE.fullmatch(challenge):
        return "invalid_request: invalid code challenge"
    if simulator.settings["pkce_required"] and not challenge:
        return "invalid_request: missing required code challenge"
    unknown = set(asked.get("scope", SCOPES).split()) - {
        "api",
        "full",
        "refresh_token",
        "offline_access",
        "id",
        "openid",
    }
    return f"invalid_scope: the requested scope is not allowed: {sorted(unknown)[0]}" if unknown else ""


async def decide(simulator: Salesforce, request: Request) -> Response:
    form, asked = await form_of(request), request.query_params
    user = seed.user(simulator.store, form.get("user", ""))
    told = {"state": asked["state"]} if asked.get("state") else {}
    if form.get("decision") == "allow" and user and user["IsActive"]:
        scope = asked.get("scope", SCOPES)
        told["code"] = simulator.tokens.new_code(
            user["Id"], asked["redirect_uri"], asked.get("code_challenge", ""), scope
        )
    else:
        told |= {"error": "access_denied", "error_description": "end-user denied authorization"}
    joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    return RedirectResponse(asked["redirect_uri"] + joint + urlencode(told, quote_via=quote), 302)


def callbacks_of(desktop_url: str, more: str) -> list[str]:
    """The callback addresses entered in the app: those of the demo's own desktop, and what the settings add."""
    return [desktop_url + path for path in CALLBACKS] + re.split(r"\s+", more.strip())
