"""The breaker of an account: while its vendor is known to be away, entries wait without each being tried.

It opens after three failures in a row that concern the whole account (unreachable, time-outs, server errors, asleep,
refused log-in), and at once when the vendor says that the account's calls are used up. While it is open, one try at a
time is let through, when the vendor said or after 5, 10, 20, 40 and then every 60 seconds; the first one that is
answered closes it. Live calls never are that try: they take their exits at once.

A time-out or a server error may be the fault of one record. So the second one about the same record counts for nothing,
and every try is made with another entry (`entries`). A refusal of one record is an answer, hence the opposite of a
failure. Every change is one conditional UPDATE: of many workers that see the same, one opens and one logs it."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import DateTimeField, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from integrations import leases
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Unavailable
from integrations.models import IntegrationAccount

from ..models import Breaker, OutboxEntry

logger = logging.getLogger(__name__)

THRESHOLD = 3
TRY_WAITS = (5, 10, 20, 40, 60)
# A log-in that is refused again and again may lock the vendor's user.
LOGIN_WAIT = 60
REFUSED_LOGIN = (
    Cause.BAD_CREDENTIALS, Cause.TOKEN_EXPIRED, Cause.REFRESH_REVOKED, Cause.NEVER_AUTHORISED, Cause.IP_RESTRICTED,
    Cause.API_DISABLED,
)  # fmt: skip
AWAY = (Cause.UNREACHABLE, Cause.ASLEEP, Cause.TLS_FAILED, Cause.WRONG_HOST, Cause.BLOCKED_ADDRESS)
# These may also be about one record only.
DOUBTFUL = (Cause.TIMEOUT, Cause.REMOTE_ERROR)


@dataclass(frozen=True, slots=True)
class Pass:
    """The right to call the vendor. `owner`: the lease of the one try while the breaker is open, else empty."""

    account: IntegrationAccount
    began: datetime
    owner: str = ""

    @property
    def is_try(self) -> bool:
        return bool(self.owner)


# -- who may call


def _open() -> Q:
    return Q(open_since__isnull=False)


def _of(account: IntegrationAccount) -> QuerySet[Breaker]:
    return Breaker.objects.filter(account_id=account.pk)


def find_open(account: IntegrationAccount) -> Breaker | None:
    """The breaker, if it is open."""
    return _of(account).filter(_open()).first()


def known(account: IntegrationAccount) -> Breaker | None:
    """`find_open` as of the moment at which the account was read, if its breaker was read with it; else it is asked
    for."""
    if not IntegrationAccount.breaker.is_cached(account):
        return find_open(account)
    row: Breaker | None = getattr(account, "breaker", None)
    return row if row is not None and row.open_since is not None else None


def admit(account: IntegrationAccount, *, seconds: float, live: bool = False) -> Pass | None:
    """The right to call the vendor now, for at most so many seconds; None where everybody has to wait.

    Live work is never the try of an open breaker. A pause that the vendor asked for while all is well holds back the
    background only: a person waits for a live call."""
    now = timezone.now()
    if live:
        return None if known(account) else Pass(account, now)
    row = _of(account).filter(_open() | Q(pause_until__gt=now)).first()
    if row is None:
        return Pass(account, now)
    if row.open_since is None:
        return None
    owner = leases.claim(row, seconds=seconds, where=_open() & Q(next_try_at__lte=now))
    return Pass(account, now, owner) if owner else None


def hand_back(given: Pass) -> None:
    """End a try that came to no verdict, so that the next one may begin. Harmless after a verdict."""
    if given.is_try:
        _of(given.account).filter(lease_owner=given.owner).update(lease_owner="", leased_until=None)


def closed_to_all(now: datetime) -> QuerySet[Breaker]:
    """Breakers of accounts to which nothing may be sent at this moment."""
    waits = _open() & (Q(next_try_at__gt=now) | ~leases.free(now))
    return Breaker.objects.filter(waits | Q(pause_until__gt=now))


def due_for_try(now: datetime) -> QuerySet[Breaker]:
    """Open breakers of enabled accounts whose next try is due and that nobody tries already."""
    return Breaker.objects.filter(_open(), leases.free(now), account__enabled=True, next_try_at__lte=now)


# -- what came of it


def concerns_account(error: IntegrationError) -> bool:
    """Whether a failure says that the vendor cannot be used at all for now."""
    if isinstance(error, RateLimited):
        return error.whole_account
    if isinstance(error, AuthenticationFailed):
        return error.cause in REFUSED_LOGIN
    return isinstance(error, Unavailable) and error.cause in (*AWAY, *DOUBTFUL)


def failed(given: Pass, error: IntegrationError, *, record: str = "") -> bool:
    """Note a failure of a call about this record; True while the breaker is open afterwards."""
    if not concerns_account(error):
        succeeded(given)
        return False
    Breaker.objects.get_or_create(account=given.account)
    if given.is_try:
        _try_failed(given, error)
    elif isinstance(error, RateLimited):
        _limited(given.account, error)
    else:
        _count(given.account, error, record)
    return find_open(given.account) is not None


def succeeded(given: Pass) -> bool:
    """The vendor answered; True where this closed the breaker. Answers to calls that began before it opened do not."""
    rows = _of(given.account)
    if not rows.filter(Q(open_since__isnull=False) | Q(failures__gt=0)).exists():
        return False  # as nearly always
    rows.filter(open_since__isnull=True, failures__gt=0).update(failures=0, failing_since=None, last_record="")
    began = rows.filter(_open())
    mine = began.filter(lease_owner=given.owner) if given.is_try else began.filter(open_since__lt=given.began)
    before = mine.first()
    if before is None or not mine.filter(open_since=before.open_since).update(
        failures=0, failing_since=None, last_record="", open_since=None, cause="", message="", tries=0,
        next_try_at=None, told=False, lease_owner="", leased_until=None,
    ):  # fmt: skip
        return False
    away = timezone.now() - (before.failing_since or before.open_since or given.began)
    logger.info('Account "%s" answers again after %d s: what waits is sent.', given.account, away.total_seconds())
    _release(given.account)
    return True


def _release(account: IntegrationAccount) -> None:
    """What waited because the account was away is due. Entries with a wait of their own keep it."""
    waiting = OutboxEntry.objects.filter(account=account, status="waiting", due_at__gt=timezone.now())
    waiting.filter(last_cause__in=(*AWAY, *DOUBTFUL, *REFUSED_LOGIN)).update(due_at=timezone.now())


def pause(account: IntegrationAccount, seconds: float) -> None:
    """The vendor asks that the next call waits so long, although all is well."""
    if seconds > 0:
        until = timezone.now() + timedelta(seconds=seconds)
        Breaker.objects.update_or_create(account=account, defaults={"pause_until": until})


def try_now(account: IntegrationAccount) -> bool:
    """A person does not want to wait for the next try; False where the breaker is closed."""
    return bool(_of(account).filter(_open()).update(next_try_at=timezone.now()))


# -- counting


def _count(account: IntegrationAccount, error: IntegrationError, record: str) -> None:
    closed = _of(account).filter(open_since__isnull=True)
    if error.cause in DOUBTFUL and record:
        closed = closed.exclude(last_record=record)
    closed.update(failures=F("failures") + 1, failing_since=_since(), last_record=record, **_told(error))
    _open_where(_of(account).filter(failures__gte=THRESHOLD), account, error)


def _limited(account: IntegrationAccount, error: RateLimited) -> None:
    """The vendor's own word opens it at once, and a longer word extends it."""
    if _open_where(_of(account), account, error):
        return
    until, told = _next_try(error, 0)
    _of(account).filter(_open(), leases.free(), next_try_at__lt=until).update(
        next_try_at=until, told=told, **_told(error)
    )


