"""How an account gets its first tokens: by user name and password, or by a person who allows it at the vendor. And how
it gives them up."""

import base64
import hashlib
import logging
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from requests_oauthlib import OAuth2Session

from ..diagnosis import health
from ..errors import IntegrationError, Rejected, Stage
from ..fields import Sealed, SecretUnreadable
from ..http import HttpClient
from ..models import IntegrationAccount, OAuthToken
from ..wire import redaction
from . import endpoint, tokens
from .tokens import OAuthConfig

if TYPE_CHECKING:
    from .access import OAuth2

logger = logging.getLogger(__name__)

CODE_FLOW_MINUTES = 10
CALLBACK_PATH = "/admin/integrations/oauth/callback/"


@sensitive_variables()
def obtain_with_password(provider: "OAuth2", username: str, password: str) -> OAuthToken:
    """Exchange user name and password for tokens; neither is kept.

    Raises `IntegrationError`; the old tokens stay then."""
    config = provider.oauth_config()
    form = endpoint.password_form(config, username, password)
    with redaction.temporarily(password):
        return _obtain(provider, config, form, "Fetch tokens with user name and password")


@sensitive_variables()
def start_code_flow(provider: "OAuth2") -> str:
    """The vendor's page where a person allows the access. What comes back is accepted once, for ten minutes."""
    config, row = provider.oauth_config(), tokens.row_of(provider.account)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    OAuthToken.objects.filter(pk=row.pk).update(
        pending_state=state,
        pending_verifier=Sealed.of(verifier),
        pending_until=timezone.now() + timedelta(minutes=CODE_FLOW_MINUTES),
    )
    session = OAuth2Session(config.client_id, redirect_uri=_redirect_uri(config), scope=config.scope or None)
    proof = {"code_challenge": _challenge(verifier), "code_challenge_method": "S256"} if config.pkce else {}
    return str(session.authorization_url(config.authorize_url, state=state, **proof)[0])


@sensitive_variables()
def finish_code_flow(state: str, code: str) -> IntegrationAccount:
    """Exchange the code that the browser brought back. Raises `Rejected` for a state that is unknown, old or used."""
    row = take_state(state)
    provider = row.account.connect()
    config = provider.oauth_config()
    verifier = str(row.pending_verifier.reveal())
    with redaction.temporarily(code):
        form = endpoint.code_form(config, code, _redirect_uri(config), verifier)
        _obtain(provider, config, form, "Fetch tokens with the authorisation code")
    return row.account


def take_state(state: str) -> OAuthToken:
    """The half-open authorisation with this state, which is closed by looking it up. Raises `Rejected`."""
    row = OAuthToken.objects.select_related("account").filter(pending_state=state).first() if state else None
    now = timezone.now()
    open_rows = OAuthToken.objects.filter(pending_state=state, pending_until__gt=now)
    if row is None or not open_rows.update(pending_state="", pending_until=None, pending_verifier=Sealed("")):
        raise Rejected(
            "This authorisation was not begun here, is older than ten minutes, or was used already. Press Authorise on "
            "the account again.",
            stage=Stage.AUTHENTICATION,
        )
    return row


def callback_url(path: str = CALLBACK_PATH) -> str:
    """Where vendors send the browser back to; to be registered at the vendor."""
    return str(settings.PUBLIC_URL) + path


def _redirect_uri(config: OAuthConfig) -> str:
    return config.redirect_uri or callback_url()


@sensitive_variables()
def adopt_refresh_token(provider: "OAuth2", name: str) -> None:
    """A refresh token that somebody entered as the secret `name` becomes the account's token.

    It is moved, not copied: where the vendor rotates, it must never be used again after its first use."""
    if not provider.account.secret(name):
        return
    config = provider.oauth_config()
    with transaction.atomic():
        account = IntegrationAccount.objects.select_for_update().get(pk=provider.account.pk)
        entered = account.secret(name)
        if entered:
            account.secrets = Sealed.of({k: v for k, v in account.secrets.reveal().items() if k != name})
            account.save(update_fields=["secrets"])
            tokens.adopt(tokens.row_of(account), config, entered)
    provider.account.secrets = account.secrets


@sensitive_variables()
def _obtain(provider: "OAuth2", config: OAuthConfig, form: str, purpose: str) -> OAuthToken:
    row = tokens.row_of(provider.account)
    endpoint.ask(provider, config, form, purpose=purpose, keep=lambda a: tokens.store(row, config, a, force=True))
    health.succeeded(provider.account)
    return tokens.reread(row)


@sensitive_variables()
def forget(provider: "OAuth2") -> None:
    """Delete the tokens here, and withdraw them at the vendor where that is possible."""
    config, row = provider.oauth_config(), tokens.row_of(provider.account)
    token = _readable(row, config)
    tokens.erase(row)
    if not config.unattended:
        health.needs_authorisation(provider.account, tokens.never_authorised())
    if not token or not config.revoke_url:
        return
    client = HttpClient(provider.account, base_url=config.revoke_url, timeout=endpoint.TIMEOUT)
    form, headers = {"token": token, **endpoint.client_fields(config)}, endpoint.client_header(config)
    try:
        client.post("", data=form, headers=headers, purpose="Withdraw token")
    except IntegrationError as error:
        logger.info('Account "%s": the vendor did not confirm the withdrawal of the token: %s', provider.account, error)


def _readable(row: OAuthToken, config: OAuthConfig) -> str:
    try:
        return tokens.value_of(row.refresh, config) or tokens.value_of(row.access, config)
    except SecretUnreadable:
        return ""


def _challenge(verifier: str) -> str:
    """PKCE, RFC 7636 section 4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
