"""Log-ins by an identity provider: what is sent out, what comes back, and that each of both counts once.

A request's id is signed by us, so nothing has to be stored for somebody who only opens the log-in page. An answer that
was accepted is a row of `InboundEvent`, unique in the database and therefore for all processes; the row is also the
record that the administrator reads. Who the identity is here, and what it may do, is decided by the upper app."""

import hashlib
import logging
import secrets
from dataclasses import asdict, dataclass
from typing import Any

from django.core import signing
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from . import webhooks
from .capabilities import Identity, SignOnRefused, SingleSignOn
from .fields import SecretUnreadable
from .models import InboundEvent, IntegrationAccount

logger = logging.getLogger(__name__)

REQUEST_SECONDS = 15 * 60  # how long somebody may take at the identity provider's log-in page
TICKET_SECONDS = 60
MOST_REASONS = 50
LOGIN, REQUEST, TICKET = "sign_on", "sign_on_request", "sign_on_ticket"
MARKS = (REQUEST, TICKET)  # rows that only remember that something was used


@dataclass(frozen=True, slots=True)
class Accepted:
    """A log-in that an identity provider vouches for, and the row that records it."""

    account: IntegrationAccount
    identity: Identity
    event: InboundEvent


def account_for(provider: str) -> IntegrationAccount | None:
    """The account of this kind if people are logged in by it now. Reads one row, asks nobody."""
    account = IntegrationAccount.objects.filter(provider=provider, enabled=True).first()
    try:
        return account if account is not None and provider_of(account).switched_on else None
    except (LookupError, ValidationError, ImproperlyConfigured, SecretUnreadable) as error:
        logger.warning('Account "%s" cannot be used for single sign-on: %s', account, error)
        return None


def provider_of(account: IntegrationAccount) -> SingleSignOn:
    """The account's provider. Raises `LookupError` where it is no identity provider."""
    provider = account.connect()
    if not isinstance(provider, SingleSignOn):
        raise LookupError(f'Account "{account.name}" is no identity provider.')
    return provider


# -- requests


def new_request_id(account: IntegrationAccount) -> str:
    """A fresh id, signed, usable as an XML ID (no colon, first a letter or an underscore)."""
    return _signer(account).sign(f"_{secrets.token_hex(16)}")


def check_request_id(account: IntegrationAccount, request_id: str) -> None:
    """Raises `SignOnRefused` for an id that this account did not give out, or not lately."""
    try:
        _signer(account).unsign(request_id, max_age=REQUEST_SECONDS)
    except signing.SignatureExpired:
        raise SignOnRefused("The request that is answered was made too long ago.") from None
    except signing.BadSignature:
        raise SignOnRefused("The answer belongs to no request of ours (InResponseTo).") from None


def _signer(account: IntegrationAccount) -> signing.TimestampSigner:
    return signing.TimestampSigner(sep=".", salt=f"sign-on-request:{account.public_id}")


# -- answers


def receive(account: IntegrationAccount, request: HttpRequest) -> Accepted:
    """Check an answer and record it. Raises `SignOnRefused` after recording why."""
    try:
        identity = provider_of(account).identity(request)
    except SignOnRefused as refused:
        note_refusal(account, str(refused))
        raise
    return Accepted(account, identity, InboundEvent.objects.get(account=account, key=_key(LOGIN, identity.answer_id)))


def use(account: IntegrationAccount, identity: Identity) -> None:
    """Record a checked answer, and its request, as used. Raises `SignOnRefused` when either was before."""
    if identity.request_id:
        _use_once(account, REQUEST, identity.request_id)
    _use_once(account, LOGIN, identity.answer_id, asdict(identity))


def _use_once(account: IntegrationAccount, kind: str, name: str, payload: dict[str, Any] | None = None) -> None:
    values = {"kind": kind, "payload": payload or {}, "processed_at": timezone.now()}
    try:
        with transaction.atomic():
            InboundEvent.objects.create(account=account, key=_key(kind, name), **values)
    except IntegrityError:
        raise SignOnRefused("This answer was used before: somebody sent it a second time.") from None


def _key(kind: str, name: str) -> str:
    return f"{kind}:{hashlib.sha256(name.encode()).hexdigest()}"


def note_refusal(account: IntegrationAccount, reason: str) -> None:
    """For the account page: one row per day and reason, counted. Reasons repeat what an answer says, and anybody can
    send one: after the first `MOST_REASONS` of a day the others share a row."""
    told = " ".join(reason.split())
    logger.warning('Account "%s": a log-in was refused: %s', account, told)
    today = account.inbound_events.filter(kind=webhooks.REFUSED, received_at__date=timezone.now().date())
    webhooks.note_refusal(account, told if today.count() < MOST_REASONS else "Many more answers, for many reasons.")


# -- from the address that the answer is posted to, on to the page that logs in


def ticket_for(accepted: Accepted, purpose: str) -> str:
    """The accepted log-in as a short text for one step within our own site; of no use for another purpose."""
    return signing.dumps(accepted.event.pk, salt=_ticket_salt(accepted.account, purpose))


def redeem(account: IntegrationAccount, ticket: str, purpose: str) -> Accepted:
    """What a ticket stands for, once and within a minute. Raises `SignOnRefused`."""
    try:
        number = signing.loads(ticket, salt=_ticket_salt(account, purpose), max_age=TICKET_SECONDS)
    except signing.BadSignature:
        raise SignOnRefused("The way back from the identity provider took too long, or was not ours.") from None
    event = InboundEvent.objects.filter(pk=number, account=account, kind=LOGIN).first()
    if event is None:
        raise SignOnRefused("The record of this log-in is gone.")
    _use_once(account, TICKET, f"{purpose}:{number}")
    identity = Identity(**{**event.payload, "groups": tuple(event.payload["groups"])})
    return Accepted(account, identity, event)


def _ticket_salt(account: IntegrationAccount, purpose: str) -> str:
    return f"sign-on-ticket:{purpose}:{account.public_id}"


def note_outcome(accepted: Accepted, reason: str = "") -> None:
    """Why somebody whom the identity provider vouched for was not let in; empty: they were."""
    accepted.event.error = reason
    accepted.event.save(update_fields=["error"])


def recent(account: IntegrationAccount, limit: int = 10) -> list[InboundEvent]:
    """Log-ins and refusals of an account, the newest first."""
    return list(account.inbound_events.filter(kind__in=(LOGIN, webhooks.REFUSED)).order_by("-id")[:limit])
