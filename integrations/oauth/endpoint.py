"""The vendor's token endpoint: one request, and what its answers mean (RFC 6749, sections 3.2 and 5).

oauthlib builds the forms and reads the answers; the request itself goes through our client, so that the address guard,
the time limits and the wire log hold here too."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlencode

import requests
from django.views.decorators.debug import sensitive_variables
from oauthlib.common import add_params_to_qs, urldecode
from oauthlib.oauth2 import BackendApplicationClient, LegacyApplicationClient, OAuth2Error, WebApplicationClient

from .. import deadlines
from ..answers import is_page
from ..basic_auth import basic
from ..errors import AuthenticationFailed, Cause, IntegrationError, Rejected, Stage, Unavailable
from ..http import HttpClient, error_from_response
from ..models import OAuthToken
from ..wire import redaction
from . import tokens
from .tokens import OAuthConfig

if TYPE_CHECKING:
    from .access import OAuth2

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"  # RFC 7523, section 2.1
TIMEOUT = (5.0, 15.0)
WHOLE_SECONDS = 25.0  # below the lease of a renewal, however slowly the answer comes


# -- forms


@sensitive_variables()
def password_form(config: OAuthConfig, username: str, password: str) -> str:
    client = LegacyApplicationClient(config.client_id)
    scope = config.scope or None
    return str(client.prepare_request_body(username, password, scope=scope, **_client_options(config)))


@sensitive_variables()
def code_form(config: OAuthConfig, code: str, redirect_uri: str, verifier: str) -> str:
    client = WebApplicationClient(config.client_id)
    proof = verifier if config.pkce else None
    return str(
        client.prepare_request_body(
            code=code, redirect_uri=redirect_uri, code_verifier=proof, **_client_options(config)
        )
    )


@sensitive_variables()
def renewal_form(config: OAuthConfig, row: OAuthToken) -> str:
    """How this grant gets its next access token: the refresh token, the client's credentials once more, or a new
    assertion. Raises `IntegrationError` where the assertion cannot be made."""
    if config.assertion is not None:
        return urlencode({"grant_type": JWT_BEARER, "assertion": config.assertion()})
    if config.own_form:
        return urlencode(config.own_form)
    if config.grant == "client_credentials":
        client = BackendApplicationClient(config.client_id)
        return str(client.prepare_request_body(scope=config.scope or None, **_client_options(config)))
    refresh = tokens.value_of(row.refresh, config)
    return str(
        WebApplicationClient(config.client_id).prepare_refresh_body(refresh_token=refresh, **client_fields(config))
    )


def _client_options(config: OAuthConfig) -> dict[str, Any]:
    fields = client_fields(config)
    named = bool(fields.pop("client_id", ""))
    return {"include_client_id": named, **fields}


def client_fields(config: OAuthConfig) -> dict[str, str]:
    """The client's credentials for the form, where they go there."""
    if config.client_auth == "basic":
        return {}
    return {"client_id": config.client_id, **({"client_secret": config.client_secret} if config.client_secret else {})}


def client_header(config: OAuthConfig) -> dict[str, str]:
    """The client's credentials as a Basic header, each half form-encoded first (RFC 6749, section 2.3.1)."""
    if config.client_auth != "basic":
        return {}
    pair = f"{quote(config.client_id, safe='')}:{quote(config.client_secret, safe='')}"
    return {"Authorization": basic(pair)}


# -- the exchange


@sensitive_variables()
def ask(
    provider: "OAuth2", config: OAuthConfig, form: str, *, purpose: str, keep: Callable[[dict[str, Any]], object]
) -> dict[str, Any]:
    """One request to the token endpoint. `keep` gets the answer first of all. Raises `IntegrationError`."""
    answer: dict[str, Any] = {}

    def on_answer(response: requests.Response) -> None:
        answer.update(_parsed(response))
        keep(answer)

    client = HttpClient(
        provider.account, base_url=config.token_url, interpret=lambda r: _token_answer(provider, r), timeout=TIMEOUT
    )
    content_type, body = _encoded(config, form)
    headers = {"Content-Type": content_type, **client_header(config)}
    with deadlines.within(WHOLE_SECONDS):
        client.post("", data=body, headers=headers, purpose=purpose, on_answer=on_answer)
    return answer


@sensitive_variables()
def _encoded(config: OAuthConfig, form: str) -> tuple[str, str]:
    """The request as this endpoint reads it: its content type and its body."""
    if config.encoding == "json":
        return "application/json", json.dumps({**dict(urldecode(form)), **config.wishes})
    return "application/x-www-form-urlencoded", add_params_to_qs(form, config.wishes)


def _token_answer(provider: "OAuth2", response: requests.Response) -> IntegrationError | None:
    if is_page(response):
        return provider.token_page(response)
    if response.status_code in (408, 429) or 300 <= response.status_code < 400 or response.status_code >= 500:
        return error_from_response(response)
    if response.status_code < 300 and _fields(response).get("access_token"):
        return None
    return provider.token_error(response)


@sensitive_variables()
def _parsed(response: requests.Response) -> dict[str, Any]:
    """The token answer as oauthlib reads it; all its texts are masked from here on."""
    try:
        # Without a scope to compare with: vendors answer with another one, and oauthlib would refuse that.
        found = dict(WebApplicationClient("").parse_request_body_response(response.text))
    except (OAuth2Error, ValueError, TypeError):
        raise Rejected(
            "The token endpoint's answer cannot be read.", cause=Cause.REMOTE_ERROR, status=response.status_code
        ) from None
    redaction.register(*(str(found.get(name) or "") for name in ("access_token", "refresh_token", "id_token")))
    return found


def standard_refusal(response: requests.Response) -> IntegrationError:
    fields = _fields(response)
    code, description = str(fields.get("error") or ""), str(fields.get("error_description") or "")
    details: dict[str, Any] = {"status": response.status_code, "vendor_code": code, "vendor_message": description}
    if code == "invalid_grant" and _grant_of(response) == "refresh_token":
        return AuthenticationFailed(
            "The vendor does not accept the refresh token any more.",
            cause=Cause.REFRESH_REVOKED, stage=Stage.AUTHENTICATION, **details,
        )  # fmt: skip
    if code in ("unsupported_grant_type", "invalid_scope"):
        return AuthenticationFailed(
            "The vendor has switched off this way to log in, or a scope that we ask for.",
            cause=Cause.API_DISABLED, stage=Stage.AUTHENTICATION, **details,
        )  # fmt: skip
    if code in ("temporarily_unavailable", "server_error"):
        return Unavailable("The vendor's token endpoint is not able to answer.", cause=Cause.REMOTE_ERROR, **details)
    if code:
        return AuthenticationFailed("The vendor did not accept the credentials.", stage=Stage.AUTHENTICATION, **details)
    return error_from_response(response) or Rejected(
        "The token endpoint answered without a token.", cause=Cause.REMOTE_ERROR, **details
    )


def _fields(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _grant_of(response: requests.Response) -> str:
    """The grant that was asked for, whether as a form or as JSON; empty where the request had none."""
    body = response.request.body or ""
    text = body.decode() if isinstance(body, bytes) else str(body)
    if text.startswith("{"):
        return str(json.loads(text).get("grant_type", ""))
    return parse_qs(text).get("grant_type", [""])[0]
