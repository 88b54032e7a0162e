"""Outbox entries in sentences: what each waits for, what is lost when it is dropped, what its attempts were."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from contactcenter.models import Breaker, OutboxEntry
from contactcenter.outbox import breakers, entries
from integrations import marks
from integrations.admin.verdicts import CAUSES
from integrations.models import ApiCall
from integrations.wire import redaction

Status, Operation = OutboxEntry.Status, OutboxEntry.Operation
OWN_CAUSES = {
    entries.DEPENDENCY: "Waits for its record",
    entries.UNKNOWN: "Nobody knows whether it was done",
    "not_configured": "The account cannot be used",
    "fault": "Fault in this software",
}
# The clocks of the log and of the attempt are the same, but a row is written a moment before or after.
LEEWAY = timedelta(milliseconds=50)


def cause_words(cause: str) -> str:
    return str(OWN_CAUSES.get(cause) or CAUSES.get(cause, cause))  # type: ignore[call-overload]


def record_kind(entry: OutboxEntry) -> str:
    """The vendor's name of the table that is written to, where the entry names it."""
    payload = entry.payload if isinstance(entry.payload, dict) else {}
    ref = payload.get("ref")
    return str(payload.get("kind") or (ref.get("kind") if isinstance(ref, dict) else "") or "")


def in_time(when: datetime) -> str:
    """ "in 40 s", or "now" where that is over."""
    left = when - timezone.now()
    return _("in %s") % marks.span(left) if left > timedelta(seconds=1) else _("now")


# -- what it waits for


def waits_for(entry: OutboxEntry, shut: Breaker | None, earlier: int | None) -> SafeString | str:
    """One sentence. `shut`: the account's breaker if it is open; `earlier`: an open entry that comes before it."""
    if entry.status == Status.DONE:
        return format_html(_("Nothing: it was done {}."), marks.moment(entry.done_at))
    if entry.status == Status.DROPPED:
        return format_html(_("Nothing: it was given up {}."), marks.moment(entry.done_at))
    if entry.status == Status.STUCK:
        return _waits_for_person(entry)
    if entries.is_busy(entry):
        return _("Nothing: it is being sent at this moment.")
    if earlier is not None:
        reason = f"{breakers.in_words(shut)} {next_try(shut)}" if shut else ""
        return format_html("{} {}", format_html(_("For {}, which comes before it."), entry_link(earlier)), reason)
    if not entry.account.enabled:
        return format_html(_("For the account {}, which is switched off."), entry.account.name)
    if shut is not None:
        return format_html("{} {}", breakers.in_words(shut), next_try(shut))
    return _waits_for_its_turn(entry)


def _waits_for_person(entry: OutboxEntry) -> SafeString | str:
    if entry.last_cause == entries.DEPENDENCY:
        return _("For an entry before it, whose record could not be made: that one needs a person.")
    return format_html("{} {}", _("For a person to decide."), entry.last_error[:300])


def _waits_for_its_turn(entry: OutboxEntry) -> SafeString | str:
    if entry.due_at <= timezone.now():
        return _("For a worker: it is due now.")
    if not entry.last_error:
        return format_html(_("For its turn {}."), in_time(entry.due_at))
    return format_html(_("For its next attempt {}. {}"), in_time(entry.due_at), entry.last_error[:300])


def next_try(shut: Breaker) -> str:
    if shut.leased_until and shut.leased_until > timezone.now():
        return _("It is being tried at this moment.")
    if shut.next_try_at is None:
        return ""
    words = _("As it asked, the next try is made %s.") if shut.told else _("Next try %s.")
    return words % in_time(shut.next_try_at)


def entry_link(pk: int) -> SafeString:
    return format_html(
        '<a href="{}">{}</a>', reverse("admin:contactcenter_outboxentry_change", args=[pk]), _("entry %d") % pk
    )


# -- what dropping it costs


def loss(entry: OutboxEntry, followers: int) -> str:
    """What will be missing at the CRM. `followers`: open entries about the record that this one would make."""
    name, kind = entry.account.name, record_kind(entry) or _("record")
    call = _("call %s") % entry.interaction.reference if entry.interaction else _("this work")
    if entry.last_cause == entries.UNKNOWN:
        return _("It may be in %s already; look there first. If it is not, it will never be there.") % name
    if entry.operation == Operation.CREATE:
        more = _(" With it go %d entries that are about that record.") % followers if followers else ""
        return _("No %(kind)s is made in %(name)s for %(call)s.%(more)s") % locals_of(name, kind, call, more)
    if entry.operation == Operation.ACTIVITY:
        return _("%(call)s will be missing in the history of the %(kind)s in %(name)s.") % {
            "call": capfirst(call), "kind": kind, "name": name,
        }  # fmt: skip
    if entry.operation == Operation.UPDATE:
        fields = ", ".join(entry.payload.get("fields", {})) or _("its fields")
        return _("The %(kind)s in %(name)s keeps its old values of: %(fields)s.") % {
            "kind": kind, "name": name, "fields": fields,
        }  # fmt: skip
    if entry.operation == Operation.DELETE:
        return _("The %(kind)s stays in %(name)s.") % {"kind": kind, "name": name}
    return _("The records in %(name)s are not linked.") % {"name": name}


def locals_of(name: str, kind: str, call: str, more: str) -> dict[str, str]:
    return {"name": name, "kind": kind, "call": call, "more": more}


# -- its attempts


@dataclass(frozen=True, slots=True)
class Attempt:
    at: datetime | None
    took: timedelta | None
    tone: str
    words: str
    text: str
    calls: list[ApiCall]


OUTCOMES = {"done": ("ok", "Done"), "failed": ("bad", "Failed"), "lost": ("warn", "No outcome")}


def attempts(entry: OutboxEntry, *, with_calls: bool) -> list[Attempt]:
    """Newest first, each with the exchanges that it made; one query."""
    lines = [line for line in entry.trail if isinstance(line, dict)]
    calls = _calls(entry, lines) if with_calls and lines else []
    return [_attempt(line, calls) for line in reversed(lines)]


def _attempt(line: dict[str, Any], calls: list[ApiCall]) -> Attempt:
    at, ended = _moment(line, "at"), _moment(line, "ended")
    tone, words = OUTCOMES.get(str(line.get("outcome")), ("neutral", ""))
    mine = [c for c in calls if at and ended and at - LEEWAY <= c.started_at <= ended + LEEWAY]
    cause = cause_words(str(line.get("cause") or ""))
    status = f"HTTP {line['status']}" if line.get("status") else ""
    words = " \N{MIDDLE DOT} ".join(part for part in (_(words), cause, status) if part)
    return Attempt(at, ended - at if at and ended else None, tone, words, str(line.get("text") or ""), mine)


def _calls(entry: OutboxEntry, lines: list[dict[str, Any]]) -> list[ApiCall]:
    first = _moment(lines[0], "at")
    if first is None or entry.interaction is None:
        return []
    mine = ApiCall.objects.filter(account=entry.account_id, interaction=str(entry.interaction.public_id))
    shown = mine.filter(started_at__gte=first - LEEWAY).only("method", "url", "status", "error", "started_at")
    return list(shown.order_by("id")[:200])


def _moment(line: dict[str, Any], name: str) -> datetime | None:
    return parse_datetime(str(line.get(name) or ""))


# -- what is written, without secrets


def masked(entry: OutboxEntry, value: Any) -> Any:
    return redaction.mask_json(value, entry.account.secret_values())
