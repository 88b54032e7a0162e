"""Which agent gets a call, what happens when they do not answer, and that nobody waits for ever."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from contactcenter import agents, desk, routing, showing
from contactcenter.models import AgentEvent, ContactCenter, Interaction
from tests.factories import AgentFactory, ContactCenterFactory, InteractionFactory, ServiceFactory

from .reports import history, offer, report, state_of, told

pytestmark = pytest.mark.django_db
LATER = timedelta(seconds=30)


@pytest.fixture
def service() -> Any:
    return ServiceFactory(code="support")


def ready(service: Any, minutes: int = 0, **facts: Any) -> Any:
    since = timezone.now() - timedelta(minutes=minutes)
    return AgentFactory(**{"state": "READY", "state_since": since, "services": [service], **facts})


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Any:
    """Runs what waits for the commit, such as looking for work when an agent becomes Ready."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


# -- who


def test_the_agent_who_has_been_ready_longest_gets_the_call(service: Any) -> None:
    ready(service, 5)
    longest = ready(service, 20)
    ready(service, 10)
    assert offer(service).agent == longest


@pytest.mark.parametrize("state", ["NOT_READY", "RINGING", "BUSY", "ACW", "SUPERVISING", "LOGGED_OUT"])
def test_only_ready_agents_are_rung(service: Any, state: str) -> None:
    ready(service, state=state)
    assert offer(service).state == "queued"


def test_agents_of_other_services_and_agents_without_a_phone_are_not_rung(service: Any) -> None:
    ready(ServiceFactory())
    ready(service, device="none")
    assert offer(service).state == "queued"


def test_a_call_without_a_service_waits() -> None:
    interaction = InteractionFactory(service=None)
    assert routing.place(interaction) is None
    assert interaction.state == "queued"


def test_finding_an_agent_again_after_a_crash_keeps_the_one_who_rings(service: Any) -> None:
    first, _ = ready(service, 2), ready(service, 1)
    interaction = offer(service)
    assert routing.find_agent(interaction) == first
    assert Interaction.objects.filter(state="ringing").count() == 1


def test_two_calls_ring_at_two_agents(service: Any) -> None:
    first, second = ready(service, 2), ready(service, 1)
    assert (offer(service).agent, offer(service, call="c-2").agent) == (first, second)


def test_an_agent_who_is_taken_meanwhile_cannot_be_offered_another_call(service: Any) -> None:
    agent = ready(service)
    offer(service)
    stale = type(agent).objects.get(pk=agent.pk)
    stale.state = "READY"
    waiting = offer(service, call="c-2")
    assert routing.offer(waiting, stale) is False
    waiting.refresh_from_db()
    assert (waiting.state, waiting.agent) == ("queued", None)


def test_waiting_twice_is_waiting_once(service: Any) -> None:
    interaction = offer(service)
    since = interaction.queued_at
    routing.place(interaction)
    assert (interaction.queued_at, history(interaction)) == (since, ["offered", "queued"])


# -- becoming ready


def test_an_agent_who_becomes_ready_gets_the_oldest_waiting_call(service: Any, committed: Any) -> None:
    oldest, _ = offer(service, call="c-1"), offer(service, call="c-2")
    agent = ready(service, state="NOT_READY")
    with committed():
        agents.choose(agent, "READY")
    oldest.refresh_from_db()
    assert (oldest.state, oldest.agent, state_of(agent)) == ("ringing", agent, "RINGING")
    assert Interaction.objects.filter(state="queued").count() == 1


def test_completing_a_call_brings_the_next(service: Any, committed: Any) -> None:
    agent = ready(service)
    first, second = offer(service), offer(service, call="c-2")
    report("answered")
    report("released")
    with committed():
        desk.complete(agent, str(first.public_id), "", "")
    second.refresh_from_db()
    assert (second.state, second.agent) == ("ringing", agent)


def test_a_caller_who_gives_up_frees_the_agent_for_the_next(service: Any, committed: Any) -> None:
    agent = ready(service)
    offer(service), offer(service, call="c-2")
    with committed():
        report("abandoned")
    assert Interaction.objects.get(call_id="c-2").agent == agent


def test_waiting_calls_are_offered_to_the_agents_of_a_service(service: Any) -> None:
    for number in range(3):
        offer(service, call=f"c-{number}")
    ready(service), ready(service)
    assert routing.assign_waiting(service) == 2
    assert routing.assign_waiting(ready(service, device="none")) == 0


def test_the_sweep_finds_waiting_calls_for_which_somebody_is_free(service: Any) -> None:
    offer(service)
    agent = ready(service)
    assert routing.offer_waiting() == 1
    assert state_of(agent) == "RINGING"
    assert routing.offer_waiting() == 0


