"""Agents and lists: one person for one agent, hours, giving back, and what the outcome of a call does to the row."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from contactcenter import desk, routing, telephony
from contactcenter.errors import NotPossible
from contactcenter.lists import dialling, hours
from contactcenter.models import CallingList, Interaction, ListRow
from tests.factories import (
    AccountFactory,
    AgentFactory,
    CallingListFactory,
    DispositionFactory,
    ListRowFactory,
    ServiceFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(plain: CallingList) -> list[ListRow]:
    return [ListRowFactory(calling_list=plain, name=name, columns={"City": "Rome"}) for name in ("Ann", "Ben")]


def talk(agent: Any, row: ListRow) -> Interaction:
    """Dial, be answered, hang up: after-call work."""
    interaction = dialling.dial(agent, row.pk)
    telephony.tick(timezone.now() + timedelta(seconds=5))
    interaction.refresh_from_db()
    assert interaction.state == "active"
    return desk.end(agent, str(interaction.public_id))


# -- taking


def test_next_gives_the_first_person_and_shows_what_the_list_knows(
    agent: Any, plain: CallingList, people: list[ListRow]
) -> None:
    row = dialling.next_row(agent, plain.pk)
    assert row.name == "Ann"
    shown = dialling.overview(agent)
    assert shown["lists"] == [
        {"id": plain.pk, "name": "From a file", "service": "Sales", "left": 1, "open": True, "hours": ""}
    ]
    assert shown["row"]["columns"] == [{"name": "City", "value": "Rome"}]
    assert (shown["row"]["attempts"], shown["row"]["last"], shown["row"]["url"]) == (0, "", "")
    assert dialling.next_row(agent, plain.pk) == row  # pressing again changes nothing


def test_two_agents_never_get_the_same_person(
    agent: Any, service: Any, plain: CallingList, people: list[ListRow], monkeypatch: Any
) -> None:
    other = AgentFactory(services=[service], state="READY")
    taken = {dialling.next_row(each, plain.pk).name for each in (agent, other)}
    assert taken == {"Ann", "Ben"}
    third = AgentFactory(services=[service], state="READY")
    with pytest.raises(NotPossible, match="The last ones are with other agents"):
        dialling.next_row(third, plain.pk)


def test_an_agent_who_was_faster_takes_the_candidate_away(
    agent: Any, service: Any, plain: CallingList, people: list[ListRow], monkeypatch: Any
) -> None:
    other = AgentFactory(services=[service], state="READY")
    real, raced = dialling.expire, []

    def meanwhile(*given: Any) -> int:
        if not raced:
            raced.append(True)
            dialling.next_row(other, plain.pk)
        return real(*given)

    monkeypatch.setattr(dialling, "expire", meanwhile)
    assert dialling.next_row(agent, plain.pk).name == "Ben"


def test_a_person_who_is_not_dialled_in_time_comes_back(
    agent: Any, service: Any, plain: CallingList, people: list[ListRow]
) -> None:
    row = dialling.next_row(agent, plain.pk)
    with time_machine.travel(timezone.now() + dialling.HOLD + timedelta(seconds=1)):
        assert dialling.held_by(agent) is None
        with pytest.raises(NotPossible, match="given back meanwhile"):
            dialling.dial(agent, row.pk)
        assert dialling.expire() == 1
        assert dialling.next_row(AgentFactory(services=[service], state="READY"), plain.pk) == row


def test_not_now_brings_the_person_up_again_later(agent: Any, plain: CallingList, people: list[ListRow]) -> None:
    dialling.next_row(agent, plain.pk)
    dialling.give_back(agent)
    assert dialling.next_row(agent, plain.pk).name == "Ben"
    dialling.give_back(agent)
    with pytest.raises(NotPossible, match="The next one is due at"):
        dialling.next_row(agent, plain.pk)
    with time_machine.travel(timezone.now() + dialling.LATER + timedelta(seconds=1)):
        assert dialling.next_row(agent, plain.pk).name == "Ann"


def test_changing_the_list_gives_the_person_back_at_once(
    agent: Any, service: Any, plain: CallingList, people: list[ListRow]
) -> None:
    other = CallingListFactory(service=service)
    ListRowFactory(calling_list=other, name="Zoe")
    dialling.next_row(agent, plain.pk)
    assert dialling.next_row(agent, other.pk).name == "Zoe"
    assert plain.rows.filter(state="in_use").count() == 0


def test_lists_of_other_services_and_switched_off_ones_are_not_offered(
    agent: Any, plain: CallingList, people: list[ListRow]
) -> None:
    foreign = CallingListFactory(service=ServiceFactory())
    with pytest.raises(NotPossible, match="not yours any more"):
        dialling.next_row(agent, foreign.pk)
    plain.enabled = False
    plain.save()
    with pytest.raises(NotPossible, match="not yours any more"):
        dialling.next_row(agent, plain.pk)
    assert dialling.overview(agent)["lists"] == []


def test_rows_that_an_export_is_writing_are_not_called_meanwhile(
    agent: Any, plain: CallingList, people: list[ListRow]
) -> None:
    plain.rows.filter(name="Ann").update(export_state="sending")
    assert dialling.next_row(agent, plain.pk).name == "Ben"


# -- hours


@pytest.mark.parametrize(
    ("begins", "ends", "at", "is_open"),
    [
        (time(9), time(18), "2026-01-15T08:00Z", True),
        (time(9), time(18), "2026-01-15T07:59Z", False),
        (time(9), time(18), "2026-01-15T17:00Z", False),
        (time(9), time(18), "2026-07-15T07:00Z", True),
        (time(22), time(6), "2026-01-15T23:00Z", True),
        (time(22), time(6), "2026-01-15T12:00Z", False),
        (None, None, "2026-01-15T03:00Z", True),
    ],
)
def test_hours_count_in_the_time_zone_of_the_list(begins: Any, ends: Any, at: str, is_open: bool) -> None:
    berlin = CallingListFactory(calls_from=begins, calls_to=ends, time_zone="Europe/Berlin")
    assert hours.is_open(berlin, datetime.fromisoformat(at)) == is_open


def test_nobody_is_offered_or_dialled_outside_of_the_hours(
    agent: Any, plain: CallingList, people: list[ListRow]
) -> None:
    plain.calls_from, plain.calls_to, plain.time_zone = time(9), time(18), "Europe/Berlin"
    plain.save()
    plain.rows.update(due_at=datetime(2026, 1, 15, tzinfo=UTC))
    with time_machine.travel(datetime(2026, 1, 15, 16, 59, tzinfo=UTC)):
        row = dialling.next_row(agent, plain.pk)
    with time_machine.travel(datetime(2026, 1, 15, 17, 1, tzinfo=UTC)):
        with pytest.raises(NotPossible, match=r"from 09:00 to 18:00 \(Europe/Berlin\)"):
            dialling.dial(agent, row.pk)
        with pytest.raises(NotPossible, match="Choose another until then"):
            dialling.next_row(AgentFactory(services=[plain.service]), plain.pk)
        assert dialling.overview(agent)["lists"][0]["open"] is False


# -- the call


def test_the_call_belongs_to_the_row_and_to_its_record(agent: Any, service: Any) -> None:
    account = AccountFactory(
        provider="salesforce", name="SF", properties={"grant_type": "client_credentials", "consumer_key": "k"}
    )
    mine = CallingListFactory(service=service, account=account)
    ListRowFactory(calling_list=mine, name="Ann", record_kind="Contact", record_id="003Dm00000000001AB")
    row = dialling.next_row(agent, mine.pk)
    interaction = dialling.dial(agent, row.pk)
    row.refresh_from_db()
    assert (row.interaction, row.state, row.holder) == (interaction, "in_use", None)
    assert (interaction.direction, interaction.customer_e164, interaction.service) == ("outbound", row.e164, service)
    assert interaction.records["caller"]["id"] == "003Dm00000000001AB"
    assert "Contact/003Dm00000000001AB" in interaction.records["caller"]["url"]


def test_a_dial_that_is_not_possible_keeps_the_person(agent: Any, plain: CallingList, people: list[ListRow]) -> None:
    row = dialling.next_row(agent, plain.pk)
    agent.device = "none"
    agent.save()
    with pytest.raises(NotPossible, match="without a phone"):
        dialling.dial(agent, row.pk)
    assert dialling.held_by(agent) == row


@pytest.mark.parametrize(("result", "state"), [("done", "done"), ("again", "to_call"), ("do_not_call", "do_not_call")])
def test_the_disposition_says_what_becomes_of_the_person(
    agent: Any, plain: CallingList, people: list[ListRow], result: str, state: str
) -> None:
    chosen = DispositionFactory(code="it", name="It", list_result=result)
    interaction = talk(agent, dialling.next_row(agent, plain.pk))
    desk.complete(agent, str(interaction.public_id), "it", "Said so.")
    row = ListRow.objects.get(name="Ann")
    assert (row.state, row.disposition, row.agent, row.notes) == (state, chosen, agent, "Said so.")
    assert (row.attempts, row.reached, row.export_state) == (1, True, "")
    assert row.called_at == Interaction.objects.get().answered_at
    assert dialling.next_row(agent, plain.pk).name == "Ben"


def test_who_does_not_answer_is_called_again_until_the_attempts_are_used_up(
    agent: Any, plain: CallingList, people: list[ListRow]
) -> None:
    plain.most_attempts, plain.retry_minutes = 2, 60
    plain.save()
    people[1].delete()
    moment = timezone.now()
    for attempts, state in ((1, "to_call"), (2, "done")):
        with time_machine.travel(moment):
            row = dialling.next_row(agent, plain.pk)
            interaction = dialling.dial(agent, row.pk)
            desk.end(agent, str(interaction.public_id))  # rings out
            row.refresh_from_db()
            assert (row.attempts, row.state, row.reached) == (attempts, state, False)
            agent.refresh_from_db()
        moment += timedelta(minutes=61)
    with time_machine.travel(moment), pytest.raises(NotPossible, match="Everybody on this list was called"):
        dialling.next_row(agent, plain.pk)


def test_after_call_work_that_runs_out_writes_the_outcome_too(
    agent: Any, plain: CallingList, people: list[ListRow]
) -> None:
    talk(agent, dialling.next_row(agent, plain.pk))
    routing.finish_overdue_wrap_up(timezone.now() + timedelta(hours=1))
    row = ListRow.objects.get(name="Ann")
    assert (row.state, row.disposition, row.reached) == ("done", None, True)


def test_a_vendors_person_waits_for_the_export(agent: Any, service: Any) -> None:
    account = AccountFactory(provider="salesforce", name="SF", properties={"grant_type": "client_credentials"})
    mine = CallingListFactory(service=service, account=account)
    ListRowFactory(calling_list=mine, record_kind="Contact", record_id="003Dm00000000001AB")
    interaction = talk(agent, dialling.next_row(agent, mine.pk))
    desk.complete(agent, str(interaction.public_id), "", "")
    row = mine.rows.get()
    assert (row.export_state, row.result_key) == ("waiting", f"list-{mine.public_id.hex[:16]}-{row.pk}-1")
