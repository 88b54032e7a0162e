"""Telephony reports: each taken in once, in whatever order, and what they make of the call and its agent."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from contactcenter import calls, desk, interactions
from contactcenter.call_reports import CallReport
from contactcenter.errors import NotPossible
from contactcenter.interactions import TRANSITIONS, Trigger
from contactcenter.models import ContactCenter, Interaction, InteractionEvent, InteractionState
from tests.factories import (
    AccountFactory,
    AgentFactory,
    ContactFactory,
    DispositionFactory,
    InteractionFactory,
    ServiceFactory,
)

from .reports import CUSTOMER, NINE, history, offer, report, state_of, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def service() -> Any:
    return ServiceFactory(code="support", name="Customer Support", numbers=["+1 415 555 0100"])


@pytest.fixture
def agent(service: Any) -> Any:
    return AgentFactory(login="agent1", extension="201", state="READY", services=[service])


# -- the table


def test_every_state_is_in_the_table_and_an_ended_interaction_is_left_alone() -> None:
    assert {state for state, _ in TRANSITIONS} == set(InteractionState.values) - set(interactions.ENDED)
    assert set(TRANSITIONS.values()) == set(InteractionState.values)
    assert [trigger for (_, trigger), target in TRANSITIONS.items() if target == "new"] == [Trigger.HANDED_OVER]
    assert {trigger for _, trigger in TRANSITIONS} == set(Trigger)


# -- the life of a call


def test_an_offered_call_that_names_an_agent_rings_there_at_once(service: Any, agent: Any) -> None:
    interaction = offer(service, agent="agent1")
    assert (interaction.state, interaction.agent) == ("ringing", agent)
    assert state_of(agent) == "RINGING"
    shown = told(agent, "interaction")[-1]
    assert (shown["state"], shown["controls"], shown["customer"]["number"]) == (
        "ringing",
        ["accept", "reject"],
        "+1 415-555-0132",
    )
    assert shown["ringUntil"] > shown["ringingAt"]
    assert history(interaction) == ["offered", "ringing"]


def test_a_call_goes_from_ringing_over_talk_and_hold_to_after_call_work(service: Any, agent: Any) -> None:
    account = AccountFactory()
    agent.host_account = account
    agent.save()
    interaction = offer(service, agent="201")
    steps = []
    for event in ("answered", "held", "resumed", "released"):
        interaction = report(event)
        steps.append((interaction.state, state_of(agent), told(agent, "interaction")[-1]["controls"]))
    assert steps == [
        ("active", "BUSY", ["hold", "transfer", "end"]),
        ("held", "BUSY", ["resume", "transfer", "end"]),
        ("active", "BUSY", ["hold", "transfer", "end"]),
        ("wrap_up", "ACW", ["complete"]),
    ]
    assert interaction.activity_account == account
    assert interaction.answered_at <= interaction.ended_at
    assert history(interaction) == ["offered", "ringing", "answered", "held", "resumed", "released"]


def test_the_service_is_found_by_code_name_or_called_number(service: Any) -> None:
    by_code = report("offered", call="1", service="support", from_number=CUSTOMER)
    by_name = report("offered", call="2", service="customer support", from_number=CUSTOMER)
    by_number = report("offered", call="3", to_number="(415) 555-0100", from_number=CUSTOMER)
    assert by_code.service == by_name.service == by_number.service == service


def test_a_login_that_equals_the_extension_of_another_agent_means_the_login(service: Any) -> None:
    named = AgentFactory(login="300", extension="1", state="READY", services=[service])
    AgentFactory(login="other", extension="300", state="READY", services=[service])
    assert offer(service, agent="300").agent == named


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"service": "support", "agent": "agent9"}, "agent"),
        ({"service": "sales"}, "service"),
        ({"to_number": "+14155550199"}, "to"),
        ({}, "to"),
    ],
)
def test_names_that_nobody_has_are_refused_on_their_field_and_leave_nothing(
    service: Any, facts: dict[str, str], field: str
) -> None:
    with pytest.raises(NotPossible) as refusal:
        report("offered", from_number=CUSTOMER, **facts)
    assert refusal.value.field == field
    assert Interaction.objects.count() == 0
    assert offer(service).state == "queued"


def test_an_unknown_event_is_refused(service: Any) -> None:
    with pytest.raises(NotPossible, match="no telephony event"):
        report("exploded")


def test_a_disabled_service_takes_no_calls() -> None:
    off = ServiceFactory(enabled=False, numbers=["+14155550100"])
    for facts in ({"service": off.code}, {"to_number": "+14155550100"}):
        with pytest.raises(NotPossible):
            report("offered", from_number=CUSTOMER, **facts)


@pytest.mark.parametrize("event", ["released", "abandoned"])
def test_a_call_that_ends_before_the_answer_is_abandoned_and_frees_the_agent(
    service: Any, agent: Any, event: str
) -> None:
    offer(service, agent="agent1")
    interaction = report(event)
    assert (interaction.state, interaction.agent, state_of(agent)) == ("abandoned", agent, "READY")
    assert history(interaction)[-1] == "abandoned"
    assert told(agent, "interaction")[-1]["controls"] == []
    assert told(agent, "state")[-1]["state"] == "READY"


def test_a_caller_who_hangs_up_during_the_talk_leaves_after_call_work_behind(service: Any, agent: Any) -> None:
    offer(service, agent="agent1")
    report("answered")
    assert (report("abandoned").state, state_of(agent)) == ("wrap_up", "ACW")


def test_a_named_agent_who_is_not_ready_is_passed_over_for_one_who_is(service: Any, agent: Any) -> None:
    AgentFactory(login="agent2", state="NOT_READY", services=[service])
    interaction = offer(service, agent="agent2")
    assert interaction.agent == agent


def test_without_a_free_agent_the_call_waits(service: Any) -> None:
    interaction = offer(service)
    assert (interaction.state, interaction.agent, history(interaction)) == ("queued", None, ["offered", "queued"])


def test_a_second_offer_to_another_agent_moves_the_ringing(service: Any, agent: Any) -> None:
    other = AgentFactory(login="agent2", state="READY", services=[service])
    offer(service, agent="agent1")
    interaction = offer(service, agent="agent2")
    assert (interaction.agent, state_of(agent), state_of(other)) == (other, "READY", "RINGING")
    lost = told(agent, "interaction")[-1]
    assert (lost["mine"], lost["controls"], lost["state"]) == (False, [], "queued")


def test_an_answer_by_somebody_else_takes_the_call_over(service: Any, agent: Any) -> None:
    other = AgentFactory(login="agent2", state="NOT_READY", services=[service])
    offer(service, agent="agent1")
    interaction = report("answered", agent="agent2")
    assert (interaction.agent, state_of(agent), state_of(other)) == (other, "READY", "BUSY")


# -- reports that are late, lost, repeated or out of order


def test_a_repeated_report_changes_nothing(service: Any, agent: Any) -> None:
    for _ in range(3):
        offer(service, agent="agent1", second=0)
        interaction = report("answered", second=5)
    assert history(interaction) == ["offered", "ringing", "answered"]
    assert len(told(agent, "state")) == 2


def test_the_same_key_for_another_event_is_refused_and_a_new_key_is_taken(service: Any, agent: Any) -> None:
    offer(service, agent="agent1", key="k1")
    with pytest.raises(NotPossible, match='used for the event "offered"') as refusal:
        report("answered", key="k1")
    assert refusal.value.field == "Idempotency-Key"
    assert report("answered", key="k2").state == "active"


def test_a_repetition_of_a_release_that_was_an_abandonment_is_recognised(service: Any) -> None:
    offer(service, second=0)
    for _ in range(2):
        interaction = report("released", second=3)
    assert history(interaction) == ["offered", "queued", "abandoned"]


@pytest.mark.parametrize(
    ("event", "state"),
    [
        ("answered", "active"),
        ("held", "held"),
        ("resumed", "active"),
        ("released", "abandoned"),
        ("abandoned", "abandoned"),
    ],
)
def test_the_first_report_of_a_call_may_be_any(service: Any, agent: Any, event: str, state: str) -> None:
    interaction = report(event, agent="agent1", service="support", from_number=CUSTOMER)
    assert interaction.state == state
    assert interaction.customer_e164 == CUSTOMER
    late = offer(service, agent="agent1")
    assert late.state == state
    assert state_of(agent) == ("READY" if state == "abandoned" else "BUSY")


def test_a_late_offer_still_tells_who_called(service: Any, agent: Any) -> None:
    assert report("answered", agent="agent1").customer_number == ""
    interaction = report("offered", to_number="+14155550100", from_number=CUSTOMER)
    assert (interaction.state, interaction.customer_e164, interaction.service) == ("active", CUSTOMER, service)
    assert told(agent, "interaction")[-1]["customer"]["number"] == "+1 415-555-0132"


def test_a_hold_without_an_answer_infers_the_answer(service: Any, agent: Any) -> None:
    offer(service, agent="agent1", second=0)
    interaction = report("held", second=9)
    assert (interaction.state, state_of(agent)) == ("held", "BUSY")
    assert history(interaction) == ["offered", "ringing", "answered", "held"]
    late = report("answered", second=4)
    assert (late.state, history(late)[-1]) == ("held", "ignored")


def test_a_hold_that_was_overtaken_by_its_resume_does_not_hold_for_ever(service: Any, agent: Any) -> None:
    offer(service, agent="agent1", second=0)
    report("answered", second=5)
    report("resumed", second=20)
    interaction = report("held", second=10)
    assert interaction.state == "active"
    assert report("held", second=30).state == "held"


@pytest.mark.parametrize("event", ["offered", "answered", "held", "resumed", "transferred", "released", "abandoned"])
def test_whatever_comes_after_the_end_is_kept_and_ignored(service: Any, agent: Any, event: str) -> None:
    offer(service, agent="agent1", second=0)
    report("answered", second=1)
    interaction = report("released", second=2)
    facts = {"agent": "agent1"} if event == "transferred" else {}
    after = report(event, second=3, **facts)
    assert (after.state, state_of(agent)) == ("wrap_up", "ACW")
    assert history(after)[-1] == "ignored"
    ignored = interaction.events.last()
    assert ignored.data == {"event": event, "why": 'Came when the call was in the state "after-call work".'}
    desk.complete(agent, str(interaction.public_id), "", "")
    assert state_of(agent) == "READY"


def test_a_wrong_clock_makes_no_calls_of_negative_length(service: Any, agent: Any) -> None:
    now = timezone.now()
    offer(service, agent="agent1")
    calls.apply(CallReport("c-1", "answered", at=now + timedelta(hours=2)))
    interaction = calls.apply(CallReport("c-1", "released", at=now - timedelta(days=3)))
    assert interaction.offered_at <= interaction.answered_at <= interaction.ended_at
    reported = interaction.events.get(kind="released").at
    assert reported == now - timedelta(days=3)


def test_the_reporters_time_counts_when_it_is_close(service: Any, agent: Any) -> None:
    with time_machine.travel(NINE + timedelta(seconds=4), tick=False):
        assert offer(service, second=0).offered_at == NINE


# -- numbers


@pytest.mark.parametrize("number", ["", "anonymous", "Restricted", "sip:anonymous@anonymous.invalid", "+266696687"])
def test_an_anonymous_caller_is_served_like_everybody(service: Any, agent: Any, number: str) -> None:
    interaction = offer(service, from_number=number, agent="agent1")
    assert (interaction.state, interaction.caller["status"], interaction.customer_e164) == ("ringing", "anonymous", "")
    assert told(agent, "interaction")[-1]["customer"]["anonymous"] is True


@pytest.mark.parametrize("number", ["4711", "abc", "+", "00", "tel:+1-415-555-0132;ext=3", "☎" * 60, "sip:x@y"])
def test_odd_numbers_never_raise(service: Any, agent: Any, number: str) -> None:
    interaction = offer(service, from_number=number, agent="agent1")
    assert interaction.state == "ringing"
    assert interaction.customer_number == number


def test_numbers_without_a_country_code_are_read_in_the_centres_region(service: Any) -> None:
    centre = ContactCenter.current()
    centre.default_region = "DE"
    centre.save()
    assert offer(service, from_number="030 1234567").customer_e164 == "+49301234567"


# -- transfers


def test_a_transfer_to_an_agent_rings_there_and_frees_the_first(service: Any, agent: Any) -> None:
    other = AgentFactory(login="agent2", state="READY", services=[service])
    offer(service, agent="agent1")
    report("answered")
    interaction = report("transferred", agent="agent2")
    assert (interaction.state, interaction.agent) == ("ringing", other)
    assert (state_of(agent), state_of(other)) == ("READY", "RINGING")
    assert interaction.events.get(kind="transferred").agent == agent
    assert told(agent, "interaction")[-1]["mine"] is False
    assert report("answered", agent="agent2").state == "active"


def test_a_transfer_to_an_agent_who_is_busy_waits_for_another(service: Any, agent: Any) -> None:
    AgentFactory(login="agent2", state="NOT_READY", services=[service])
    offer(service, agent="agent1")
    report("answered")
    interaction = report("transferred", agent="agent2")
    assert (interaction.state, interaction.agent, state_of(agent)) == ("queued", None, "READY")


def test_a_transfer_to_a_service_is_offered_to_its_agents_and_not_back(service: Any, agent: Any) -> None:
    sales = ServiceFactory(code="sales")
    agent.services.add(sales)
    expert = AgentFactory(login="expert", state="READY", services=[sales])
    offer(service, agent="agent1")
    report("answered")
    interaction = report("transferred", service="sales")
    assert (interaction.service, interaction.agent) == (sales, expert)


def test_a_transfer_out_of_the_centre_ends_the_call_for_us(service: Any, agent: Any) -> None:
    offer(service, agent="agent1")
    report("answered")
    interaction = report("transferred")
    assert (interaction.state, interaction.cause, state_of(agent)) == ("wrap_up", "transferred", "ACW")


def test_a_transfer_to_the_agent_who_has_the_call_is_ignored(service: Any, agent: Any) -> None:
    offer(service, agent="agent1")
    report("answered")
    assert report("transferred", agent="agent1").state == "active"


# -- one call at a time


def test_an_answer_by_an_agent_who_is_on_another_call_leaves_that_call_alone(service: Any, agent: Any) -> None:
    first = offer(service, agent="agent1")
    report("answered")
    offer(service, call="c-2")
    second = report("answered", call="c-2", agent="agent1")
    assert (second.state, second.agent) == ("active", None)
    assert "on another call here" in second.events.get(kind="answered").data["note"]
    first.refresh_from_db()
    assert (first.state, first.agent) == ("active", agent)
    assert report("released", call="c-2").state == "completed"
    assert (report("released").state, state_of(agent)) == ("wrap_up", "ACW")


def test_an_answer_by_an_agent_who_is_logged_out_is_kept_without_an_agent(service: Any) -> None:
    gone = AgentFactory(login="gone")
    offer(service)
    interaction = report("answered", agent="gone")
    assert (interaction.state, interaction.agent, state_of(gone)) == ("active", None, "LOGGED_OUT")
    assert report("released").state == "completed"


def test_a_rejection_that_comes_after_the_answer_is_ignored(service: Any, agent: Any) -> None:
    offer(service, agent="agent1")
    report("answered")
    interaction = report("rejected")
    assert (interaction.state, history(interaction)[-1], state_of(agent)) == ("active", "ignored", "BUSY")


# -- outbound calls that the platform reports


def test_an_outbound_call_makes_its_agent_busy_while_it_rings_at_the_far_side(service: Any, agent: Any) -> None:
    facts = {"direction": "outbound", "from_number": "+14155550100", "to_number": CUSTOMER}
    interaction = report("offered", agent="agent1", **facts)
    assert (interaction.state, interaction.service, interaction.customer_e164) == ("ringing", service, CUSTOMER)
    assert state_of(agent) == "BUSY"
    shown = told(agent, "interaction")[-1]
    assert (shown["stateLabel"], shown["controls"], shown["ringUntil"]) == ("Calling", ["end"], None)
    assert report("answered").state == "active"
    assert report("released").state == "wrap_up"


def test_an_outbound_call_that_nobody_answers_frees_the_agent(service: Any, agent: Any) -> None:
    report("offered", agent="agent1", direction="outbound", to_number=CUSTOMER)
    interaction = report("released", cause="no answer")
    assert (interaction.state, state_of(agent)) == ("abandoned", "READY")
    assert told(agent, "interaction")[-1]["stateLabel"] == "Not reached"


def test_an_outbound_call_of_an_agent_who_is_logged_out_is_kept_without_agent(service: Any) -> None:
    gone = AgentFactory(login="gone")
    interaction = report("offered", agent="gone", direction="outbound", to_number=CUSTOMER)
    assert (interaction.agent, interaction.state, state_of(gone)) == (None, "new", "LOGGED_OUT")


def test_an_outbound_call_that_is_transferred_rings_at_the_colleague_who_can_accept_it(
    service: Any, agent: Any
) -> None:
    colleague = AgentFactory(login="agent2", state="READY", services=[service])
    report("offered", agent="agent1", direction="outbound", to_number=CUSTOMER)
    report("answered")
    interaction = report("transferred", agent="agent2")
    shown = told(colleague, "interaction")[-1]
    assert (shown["stateLabel"], shown["controls"]) == ("Ringing", ["accept", "reject"])
    assert desk.accept(colleague, str(interaction.public_id)).state == "active"
    assert (state_of(agent), state_of(colleague)) == ("READY", "BUSY")


# -- what is shown


def test_the_view_has_the_agreed_shape(service: Any, agent: Any) -> None:
    ContactFactory(first_name="Don", last_name="Goodliffe", phones=[CUSTOMER])
    DispositionFactory(code="resolved", name="Resolved")
    DispositionFactory(code="sold", service=ServiceFactory())
    view = calls.view(offer(service, agent="agent1"))
    assert list(view) == [
        "id", "reference", "callId", "media", "direction", "state", "stateLabel", "mine", "service", "customer",
        "caller", "records", "pages", "attachedData", "digits",
        "offeredAt", "ringingAt", "answeredAt", "heldAt", "endedAt", "ringUntil", "wrapUpUntil",
        "disposition", "notes", "transferredBy", "dispositions", "activity", "controls",
    ]  # fmt: skip
    assert view["service"] == {"code": "support", "name": "Customer Support"}
    assert view["caller"]["name"] == "Don Goodliffe"
    assert view["dispositions"] == [{"code": "resolved", "name": "Resolved"}]


def test_the_view_says_since_when_the_caller_waits_on_hold_and_only_then(service: Any, agent: Any) -> None:
    offer(service, agent="agent1")
    report("answered")
    assert told(agent, "interaction")[-1]["heldAt"] is None
    report("held")
    first = told(agent, "interaction")[-1]["heldAt"]
    assert abs(timezone.now() - datetime.fromisoformat(first)) < timedelta(minutes=1)
    report("resumed")
    assert told(agent, "interaction")[-1]["heldAt"] is None
    report("held")
    assert told(agent, "interaction")[-1]["heldAt"] > first


def test_the_view_hides_what_only_the_software_needs() -> None:
    interaction = InteractionFactory(records={"caller": {"id": "1"}, "screen_pops": [{"url": "x"}]})
    assert calls.view(interaction)["records"] == {"caller": {"id": "1"}}


def test_a_view_costs_few_queries_and_a_list_of_them_hardly_more(
    django_assert_max_num_queries: Any, agent: Any, service: Any
) -> None:
    ContactCenter.current()
    for _ in range(10):
        InteractionFactory(agent=agent, service=service, state="completed")
    related = Interaction.objects.select_related("service", "disposition", "activity_account")
    with django_assert_max_num_queries(4):
        calls.view(related.first())
    with django_assert_max_num_queries(5 + 10):
        calls.views(related.all())


def test_an_offered_call_with_an_agent_costs_a_bounded_number_of_queries(
    django_assert_max_num_queries: Any, agent: Any, service: Any
) -> None:
    ContactCenter.current()
    with django_assert_max_num_queries(60):
        offer(service, agent="agent1")


# -- many at once


@pytest.mark.django_db(transaction=True)
def test_the_same_report_by_sixteen_threads_at_once_is_one_event() -> None:
    service = ServiceFactory(code="support")
    agent = AgentFactory(login="agent1", state="READY", services=[service])
    ContactCenter.current()
    errors = at_once(16, lambda _: offer(service, agent="agent1", second=0))
    assert errors == []
    interaction = Interaction.objects.get()
    assert InteractionEvent.objects.filter(kind="offered").count() == 1
    assert (interaction.state, state_of(agent), history(interaction)) == ("ringing", "RINGING", ["offered", "ringing"])
    numbers = [event.number for event in agent.desktop_events.order_by("id")]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.django_db(transaction=True)
def test_sixteen_calls_at_once_for_four_agents_ring_four_and_let_twelve_wait() -> None:
    service = ServiceFactory(code="support")
    team = [AgentFactory(state="READY", services=[service]) for _ in range(4)]
    ContactCenter.current()
    errors = at_once(16, lambda n: offer(service, call=f"c-{n}"))
    assert errors == []
    ringing = Interaction.objects.filter(state="ringing")
    assert sorted(ringing.values_list("agent_id", flat=True)) == sorted(agent.pk for agent in team)
    assert Interaction.objects.filter(state="queued", agent=None).count() == 12


def at_once(count: int, act: Any) -> list[Exception]:
    """Run `act(n)` in `count` threads that start together; returns what they raised."""
    start, errors = threading.Barrier(count), []

    def run(number: int) -> None:
        try:
            start.wait()
            act(number)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors
