"""The stored tokens of an account: how long they may be used, and how new ones are put in place of old ones.

A token belongs to the endpoint that issued it: after an account was pointed elsewhere, or switched between the vendor
and the simulator, the old token is not sent to the new place. Every new issue counts `generation` up and is stored in
one UPDATE that names the generation it replaces, so a slow process cannot overwrite what is newer."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from django.db.models import F
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from ..errors import AuthenticationFailed, Cause, IntegrationError, Stage
from ..fields import Sealed
from ..models import IntegrationAccount, OAuthToken
from ..wire import redaction

Grant = Literal["password", "authorization_code", "client_credentials", "jwt_bearer"]
UNATTENDED = ("client_credentials", "jwt_bearer")  # nobody logs in, and there is no refresh token
SKEW = timedelta(seconds=2)  # a token this close to its end may die on the way
UNKNOWN_LIFE = timedelta(minutes=30)  # how often a token is renewed whose vendor does not say how long it lives
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0


@dataclass(frozen=True, slots=True)
class OAuthConfig:
    """Where and how an account gets its tokens.

    `access_life` and `refresh_life` hold where the answer does not say; None means unknown. `margin` is how long before
    the end a token is renewed. `client_auth`: the client's secret in the form ("body") or in a Basic header.
    `redirect_uri`: where the vendor sends the browser back to; empty means our general callback. `keep` names further
    texts of the token answer that belong to the token (see `facts`). `assertion` makes the signed assertion of the
    "jwt_bearer" grant (RFC 7523).
    `own_form`: the whole form, where the vendor has a grant of its own that asks no person (IBM's API keys); `grant` is
    "client_credentials" then."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    grant: Grant | str
    authorize_url: str = ""
    revoke_url: str = ""
    scope: str = ""
    pkce: bool = True
    client_auth: Literal["body", "basic"] = "body"
    encoding: Literal["form", "json"] = "form"  # what the token endpoint reads
    wishes: dict[str, Any] = field(default_factory=dict)  # asked for besides, as how long the tokens shall live
    own_form: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    access_life: timedelta | None = None
    refresh_life: timedelta | None = None
    margin: timedelta = timedelta(minutes=2)
    redirect_uri: str = ""
    keep: tuple[str, ...] = ()
    assertion: Callable[[], str] | None = field(default=None, repr=False)

    @property
    def unattended(self) -> bool:
        """Whether a new token can be had at any time without a person and without a refresh token."""
        return self.grant in UNATTENDED

    @property
    def issuer(self) -> str:
        """Short mark of the endpoint (and of the key, in a form of the vendor's own), kept beside its tokens."""
        return hashlib.sha256(f"{self.token_url}{urlencode(self.own_form)}".encode()).hexdigest()[:16]


def row_of(account: IntegrationAccount) -> OAuthToken:
    """The account's row, freshly read, made where there is none. The account keeps it, as masking asks for it."""
    row = OAuthToken.objects.get_or_create(account=account)[0]
    row.account = account
    return row


def reread(row: OAuthToken) -> OAuthToken:
    return OAuthToken.objects.get(pk=row.pk)


@sensitive_variables()
def value_of(sealed: Sealed, config: OAuthConfig) -> str:
    """The token inside, empty when there is none or another endpoint issued it. Raises `SecretUnreadable`."""
    stored = sealed.reveal()
    if isinstance(stored, list):
        value, issuer = stored[:2]
        return str(value) if issuer == config.issuer else ""
    return str(stored or "")


@sensitive_variables()
def facts(row: OAuthToken, config: OAuthConfig) -> dict[str, str]:
    """What `config.keep` names of the answer that brought the access token: stored with it, gone with it.

    Empty for a token of another endpoint. Raises `SecretUnreadable`."""
    stored = row.access.reveal()
    if not isinstance(stored, list) or len(stored) < 3 or stored[1] != config.issuer:
        return {}
    return dict(json.loads(base64.b64decode(stored[2])))


def _facts_of(answer: dict[str, Any], config: OAuthConfig) -> str:
    """Coded, because every text in a sealed value counts as a secret and is masked wherever it shows."""
    found = {name: str(answer[name]) for name in config.keep if answer.get(name)}
    return base64.b64encode(json.dumps(found).encode()).decode()


@sensitive_variables()
def usable(row: OAuthToken, config: OAuthConfig, *, stale: str = "") -> str:
    """The access token when it can be sent now and is another one than `stale`, else empty."""
    if row.status != OAuthToken.Status.VALID or not _alive(row, timezone.now()):
        return ""
    value = value_of(row.access, config)
    return "" if value == stale else value


def _alive(row: OAuthToken, now: datetime) -> bool:
    if row.access_expires_at is None:
        return True
    # Where asking early brought the same token again, it is used to its very end.
    asked_already = row.next_attempt_at is not None and row.next_attempt_at >= row.access_expires_at
    return now < row.access_expires_at - (timedelta(0) if asked_already else _skew(row))


def _skew(row: OAuthToken) -> timedelta:
    """How long before its end a token is no longer sent; a short life must not be all skew, or every call renews."""
    if row.access_expires_at is None or row.obtained_at is None:
        return SKEW
    return min(SKEW, (row.access_expires_at - row.obtained_at) / 4)


@sensitive_variables()
def store(row: OAuthToken, config: OAuthConfig, answer: dict[str, Any], *, force: bool = False) -> bool:
    """Put newly issued tokens in place. False when the row holds newer ones meanwhile (never with `force`).

    `answer` is the vendor's: access_token, perhaps expires_in (seconds), perhaps refresh_token, and from some vendors
    refresh_token_expires_in; without a new refresh token the old one is kept (RFC 6749, section 6)."""
    now = timezone.now()
    # With a form of the vendor's own there is nothing to refresh; IBM writes "not_supported" in that place.
    access, refresh = str(answer["access_token"]), "" if config.own_form else str(answer.get("refresh_token") or "")
    before, kept = _values(row, config)
    life = _told(answer, "expires_in") or config.access_life
    expires = now + life if life else None
    changes: dict[str, Any] = {
        "status": OAuthToken.Status.VALID,
        "access": Sealed.of([access, config.issuer, _facts_of(answer, config)]),
        "access_expires_at": expires,
        "obtained_at": now,
        "next_attempt_at": expires if access == before and expires else now + _renew_after(life, config.margin),
        "refresh_used_at": now,
        "failures": 0,
        "last_error": "",
        "generation": F("generation") + 1,
    }
    if refresh and (refresh != kept or force):
        changes["refresh"] = Sealed.of([refresh, config.issuer])
        refresh_life = _told(answer, "refresh_token_expires_in") or config.refresh_life
        changes["refresh_expires_at"] = now + refresh_life if refresh_life else None
    elif force:
        changes |= {"refresh": Sealed(""), "refresh_expires_at": None}
    rows = OAuthToken.objects.filter(pk=row.pk)
    return bool((rows if force else rows.filter(generation=row.generation)).update(**changes))


@sensitive_variables()
def adopt(row: OAuthToken, config: OAuthConfig, refresh: str) -> None:
    """Put a refresh token that came from elsewhere in place of all tokens; the first use fetches an access token."""
    redaction.register(refresh)
    OAuthToken.objects.filter(pk=row.pk).update(
        status=OAuthToken.Status.VALID,
        access=Sealed(""),
        access_expires_at=None,
        refresh=Sealed.of([refresh, config.issuer]),
        refresh_expires_at=None,
        next_attempt_at=timezone.now(),
        failures=0,
        last_error="",
        generation=F("generation") + 1,
    )


def _values(row: OAuthToken, config: OAuthConfig) -> tuple[str, str]:
    from ..fields import SecretUnreadable

    try:
        return value_of(row.access, config), value_of(row.refresh, config)
    except SecretUnreadable:  # a new authorisation mends this
        return "", ""


def _told(answer: dict[str, Any], name: str) -> timedelta | None:
    """A life in seconds that the answer names; None where it does not."""
    seconds = answer.get(name)
    return timedelta(seconds=max(int(seconds), 1)) if seconds is not None else None


def _renew_after(life: timedelta | None, margin: timedelta) -> timedelta:
    """The margin before the end, but never in the first half of a life."""
    return max(life - margin, life / 2) if life else UNKNOWN_LIFE


def note_failure(row: OAuthToken, error: IntegrationError) -> None:
    """The vendor could not be asked. That is no revocation: the tokens stay, the next attempt comes after a pause."""
    pause = min(FIRST_PAUSE * 2 ** min(row.failures, 10), LONGEST_PAUSE)
    pause = max(pause, getattr(error, "retry_after", None) or 0.0)
    OAuthToken.objects.filter(pk=row.pk, generation=row.generation).update(
        failures=F("failures") + 1,
        next_attempt_at=timezone.now() + timedelta(seconds=pause),
        last_error=redaction.mask(str(error)),
    )


def note_refusal(row: OAuthToken, error: IntegrationError) -> bool:
    """The vendor takes our tokens no more. False when newer tokens were stored meanwhile: then nothing was refused."""
    return bool(
        OAuthToken.objects.filter(pk=row.pk, generation=row.generation).update(
            status=OAuthToken.Status.REFUSED,
            failures=F("failures") + 1,
            next_attempt_at=None,
            last_error=redaction.mask(str(error)),
        )
    )


def reconsider(account: IntegrationAccount) -> None:
    """Somebody changed the account or tests it: after a refusal one more attempt is worth while."""
    OAuthToken.objects.filter(account=account, status=OAuthToken.Status.REFUSED).update(next_attempt_at=timezone.now())


def refuse_when_hopeless(row: OAuthToken, config: OAuthConfig) -> None:
    """Raises `AuthenticationFailed` without asking the vendor, where the vendor's answer is known."""
    asks_a_person = not config.unattended
    if row.status == OAuthToken.Status.REFUSED and (
        row.next_attempt_at is None or row.next_attempt_at > timezone.now()
    ):
        raise AuthenticationFailed(
            row.last_error or "The vendor does not accept our tokens any more.",
            cause=Cause.REFRESH_REVOKED if asks_a_person else Cause.BAD_CREDENTIALS,
            stage=Stage.AUTHENTICATION,
        )
    if asks_a_person and not value_of(row.refresh, config):
        raise _not_authorised(row, config)


def never_authorised() -> AuthenticationFailed:
    return AuthenticationFailed(
        "This account has not been authorised yet: there is no token.",
        cause=Cause.NEVER_AUTHORISED,
        stage=Stage.AUTHENTICATION,
    )


def _not_authorised(row: OAuthToken, config: OAuthConfig) -> AuthenticationFailed:
    if row.status == OAuthToken.Status.NONE or not value_of(row.access, config):
        return never_authorised()
    return AuthenticationFailed(
        "The access token has ended, and the vendor gave no refresh token to renew it.",
        cause=Cause.REFRESH_REVOKED,
        stage=Stage.AUTHENTICATION,
    )


def erase(row: OAuthToken) -> None:
    OAuthToken.objects.filter(pk=row.pk).update(
        status=OAuthToken.Status.NONE,
        access=Sealed(""),
        refresh=Sealed(""),
        access_expires_at=None,
        refresh_expires_at=None,
        refresh_used_at=None,
        obtained_at=None,
        next_attempt_at=None,
        failures=0,
        last_error="",
        generation=F("generation") + 1,
    )
