"""*Check all*: many accounts tested in the background.

The rows are the truth: a run is its results, and a result without an end is still to be tested. Workers claim one
account after the other by lease: a worker that dies loses at most the test it was in, which another one repeats. Only
one run is open at a time; whoever asks meanwhile joins it, and no account is tested twice at once."""

import logging
import time
from collections.abc import Iterable
from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from .. import deadlines, leases
from ..fields import SecretUnreadable
from ..models import CheckResult, CheckRun, IntegrationAccount
from ..providers import registry
from . import doctor
from .verdict import YOU

logger = logging.getLogger(__name__)

LANE_SECONDS = 20.0  # how long one task goes on; then others get their turn
TEST_SECONDS = 45.0  # for one account
LEASE_SECONDS = 55.0  # above it, or an account would be tested twice at once
MOST_AT_ONCE = 3  # a hundred silent vendors must not take every worker away from feeds and tokens
MOST_ATTEMPTS = 3  # a test that takes its worker down is not repeated for ever
KEPT = timedelta(days=14)


@transaction.atomic
def ask(accounts: Iterable[IntegrationAccount], by: str) -> CheckRun:
    """Have these accounts tested: in the run that is open, or in a new one.

    An account that waits in it already is left waiting; one that was tested in it is tested again."""
    run, _made = CheckRun.objects.get_or_create(open=True, defaults={"asked_by": by})
    wanted = {account.pk: account.health for account in accounts}
    rows = [CheckResult(run=run, account_id=pk, before=health) for pk, health in wanted.items()]
    finished = run.results.filter(finished_at__isnull=False, account__in=wanted)
    again = [CheckResult(pk=row.pk, before=wanted[row.account_id]) for row in finished]
    CheckResult.objects.bulk_update(again, ["before"], batch_size=500)
    finished.update(finished_at=None, ok=None, message="", who="", attempts=0)
    CheckResult.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    return run


def work(seconds: float = LANE_SECONDS) -> int:
    """Test what waits, for so long; returns how many were tested. Any number of callers at once do no harm."""
    deadline, tested = time.monotonic() + seconds, 0
    waiting = CheckResult.objects.filter(finished_at__isnull=True).select_related("account").order_by("id")
    while time.monotonic() < deadline and _is_room():
        row = waiting.filter(leases.free()).first()
        if row is None:
            break
        tested += _test(row)
    _close()
    return tested


def _is_room() -> bool:
    under_test = CheckResult.objects.filter(finished_at__isnull=True, leased_until__gt=timezone.now())
    return under_test.count() < MOST_AT_ONCE


def _test(row: CheckResult) -> bool:
    owner = leases.claim(row, seconds=LEASE_SECONDS, where=Q(finished_at__isnull=True))
    if not owner:
        return False
    mine = CheckResult.objects.filter(pk=row.pk, lease_owner=owner)
    mine.update(attempts=F("attempts") + 1)
    ok, message, who = _outcome(row.account) if row.attempts < MOST_ATTEMPTS else _given_up()
    mine.update(finished_at=timezone.now(), ok=ok, message=message[:2000], who=who, lease_owner="", leased_until=None)
    return True


def _outcome(account: IntegrationAccount) -> tuple[bool | None, str, str]:
    """Whether it works (None: not tested), the sentence, and who acts."""
    if not account.enabled:
        return None, "Disabled, so it calls nobody and was not tested.", ""
    if account.provider not in registry():
        return False, f'There is no provider "{account.provider}" in this version.', YOU
    try:
        with deadlines.within(TEST_SECONDS):
            verdict = doctor.examine(account.connect())
    except (SecretUnreadable, ImproperlyConfigured) as error:
        return False, str(error), YOU
    except Exception:
        logger.exception('Account "%s" could not be tested.', account)
        return False, "The test itself broke off. The log of the worker says why.", ""
    return verdict.ok, verdict.message, verdict.who


def _given_up() -> tuple[bool, str, str]:
    return False, "The test did not come to an end, three times. The log of the worker may say why.", ""


def _close() -> None:
    """End the run when nothing of it waits any more."""
    waiting = CheckResult.objects.filter(run=OuterRef("pk"), finished_at__isnull=True)
    CheckRun.objects.filter(~Exists(waiting), open=True).update(open=None, finished_at=timezone.now())


def prune() -> int:
    """Forget runs that ended long ago."""
    return CheckRun.objects.filter(open=None, finished_at__lt=timezone.now() - KEPT).delete()[0]
