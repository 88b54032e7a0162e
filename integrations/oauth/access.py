"""OAuth 2.0 for providers: tokens are renewed before they end, once.

With any number of threads, processes and workers a token is renewed once: whoever finds it ended claims the row by
lease, reads it again, asks the vendor, stores the answer before anything else, lets go. Everybody else waits a little
and reads the row. That matters doubly with vendors that rotate refresh tokens: using an old one there ends the whole
authorisation (RFC 9700, section 4.14).

The first tokens come from `authorisation`, the requests are in `endpoint`, the row in `tokens`."""

import logging
import time
from abc import ABC, abstractmethod
from typing import get_args

import requests
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from .. import deadlines, leases
from ..answers import error_from_response, page_error
from ..diagnosis import health
from ..errors import AuthenticationFailed, Cause, IntegrationError, Stage, Unavailable
from ..expiry.forecast import Forecast, forecast
from ..models import IntegrationAccount, OAuthToken
from . import endpoint, tokens
from .authorisation import (
    adopt_refresh_token,
    callback_url,
    finish_code_flow,
    forget,
    obtain_with_password,
    start_code_flow,
    take_state,
)
from .tokens import OAuthConfig, reconsider

__all__ = [
    "Forecast", "OAuth2", "OAuthConfig", "adopt_refresh_token", "bearer", "callback_url", "finish_code_flow",
    "forecast", "forget", "obtain_with_password", "reconsider", "refresh_due", "renew", "start_code_flow", "take_state",
]  # fmt: skip

logger = logging.getLogger(__name__)

GRANTS = get_args(tokens.Grant)
WAIT_SECONDS = 15.0
LEASE_SECONDS = 30.0  # above the time limit of the request under it, or two would renew at once
FIRST_SLEEP, LONGEST_SLEEP = 0.05, 0.5
# What a vendor says about us, not about the weather on the way.
REFUSALS = {Cause.BAD_CREDENTIALS, Cause.REFRESH_REVOKED, Cause.NEVER_AUTHORISED, Cause.TOKEN_EXPIRED}


class OAuth2(ABC):
    """Capability: signs requests with a bearer token. Stands before `Provider` in a provider's bases."""

    account: IntegrationAccount

    @abstractmethod
    def oauth_config(self) -> OAuthConfig:
        """Where and how this account gets its tokens."""

    def token_error(self, response: requests.Response) -> IntegrationError:
        """Why the token endpoint gave no token (RFC 6749, section 5.2). Vendors with words of their own override it."""
        return endpoint.standard_refusal(response)

    def token_page(self, response: requests.Response) -> IntegrationError:
        """What a web page at the token endpoint stands for. Vendors whose pages say more override it."""
        failed = error_from_response(response) if response.status_code >= 500 else None
        return failed or page_error(response)

    def authorise(self, request: requests.PreparedRequest) -> None:
        request.headers["Authorization"] = f"Bearer {bearer(self)}"

    def renew(self, response: requests.Response) -> bool:
        return renew(self, response)


# -- using tokens


@sensitive_variables()
def bearer(provider: OAuth2) -> str:
    """A living access token, renewed now if need be.

    Raises `AuthenticationFailed` (never authorised, refused) or `Unavailable` (the token endpoint is away)."""
    config, row = provider.oauth_config(), tokens.row_of(provider.account)
    return tokens.usable(row, config) or _renewed(provider, config, row)


@sensitive_variables()
def renew(provider: OAuth2, response: requests.Response) -> bool:
    """After a 401: True when there is another token than the one that was sent. Raises like `bearer`."""
    sent = str(response.request.headers.get("Authorization", "")).removeprefix("Bearer ")
    config, row = provider.oauth_config(), tokens.row_of(provider.account)
    fresh = tokens.usable(row, config, stale=sent) or _renewed(provider, config, row, stale=sent)
    return fresh != sent


