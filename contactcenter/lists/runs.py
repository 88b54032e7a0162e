"""How imports and exports go on: claimed by lease, brought on step by step, put off where a vendor asks for it.

A step is short, ends with everything stored, and can be done again. A worker that dies leaves a lease that runs out;
the sweep finds the run then, and the next worker goes on with the step that was not stored.

Reactions to a vendor: *Unavailable* waits 1, 2, 4 ... 60 seconds, then 5 minutes; *RateLimited* as told;
*AuthenticationFailed* a minute, because an administrator has to act; *Rejected* needs a person."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.db.models import Q
from django.utils import timezone

from contactcenter.crm_access import NotConfigured, note_health
from contactcenter.models import ListExport, ListImport, ListRun
from contactcenter.nudge import nudge
from contactcenter.outbox.delivery import AUTHENTICATION_CHECK, LONGEST_BACK_OFF, back_off
from integrations import deadlines, leases
from integrations.diagnosis import health
from integrations.errors import AuthenticationFailed, IntegrationError, RateLimited, Rejected
from integrations.fields import SecretUnreadable

logger = logging.getLogger(__name__)
R = TypeVar("R", bound=ListRun)
Status = ListRun.Status

TURN_SECONDS = 20.0  # how long one task goes on; then others get their turn
STEP_SECONDS = 90.0  # for one step with the vendor; an upload of some megabytes is the longest
LEASE_SECONDS = 110.0  # above it, or a step would be done twice at once
# A request whose answer did not come may still be under way at the vendor: nobody looks whether it was carried out
# before so many seconds.
SETTLING_SECONDS = 30.0
MOST_AT_ONCE = 3
MESSAGE_SECONDS = 5.0
NO_TROUBLE: dict[str, Any] = {"attempts": 0, "error": "", "cause": ""}
# What a step returns: seconds until the next one, None when the run is finished.
Step = Callable[[Any, str], float | None]


class Lost(Exception):
    """The run is not ours any more: stopped by a person, or the lease ran out."""


def send_due() -> int:
    """Hand runs that are due to workers; returns how many. Called every second."""
    return sum(_send_due(model) for model in (ListImport, ListExport))


def _send_due(model: type[ListRun]) -> int:
    runs = model._default_manager.filter(status=Status.OPEN)
    room = MOST_AT_ONCE - runs.filter(leased_until__gt=timezone.now()).count()
    due = runs.filter(leases.free(), due_at__lte=timezone.now()).order_by("due_at").values_list("pk", flat=True)
    found = list(due[: max(0, room)])
    for pk in found:
        send_soon(model, pk, expires=MESSAGE_SECONDS)
    return len(found)


def send_soon(model: type[ListRun], pk: int, *, expires: float | None = None) -> None:
    from contactcenter.tasks import work_on_list_export, work_on_list_import

    nudge(work_on_list_import if model is ListImport else work_on_list_export, pk, expires=expires)


def drive(run: R, step: Step, *, seconds: float = TURN_SECONDS) -> R:
    """Bring a run on for so long; returns it as it is then. Harmless while somebody else has it."""
    if run.due_at > timezone.now():
        return run
    owner = leases.claim(run, seconds=LEASE_SECONDS, where=Q(status=Status.OPEN))
    run.refresh_from_db()
    if not owner:
        return run
    try:
        _steps(run, owner, step, time.monotonic() + seconds)
    except Lost:
        logger.info("%s %s was stopped or taken over.", run._meta.verbose_name, run.pk)
    finally:
        leases.release(run, owner)
    run.refresh_from_db()
    if run.status == Status.OPEN and run.due_at <= timezone.now():
        send_soon(type(run), run.pk)
    return run


def _steps(run: ListRun, owner: str, step: Step, deadline: float) -> None:
    save(run, owner, started_at=run.started_at or timezone.now())
    while True:
        if not leases.extend(run, owner, seconds=LEASE_SECONDS):
            raise Lost
        wait = _one(run, owner, step)
        if wait is None:
            return
        if wait > 0:
            save(run, owner, due_at=timezone.now() + timedelta(seconds=wait))
            return
        if time.monotonic() > deadline:
            return


def _one(run: ListRun, owner: str, step: Step) -> float | None:
    """One step and the reaction to its failure; seconds until the next one, None at the end."""
    try:
        with deadlines.within(STEP_SECONDS):
            wait = step(run, owner)
    except IntegrationError as error:
        return _react(run, owner, error)
    except (NotConfigured, SecretUnreadable) as error:
        return _put_off(run, owner, AUTHENTICATION_CHECK, "not_configured", str(error))
    except Lost:
        raise
    except Exception as error:
        logger.exception("%s %s met a fault of ours.", run._meta.verbose_name, run.pk)
        text = f"A fault in this software: {type(error).__name__}. It is in the log; the work is tried again."
        return _put_off(run, owner, LONGEST_BACK_OFF, "fault", text)
    if wait is not None and (run.attempts or run.error):
        save(run, owner, **NO_TROUBLE)
    return wait


def _react(run: ListRun, owner: str, error: IntegrationError) -> float | None:
    account = run.calling_list.account  # type: ignore[attr-defined]
    if account is not None:
        note_health(account, error)
    if isinstance(error, Rejected):
        save(run, owner, status=Status.STUCK, error=str(error), cause=str(error.cause), finished_at=timezone.now())
        return None
    seconds: float = back_off(run.attempts + 1)
    if isinstance(error, RateLimited):
        seconds = error.retry_after
    elif isinstance(error, AuthenticationFailed):
        seconds = AUTHENTICATION_CHECK
    if error.maybe_done:
        seconds = max(seconds, SETTLING_SECONDS)
    return _put_off(run, owner, seconds, str(error.cause), str(error))


def _put_off(run: ListRun, owner: str, seconds: float, cause: str, text: str) -> float:
    save(run, owner, attempts=run.attempts + 1, error=text, cause=cause)
    return max(seconds, 0.1)


def save(run: ListRun, owner: str, **changes: Any) -> None:
    """Write under our lease, while nobody has stopped the run. Raises `Lost`."""
    mine = type(run)._default_manager.filter(pk=run.pk, lease_owner=owner, status=Status.OPEN)
    if not mine.update(moved_at=timezone.now(), **changes):
        raise Lost
    for name, value in changes.items():
        setattr(run, name, value)


def finish(run: ListRun, owner: str) -> None:
    save(run, owner, status=Status.DONE, finished_at=timezone.now(), **NO_TROUBLE)


def note_success(run: Any) -> None:
    if run.calling_list.account is not None:
        health.succeeded(run.calling_list.account)


# -- what a person decides


def stop(run: ListRun) -> bool:
    """Stop an open or stuck run, also while a worker is in the middle of a step: what it has not stored is not."""
    may = type(run)._default_manager.filter(pk=run.pk, status__in=(Status.OPEN, Status.STUCK, Status.DRAFT))
    return bool(may.update(status=Status.STOPPED, finished_at=timezone.now()))


def go_on(run: ListRun) -> bool:
    """Try a stuck run again from where it is, or one that waits at once."""
    may = type(run)._default_manager.filter(pk=run.pk, status__in=(Status.STUCK, Status.OPEN))
    done = may.update(
        status=Status.OPEN, due_at=timezone.now(), finished_at=None, **NO_TROUBLE
    )  # fmt: skip
    if done:
        send_soon(type(run), run.pk)
    return bool(done)