def _open_where(rows: QuerySet[Breaker], account: IntegrationAccount, error: IntegrationError) -> bool:
    """Open the breaker if it is one of these rows and closed. True for the one process that did it."""
    until, told = _next_try(error, 0)
    opened = rows.filter(open_since__isnull=True).update(
        open_since=timezone.now(), failing_since=_since(), tries=0, next_try_at=until,
        told=told, lease_owner="", leased_until=None, **_told(error),
    )  # fmt: skip
    if opened:
        logger.warning(
            'Account "%s": nothing more is sent until it answers again (%s). %s', account, error.cause, error
        )
    return bool(opened)


def _try_failed(given: Pass, error: IntegrationError) -> None:
    mine = _of(given.account).filter(lease_owner=given.owner)
    row = mine.first()
    if row is None:
        return
    until, told = _next_try(error, row.tries + 1)
    mine.update(
        tries=row.tries + 1, next_try_at=until, told=told, lease_owner="", leased_until=None, **_told(error)
    )  # fmt: skip


def _since() -> Coalesce:
    return Coalesce("failing_since", Value(timezone.now(), output_field=DateTimeField()))


def _told(error: IntegrationError) -> dict[str, str]:
    return {"cause": str(error.cause), "message": str(error)[:2000]}


def _next_try(error: IntegrationError, tries: int) -> tuple[datetime, bool]:
    """When the next try may be made after so many, and whether the vendor itself said so."""
    asked = getattr(error, "retry_after", None)
    own = LOGIN_WAIT if isinstance(error, AuthenticationFailed) else TRY_WAITS[min(tries, len(TRY_WAITS) - 1)]
    waits = own * settings.BACK_OFF_SCALE
    if asked is not None and (isinstance(error, RateLimited) or asked > waits):
        return timezone.now() + timedelta(seconds=asked), True
    return timezone.now() + timedelta(seconds=waits), False


# -- in words


def in_words(row: Breaker) -> str:
    """One sentence: since when, and how it shows. "ServiceNow has not answered since 10:42." """
    since = timezone.localtime(row.failing_since or row.open_since or timezone.now())
    name, at = row.account.name, f"{since:%H:%M}" if since.date() == timezone.localdate() else f"{since:%d %b, %H:%M}"
    if row.cause == Cause.RATE_LIMITED:
        return f"{name} has asked since {at} for fewer calls."
    if row.cause in REFUSED_LOGIN:
        return f"{name} has not let us in since {at}."
    if row.cause == Cause.REMOTE_ERROR:
        return f"{name} has answered with errors only since {at}."
    return f"{name} has not answered since {at}."