@sensitive_variables()
def _renewed(provider: OAuth2, config: OAuthConfig, row: OAuthToken, *, stale: str = "") -> str:
    """Renew the token, or wait for whoever does."""
    seen, deadline, pause = row.failures, time.monotonic() + deadlines.left(WAIT_SECONDS), FIRST_SLEEP
    while True:
        tokens.refuse_when_hopeless(row, config)
        if owner := _claimed(row):
            return _as_owner(provider, config, row, owner, stale=stale)
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_SLEEP)
        row = tokens.reread(row)
        if fresh := tokens.usable(row, config, stale=stale):
            return fresh
        if row.failures > seen and row.status == OAuthToken.Status.VALID:
            raise Unavailable(f"No token: {row.last_error}", stage=Stage.AUTHENTICATION)
        if time.monotonic() > deadline:
            raise Unavailable(
                "No token: another process is renewing it and does not come to an end.",
                cause=Cause.TIMEOUT,
                stage=Stage.AUTHENTICATION,
            )


def _claimed(row: OAuthToken) -> str:
    """The lease, or nothing; a row that is visibly held is not written to."""
    held = row.leased_until is not None and row.leased_until > timezone.now()
    return "" if held else leases.claim(row, seconds=LEASE_SECONDS)


@sensitive_variables()
def _as_owner(provider: OAuth2, config: OAuthConfig, row: OAuthToken, owner: str, *, stale: str) -> str:
    """Under the lease: the row is read again first, because somebody may just have done the work."""
    try:
        row = tokens.reread(row)
        if fresh := tokens.usable(row, config, stale=stale):
            return fresh
        tokens.refuse_when_hopeless(row, config)
        return _renew_now(provider, config, row)
    finally:
        leases.release(row, owner)


@sensitive_variables()
def _renew_now(provider: OAuth2, config: OAuthConfig, row: OAuthToken) -> str:
    """Ask the vendor; whatever comes back is on the row before this returns or raises."""
    try:
        form = endpoint.renewal_form(config, row)
        answer = endpoint.ask(
            provider, config, form, purpose="Renew token", keep=lambda a: tokens.store(row, config, a)
        )
    except IntegrationError as error:
        if error.cause not in REFUSALS or not isinstance(error, AuthenticationFailed):
            tokens.note_failure(row, error)
            raise
        if tokens.note_refusal(row, error):
            _tell(provider.account, config, error)
            raise
        # Somebody authorised the account anew while we were asking with the old token.
        newer = tokens.usable(tokens.reread(row), config)
        if not newer:
            raise
        return newer
    return str(answer["access_token"])


def _tell(account: IntegrationAccount, config: OAuthConfig, error: IntegrationError) -> None:
    if config.unattended:
        health.failed(account, error)
    else:
        health.needs_authorisation(account, error)


# -- before they end


def refresh_due() -> int:
    """Renew every token whose time has come; returns how many were renewed. Two callers at once do no harm."""
    due = OAuthToken.objects.filter(
        leases.free(), status=OAuthToken.Status.VALID, next_attempt_at__lte=timezone.now(), account__enabled=True
    )
    return sum(_renew_if_due(row) for row in due.select_related("account").order_by("next_attempt_at"))


def _renew_if_due(row: OAuthToken) -> bool:
    """One row; whatever happens to it must not keep the others from being renewed."""
    owner = leases.claim(row, seconds=LEASE_SECONDS)
    if not owner:
        return False
    try:
        current = OAuthToken.objects.select_related("account").get(pk=row.pk)
        provider = current.account.connect()
        config = provider.oauth_config() if isinstance(provider, OAuth2) else None
        if config is None or config.grant not in GRANTS:
            OAuthToken.objects.filter(pk=row.pk).update(next_attempt_at=None)
        elif current.generation == row.generation:
            tokens.refuse_when_hopeless(current, config)
            _renew_now(provider, config, current)
            return True
    except IntegrationError:
        logger.debug("Not renewed; the row says why.")
    except Exception:
        OAuthToken.objects.filter(pk=row.pk).update(next_attempt_at=timezone.now() + tokens.UNKNOWN_LIFE)
        logger.exception('Account "%s": its token cannot be renewed.', row.account)
    finally:
        leases.release(row, owner)
    return False
