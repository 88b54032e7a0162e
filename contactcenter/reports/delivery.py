"""Brings files to their targets: each by lease, tried again with growing pauses for a day, then told to a person.

Nothing is lost: a delivery is a row until it is delivered. Nothing is doubled: names are unique, and a file that is
there already with the same bytes counts as delivered, as after a crash between the renaming and the row."""

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from contactcenter.models import ReportDelivery, ReportRun, ReportTarget
from integrations import deadlines, leases
from integrations.diagnosis.advice import advice_for
from integrations.diagnosis.verdict import Advice, Passed, Verdict
from integrations.errors import AuthenticationFailed, IntegrationError, Rejected
from integrations.file_transfer import HostKeyUnknown
from integrations.http import cleansed

from .doors import door_of
from .layouts import guarded
from .runs import GIVE_UP_AFTER, look_of

logger = logging.getLogger(__name__)

LANE_SECONDS = 20.0
DELIVERY_SECONDS = 45.0
LEASE_SECONDS = 90.0  # above it, or a file would be on its way twice
FIRST_PAUSE, LONGEST_PAUSE = 60.0, 3600.0
REFUSED_PAUSE = 1800.0  # seconds; servers lock users who knock too often with a wrong password
State = ReportDelivery.State


def work(seconds: float = LANE_SECONDS) -> int:
    """Deliver what is due, for so long; returns how many files arrived."""
    deadline, delivered = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        delivery = waiting().select_related("file__run__report", "target__account", "target__report").first()
        if delivery is None:
            break
        owner = leases.claim(delivery, seconds=LEASE_SECONDS, where=Q(state=State.WAITING))
        delivered += bool(owner) and _deliver(delivery, owner)
    return delivered


def waiting() -> QuerySet[ReportDelivery]:
    """Deliveries that are due and that anybody may take."""
    due = Q(state=State.WAITING, due_at__lte=timezone.now(), target__enabled=True)
    return ReportDelivery.objects.filter(due, leases.free()).order_by("due_at", "id")


def _deliver(delivery: ReportDelivery, owner: str) -> bool:
    mine = ReportDelivery.objects.filter(pk=delivery.pk, lease_owner=owner)
    try:
        with deadlines.within(DELIVERY_SECONDS):
            words = door_of(delivery.target).put(delivery.file.name, content_for(delivery))
    except IntegrationError as error:
        mine.update(**_after(delivery, cleansed(error)), attempts=delivery.attempts + 1)
        return False
    except Exception:
        logger.exception("The delivery of %s broke off.", delivery.file.name)
        pause = pause_after(delivery.attempts)
        words = "The delivery itself broke off. The log of the worker says why."
        mine.update(**_waits(delivery, pause, words), attempts=delivery.attempts + 1)
        return False
    done = {"state": State.DELIVERED, "delivered_at": timezone.now(), "last_words": words}
    return bool(mine.update(**done, attempts=delivery.attempts + 1, lease_owner="", leased_until=None))


def content_for(delivery: ReportDelivery) -> bytes:
    """The file's bytes; for people, who open it with a spreadsheet, without formulas."""
    content = bytes(delivery.file.content or b"")
    if delivery.target.kind == ReportTarget.Kind.EMAIL:
        return guarded(content, look_of(delivery.file.run.layout))
    return content


def _after(delivery: ReportDelivery, error: IntegrationError) -> dict[str, object]:
    """What becomes of a delivery that failed: refused for good, or tried again later."""
    if isinstance(error, HostKeyUnknown):
        ReportTarget.objects.filter(pk=delivery.target_id).update(seen_host_key=error.key)
    if isinstance(error, Rejected):
        return {"state": State.STUCK, "last_words": str(error), "lease_owner": "", "leased_until": None}
    if isinstance(error, AuthenticationFailed):
        return _waits(delivery, REFUSED_PAUSE, str(error))
    wished = getattr(error, "retry_after", None) or 0.0
    return _waits(delivery, max(pause_after(delivery.attempts), wished), str(error))


def _waits(delivery: ReportDelivery, pause: float, words: str) -> dict[str, object]:
    due = timezone.now() + timedelta(seconds=pause)
    state = State.STUCK if due > delivery.give_up_at else State.WAITING
    return {"state": state, "due_at": due, "last_words": words, "lease_owner": "", "leased_until": None}


def pause_after(attempts: int) -> float:
    return min(FIRST_PAUSE * 2.0 ** min(attempts, 10), LONGEST_PAUSE)


def again(run: ReportRun) -> int:
    """Deliver the files of a run (again) to all its present targets, from now on for a day; returns how many deliveries
    that are. Files whose contents are gone stay as they are, and so does what is on its way."""
    now = timezone.now()
    fresh = {"due_at": now, "give_up_at": now + GIVE_UP_AFTER}
    files = run.files.filter(content__isnull=False).defer("content")
    targets = run.report.targets.filter(enabled=True)
    rows = [ReportDelivery(file=file, target=target, **fresh) for file in files for target in targets]
    ReportDelivery.objects.bulk_create(rows, ignore_conflicts=True)
    mine = ReportDelivery.objects.filter(file__in=files, target__in=targets).filter(leases.free())
    return mine.update(state=State.WAITING, attempts=0, **fresh)


def examine(target: ReportTarget) -> Verdict:
    """*Test delivery*: a small file goes all the way, and what fails is explained. Keeps the host key that was seen."""
    passed: list[Passed] = []
    try:
        with deadlines.within(settings.LEASE_SECONDS):
            door_of(target).test(passed)
    except IntegrationError as error:
        if isinstance(error, HostKeyUnknown):
            ReportTarget.objects.filter(pk=target.pk).update(seen_host_key=error.key)
        return explained(target, cleansed(error), tuple(passed))
    return Verdict(True, f"Files can be delivered: {target}.", passed=tuple(passed))


def explained(target: ReportTarget, error: IntegrationError, passed: tuple[Passed, ...]) -> Verdict:
    advice = _host_key_advice() if isinstance(error, HostKeyUnknown) else advice_for(error.cause, {})
    lines = [
        "Our contact centre software cannot deliver its reports to your server.", "", f"Server: {target.where}",
        f"Tried: {error.stage.value}", f"Result: {error}", "", advice.meaning, f"Please: {advice.next_step}",
    ]  # fmt: skip
    return Verdict(
        ok=False, message=error.message, stage=error.stage, cause=error.cause, came_back=error.vendor_message,
        meaning=advice.meaning, who=advice.who, next_step=advice.next_step, clicks=advice.clicks,
        forward="\n".join(lines), passed=passed,
    )  # fmt: skip


def _host_key_advice() -> Advice:
    return Advice(
        "A server proves by its host key who it is. Nobody has accepted this key: the server is new or was set up "
        "afresh, or somebody else answers in its place.",
        "you",
        "Ask whoever runs the server for the fingerprint, compare it letter by letter, and accept the key below.",
    )
