"""Agents and lists: the next person to call, one agent for each, and what came of the call.

A row is taken by a conditional UPDATE and held for some minutes; whoever does not dial by then gives it back. From the
moment of dialling it belongs to the call: when that has ended, `settle` writes the outcome, in the call's own
transaction."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from contactcenter import activities, desk
from contactcenter.errors import NotPossible
from contactcenter.models import Agent, CallingList, Disposition, Interaction, ListRow
from contactcenter.phone import normalise
from integrations.capabilities import CampaignResults, Crm, RecordRef
from integrations.errors import IntegrationError

from . import hours, results

HOLD = timedelta(minutes=5)
LATER = timedelta(minutes=15)
CANDIDATES = 20
State, Export = ListRow.State, ListRow.Export
ListResult = Disposition.ListResult
# While an export writes a row's outcome, nobody makes another one.
BEING_EXPORTED = (Export.SENDING, Export.WRITTEN)


def lists_of(agent: Agent) -> QuerySet[CallingList]:
    """The lists of the services that the agent works for."""
    return CallingList.objects.filter(enabled=True, service__enabled=True, service__agents=agent).order_by("name")


def overview(agent: Agent) -> dict[str, Any]:
    """What the desktop shows: the agent's lists with how many are left, and the row that is held."""
    left = Count("rows", filter=Q(rows__state=State.TO_CALL))
    held = held_by(agent)
    return {
        "lists": [
            {
                "id": each.pk, "name": each.name, "service": each.service.name, "left": each.left,
                "open": hours.is_open(each), "hours": hours.words(each),
            }
            for each in lists_of(agent).select_related("service").annotate(left=left)
        ],
        "row": row_view(held) if held else None,
    }  # fmt: skip


def held_by(agent: Agent) -> ListRow | None:
    held = ListRow.objects.filter(holder=agent, state=State.IN_USE, held_until__gt=timezone.now())
    return held.select_related("calling_list__account", "disposition").first()


def row_view(row: ListRow) -> dict[str, Any]:
    return {
        "id": row.pk,
        "list": row.calling_list_id,
        "listName": row.calling_list.name,
        "name": row.name,
        "number": normalise(row.e164).display,
        "columns": [{"name": name, "value": value} for name, value in row.columns.items()],
        "attempts": row.attempts,
        "last": results.outcome(row),
        "lastNotes": row.notes,
        "url": record_url(row),
        "heldUntil": row.held_until.isoformat() if row.held_until else None,
    }


def record_url(row: ListRow) -> str:
    """The page of the person's record; empty where there is none. Asks nobody."""
    account = row.calling_list.account
    if account is None or not row.record_id or not account.enabled:
        return ""
    try:
        provider = account.connect()
        return provider.record_url(RecordRef(row.record_kind, row.record_id)) if isinstance(provider, Crm) else ""
    except (IntegrationError, LookupError):
        return ""


# -- taking and giving back


def next_row(agent: Agent, list_id: int) -> ListRow:
    """The next person of the list, held for this agent. Raises `NotPossible` in words for the agent."""
    calling_list = lists_of(agent).filter(pk=list_id).first()
    if calling_list is None:
        raise NotPossible("This list is not yours any more. Choose another one.", "list")
    held = held_by(agent)
    if held is not None and held.calling_list_id == list_id:
        return held
    if not hours.is_open(calling_list):
        raise NotPossible(f"This list is called from {hours.words(calling_list)}. Choose another until then.", "list")
    _release(ListRow.objects.filter(holder=agent))
    expire()
    try:
        row = _take(agent, calling_list)
    except IntegrityError:  # the same agent, in another tab
        row = held_by(agent)
    if row is None:
        raise NotPossible(_why_nobody(calling_list), "list")
    return row


def _take(agent: Agent, calling_list: CallingList) -> ListRow | None:
    now = timezone.now()
    due = calling_list.rows.filter(state=State.TO_CALL, due_at__lte=now).exclude(export_state__in=BEING_EXPORTED)
    while pks := list(due.order_by("due_at", "id").values_list("pk", flat=True)[:CANDIDATES]):
        for pk in pks:
            with transaction.atomic():
                mine = due.filter(pk=pk).update(state=State.IN_USE, holder=agent, held_until=now + HOLD)
            if mine:
                return held_by(agent)
    return None


def _why_nobody(calling_list: CallingList) -> str:
    later = calling_list.rows.filter(state=State.TO_CALL).order_by("due_at").first()
    if later is not None and later.due_at > timezone.now():
        moment = later.due_at.astimezone(hours.zone_of(calling_list))
        return f"Nobody is to be called just now. The next one is due at {moment:%H:%M on %d %b}."
    in_use = calling_list.rows.filter(state=State.IN_USE).exists()
    return "The last ones are with other agents." if in_use else "Everybody on this list was called."


def give_back(agent: Agent) -> None:
    """Not now: the person comes up again some minutes later, for anybody."""
    mine = ListRow.objects.filter(holder=agent, state=State.IN_USE)
    mine.update(state=State.TO_CALL, holder=None, held_until=None, due_at=timezone.now() + LATER)


def expire(now: datetime | None = None) -> int:
    """Rows whose agent did not dial in time wait for anybody again. Called every second."""
    return _release(ListRow.objects.filter(state=State.IN_USE, held_until__lte=now or timezone.now()))


def _release(rows: QuerySet[ListRow]) -> int:
    return rows.filter(state=State.IN_USE, interaction=None).update(
        state=State.TO_CALL, holder=None, held_until=None
    )  # fmt: skip


# -- calling


@transaction.atomic
def dial(agent: Agent, row_id: int) -> Interaction:
    """Call the person of the held row; the call and the row belong together from now on."""
    row = held_by(agent)
    mine = ListRow.objects.filter(pk=row_id, holder=agent, state=State.IN_USE, held_until__gt=timezone.now())
    if row is None or not mine.update(held_until=None):
        raise NotPossible("This person was given back meanwhile. Press Next again.", "row")
    if not hours.is_open(row.calling_list):
        raise NotPossible(f"This list is called from {hours.words(row.calling_list)}.", "row")
    service = row.calling_list.service.code
    interaction = desk.dial(agent, row.e164, service, record=_record(row))
    ListRow.objects.filter(pk=row.pk).update(interaction=interaction, holder=None)
    return interaction


def _record(row: ListRow) -> dict[str, str] | None:
    account = row.calling_list.account
    if account is None or not row.record_id:
        return None
    return {
        "account": str(account.public_id), "kind": row.record_kind, "id": row.record_id, "title": row.name,
        "url": record_url(row),
    }  # fmt: skip


def settle(interaction: Interaction) -> None:
    """The call has ended: write down what came of it. Belongs into the transaction that ends it."""
    rows = ListRow.objects.filter(interaction=interaction, state=State.IN_USE)
    for row in rows.select_related("calling_list__account"):
        _settle(row, interaction)


def _settle(row: ListRow, interaction: Interaction) -> None:
    reached = interaction.answered_at is not None
    row.attempts += 1
    row.state = _state_after(row, _result_of(interaction, reached=reached))
    row.due_at = timezone.now() + timedelta(minutes=row.calling_list.retry_minutes)
    row.disposition, row.agent, row.notes = interaction.disposition, interaction.agent, interaction.notes
    row.reached, row.called_at = reached, interaction.answered_at or interaction.offered_at
    row.talk_seconds = activities.duration(interaction)
    row.result_id, row.export_error = "", ""
    row.export_state, row.export = Export.WAITING if _can_be_exported(row) else Export.NOTHING, None
    row.save()


def _result_of(interaction: Interaction, *, reached: bool) -> str:
    """Who was talked to and not judged is done: calling them again would be the worse mistake."""
    if interaction.disposition is not None:
        return interaction.disposition.list_result
    return ListResult.DONE if reached else ListResult.AGAIN


def _state_after(row: ListRow, result: str) -> str:
    if result == ListResult.DO_NOT_CALL:
        return State.DO_NOT_CALL
    again = result == ListResult.AGAIN and row.attempts < row.calling_list.most_attempts
    return State.TO_CALL if again else State.DONE


def _can_be_exported(row: ListRow) -> bool:
    """Whether there is a record to write to, in a system that takes results."""
    account = row.calling_list.account
    if account is None or not row.record_id:
        return False
    try:
        return issubclass(account.provider_class, CampaignResults)
    except LookupError:
        return False