def test_the_sweep_costs_two_queries_when_nobody_waits(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        routing.offer_waiting()


def test_a_call_whose_scenario_does_not_come_to_it_is_placed_after_half_a_minute(service: Any) -> None:
    stuck = InteractionFactory(service=service, state="new")
    agent = ready(service)
    assert routing.offer_waiting() == 0
    assert routing.offer_waiting(timezone.now() + LATER) == 1
    stuck.refresh_from_db()
    assert stuck.agent == agent


# -- no answer, rejection


def test_no_answer_in_time_makes_the_agent_not_ready_and_the_call_goes_to_the_next(service: Any) -> None:
    first, second = ready(service, 2), ready(service, 1)
    interaction = offer(service)
    assert routing.expire_ringing() == 0
    assert routing.expire_ringing(timezone.now() + LATER) == 1
    interaction.refresh_from_db()
    first.refresh_from_db()
    assert (first.state, first.reason.key) == ("NOT_READY", "no_answer")
    assert (interaction.state, interaction.agent) == ("ringing", second)
    assert history(interaction) == ["offered", "ringing", "no_answer", "ringing"]
    assert told(first, "interaction")[-1]["mine"] is False


def test_the_time_to_answer_is_the_one_of_the_settings(service: Any) -> None:
    ContactCenterFactory(answer_timeout_seconds=60)
    ready(service)
    offer(service)
    assert routing.expire_ringing(timezone.now() + timedelta(seconds=59)) == 0
    assert routing.expire_ringing(timezone.now() + timedelta(seconds=61)) == 1


def test_a_call_that_nobody_answered_waits_and_comes_back_to_an_agent_who_becomes_ready_again(
    service: Any, committed: Any
) -> None:
    agent = ready(service)
    interaction = offer(service)
    routing.expire_ringing(timezone.now() + LATER)
    assert routing.offer_waiting() == 0
    agent.refresh_from_db()
    with committed():
        agents.choose(agent, "READY")
    interaction.refresh_from_db()
    assert (interaction.state, interaction.agent) == ("ringing", agent)


def test_a_rejected_call_goes_to_the_next_and_not_back_to_the_same_agent(service: Any, committed: Any) -> None:
    agent = ready(service)
    interaction = offer(service)
    with committed():
        desk.reject(agent, str(interaction.public_id))
    interaction.refresh_from_db()
    assert (interaction.state, interaction.agent, state_of(agent)) == ("queued", None, "READY")
    assert routing.offer_waiting() == 0
    other = ready(service)
    assert routing.offer_waiting() == 1
    interaction.refresh_from_db()
    assert interaction.agent == other


def test_a_call_that_is_answered_in_the_last_moment_is_not_taken_away(service: Any) -> None:
    ready(service)
    offer(service)
    report("answered")
    assert routing.expire_ringing(timezone.now() + LATER) == 0


# -- after-call work


def wrapped_up(service: Any, **facts: Any) -> tuple[Any, Any]:
    agent = ready(service, **facts)
    offer(service)
    report("answered")
    return agent, report("released")


def test_after_call_work_ends_by_itself_when_its_time_is_up(service: Any) -> None:
    agent, interaction = wrapped_up(service)
    desk.save_wrap_up(agent, str(interaction.public_id), "", "Called about the invoice.")
    assert routing.finish_overdue_wrap_up() == 0
    assert routing.finish_overdue_wrap_up(timezone.now() + timedelta(seconds=121)) == 1
    interaction.refresh_from_db()
    assert (interaction.state, interaction.notes, state_of(agent)) == (
        "completed",
        "Called about the invoice.",
        "READY",
    )
    assert interaction.events.get(kind="completed").data == {"automatic": True}


def test_without_a_limit_after_call_work_waits_for_the_agent(service: Any) -> None:
    ContactCenterFactory(after_call_work_seconds=0)
    agent, interaction = wrapped_up(service)
    assert routing.finish_overdue_wrap_up(timezone.now() + timedelta(hours=5)) == 0
    assert told(agent, "interaction")[-1]["wrapUpUntil"] is None
    desk.complete(agent, str(interaction.public_id), "", "")
    assert state_of(agent) == "READY"


@pytest.mark.parametrize(("leave", "state"), [(agents.log_out, "LOGGED_OUT"), (agents.connection_lost, "NOT_READY")])
def test_without_a_limit_the_work_of_an_agent_who_has_left_ends_all_the_same(
    service: Any, leave: Any, state: str
) -> None:
    ContactCenterFactory(after_call_work_seconds=0)
    agent, _ = wrapped_up(service)
    leave(agent)
    assert routing.finish_overdue_wrap_up(timezone.now() + timedelta(hours=1)) == 1
    assert state_of(agent) == state


def test_an_agent_who_chose_a_break_for_afterwards_keeps_unlimited_after_call_work(service: Any) -> None:
    ContactCenterFactory(after_call_work_seconds=0)
    agent, _ = wrapped_up(service)
    agents.choose(agent, "NOT_READY")
    assert routing.finish_overdue_wrap_up(timezone.now() + timedelta(hours=1)) == 0


# -- screen pops


def test_pops_from_before_the_agent_was_found_open_when_it_rings_and_again_at_the_next_agent(service: Any) -> None:
    interaction = offer(service)
    for _ in range(2):  # a step that is replayed after a crash
        showing.screen_pop(interaction, {"account": "a", "title": "Don", "url": "https://x", "why": "because"})
    first = ready(service, 1)
    routing.assign_waiting(service)
    second = ready(service)
    routing.expire_ringing(timezone.now() + LATER)
    pop = {
        "interaction": str(interaction.public_id), "why": "because", "account": "a", "title": "Don", "url": "https://x",
        "because": showing.because(interaction),
    }  # fmt: skip
    assert told(first, "screen_pop") == told(second, "screen_pop") == [pop]


def test_a_pop_during_the_call_opens_at_once_and_after_the_end_nowhere(service: Any) -> None:
    agent = ready(service)
    interaction = offer(service)
    showing.screen_pop(interaction, {"title": "One"})
    assert [pop["title"] for pop in told(agent, "screen_pop")] == ["One"]
    report("abandoned")
    showing.screen_pop(interaction, {"title": "Two"})
    assert AgentEvent.objects.filter(kind="screen_pop").count() == 1


def test_a_call_of_an_agent_whose_state_was_changed_behind_our_back_still_ends(service: Any, caplog: Any) -> None:
    agent, interaction = wrapped_up(service)
    type(agent).objects.filter(pk=agent.pk).update(state="READY")
    desk.complete(agent, str(interaction.public_id), "", "")
    assert Interaction.objects.get().state == "completed"
    assert "stays as they are" in caplog.text
    assert ContactCenter.objects.count() == 1
