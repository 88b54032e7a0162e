"""What an agent does with calls: each command when it is due, twice, too late, and with somebody else's call."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone, translation

from contactcenter import agents, desk, telephony
from contactcenter.errors import NotPossible
from contactcenter.models import ContactCenter, Interaction
from tests.factories import (
    AccountFactory,
    AgentFactory,
    DispositionFactory,
    InteractionFactory,
    NotReadyReasonFactory,
    ServiceFactory,
    TeamFactory,
)

from .reports import CUSTOMER, history, offer, report, state_of, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def service() -> Any:
    return ServiceFactory(code="support", name="Customer Support")


@pytest.fixture
def agent(service: Any) -> Any:
    return AgentFactory(login="agent1", extension="201", state="READY", services=[service])


@pytest.fixture
def ringing(service: Any, agent: Any) -> str:
    interaction = offer(service, agent="agent1")
    agent.refresh_from_db()
    return str(interaction.public_id)


def state(interaction_id: str) -> str:
    return Interaction.objects.get(public_id=interaction_id).state


# -- call control


def test_an_agent_accepts_holds_resumes_ends_and_completes_a_call(agent: Any, ringing: str) -> None:
    DispositionFactory(code="resolved")
    seen = []
    for command in (desk.accept, desk.hold, desk.resume, desk.end):
        command(agent, ringing)
        seen.append((state(ringing), agent.state))
    assert seen == [("active", "BUSY"), ("held", "BUSY"), ("active", "BUSY"), ("wrap_up", "ACW")]
    done = desk.complete(agent, ringing, "resolved", "All is well.")
    assert (done.state, done.disposition.code, done.notes, agent.state) == (
        "completed",
        "resolved",
        "All is well.",
        "READY",
    )
    assert history(done) == ["offered", "ringing", "answered", "held", "resumed", "released", "completed"]
    assert told(agent, "interaction")[-1]["state"] == "completed"


def test_who_hangs_up_is_the_cause(agent: Any, ringing: str) -> None:
    desk.accept(agent, ringing)
    assert desk.end(agent, ringing).cause == "agent"


@pytest.mark.parametrize(
    ("before", "command"),
    [
        ([], desk.accept),
        ([desk.accept], desk.hold),
        ([desk.accept, desk.hold], desk.resume),
        ([desk.accept], desk.end),
    ],
)
def test_the_second_click_of_a_double_click_is_harmless(
    agent: Any, ringing: str, before: list[Any], command: Any
) -> None:
    for earlier in before:
        earlier(agent, ringing)
    first = command(agent, ringing)
    events = history(first)
    assert command(agent, ringing).state == first.state
    assert history(first) == events


def test_completing_twice_is_harmless(agent: Any, ringing: str) -> None:
    desk.accept(agent, ringing)
    desk.end(agent, ringing)
    for notes in ("kept", "too late"):
        done = desk.complete(agent, ringing, "", notes)
    assert done.notes == "kept"
    assert history(done).count("completed") == 1


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (desk.hold, "The call is ringing"),
        (desk.resume, "The call is ringing"),
        (desk.end, "The call is ringing"),
    ],
)
def test_a_command_that_is_not_due_is_refused_and_the_call_can_still_be_accepted(
    agent: Any, ringing: str, command: Any, sentence: str
) -> None:
    with pytest.raises(NotPossible, match=sentence):
        command(agent, ringing)
    assert desk.accept(agent, ringing).state == "active"


def test_accepting_a_call_whose_caller_has_hung_up_is_explained(agent: Any, ringing: str) -> None:
    report("abandoned")
    for command in (desk.accept, desk.reject, desk.hold):
        with pytest.raises(NotPossible, match="The caller has hung up"):
            command(agent, ringing)
    assert state_of(agent) == "READY"


def test_holding_a_call_that_is_over_is_explained(agent: Any, ringing: str) -> None:
    desk.accept(agent, ringing)
    desk.end(agent, ringing)
    with pytest.raises(NotPossible, match="The call is over"):
        desk.hold(agent, ringing)
    with pytest.raises(NotPossible, match="The call is over"):
        desk.accept(agent, ringing)


@pytest.mark.parametrize("wrong", ["", "nonsense", "6f1d4c2e-0000-4000-8000-000000000000"])
def test_a_call_that_does_not_exist_is_refused(agent: Any, wrong: str) -> None:
    for command in (desk.accept, desk.end, lambda a, i: desk.complete(a, i, "", "")):
        with pytest.raises(NotPossible, match="does not exist") as refusal:
            command(agent, wrong)
        assert refusal.value.field == "interaction"


def test_the_call_of_a_colleague_is_out_of_reach(service: Any, agent: Any, ringing: str) -> None:
    colleague = AgentFactory(state="READY", services=[service])
    commands = [
        desk.accept,
        desk.reject,
        desk.hold,
        desk.resume,
        desk.end,
        lambda a, i: desk.save_wrap_up(a, i, "", "mine now"),
        lambda a, i: desk.complete(a, i, "", ""),
        lambda a, i: desk.choose_caller(a, i, 0),
    ]
    for command in commands:
        with pytest.raises(NotPossible, match="not with you"):
            command(colleague, ringing)
    assert (state(ringing), state_of(agent), state_of(colleague)) == ("ringing", "RINGING", "READY")


def test_rejecting_passes_the_call_on(service: Any, agent: Any, ringing: str) -> None:
    colleague = AgentFactory(state="READY", services=[service])
    interaction = desk.reject(agent, ringing)
    assert (interaction.agent, agent.state) == (colleague, "READY")
    assert history(interaction) == ["offered", "ringing", "rejected", "ringing"]


# -- after-call work


def test_notes_and_disposition_are_kept_during_the_call(service: Any, agent: Any, ringing: str) -> None:
    DispositionFactory(code="callback", service=service)
    with pytest.raises(NotPossible, match="Notes can be saved"):
        desk.save_wrap_up(agent, ringing, "", "too early")
    desk.accept(agent, ringing)
    desk.save_wrap_up(agent, ringing, "callback", "Will call back.")
    shown = told(agent, "interaction")[-1]
    assert (shown["disposition"], shown["notes"]) == ("callback", "Will call back.")
    desk.save_wrap_up(agent, ringing, "", "Changed my mind.")
    assert told(agent, "interaction")[-1]["disposition"] == ""


def test_a_disposition_of_another_service_is_refused_and_the_right_one_is_taken(agent: Any, ringing: str) -> None:
    DispositionFactory(code="sold", service=ServiceFactory())
    DispositionFactory(code="resolved")
    desk.accept(agent, ringing)
    desk.end(agent, ringing)
    for code in ("sold", "unheard-of"):
        with pytest.raises(NotPossible) as refusal:
            desk.complete(agent, ringing, code, "")
        assert refusal.value.field == "disposition"
    assert desk.complete(agent, ringing, "resolved", "").state == "completed"


def test_notes_have_a_limit(agent: Any, ringing: str) -> None:
    desk.accept(agent, ringing)
    with pytest.raises(NotPossible, match="10,001") as refusal:
        desk.save_wrap_up(agent, ringing, "", "x" * 10_001)
    assert refusal.value.field == "notes"
    assert len(desk.save_wrap_up(agent, ringing, "", "x" * 10_000).notes) == 10_000


def test_a_null_character_in_notes_does_not_reach_the_database(agent: Any, ringing: str) -> None:
    desk.accept(agent, ringing)
    assert desk.save_wrap_up(agent, ringing, "", "a\x00b").notes == "ab"


def test_a_call_that_is_not_over_cannot_be_completed(agent: Any, ringing: str) -> None:
    desk.accept(agent, ringing)
    with pytest.raises(NotPossible, match="End it first"):
        desk.complete(agent, ringing, "", "")


# -- calling out


def test_a_dialled_call_rings_is_answered_by_the_far_side_and_wrapped_up(agent: Any) -> None:
    interaction = desk.dial(agent, " +1 415 555 0132 ", "support")
    assert (interaction.direction, interaction.state, agent.state) == ("outbound", "ringing", "BUSY")
    assert (interaction.customer_e164, interaction.service.code) == (CUSTOMER, "support")
    assert telephony.tick() == 0
    assert telephony.tick(timezone.now() + timedelta(seconds=3)) == 1
    interaction_id = str(interaction.public_id)
    assert state(interaction_id) == "active"
    desk.end(agent, interaction_id)
    assert desk.complete(agent, interaction_id, "", "").state == "completed"
    assert state_of(agent) == "READY"


def test_a_dialled_call_can_be_given_up_and_brings_back_the_reason_from_before(agent: Any) -> None:
    NotReadyReasonFactory(key="lunch")
    agents.choose(agent, "NOT_READY", "lunch")
    interaction = desk.dial(agent, CUSTOMER)
    with pytest.raises(NotPossible):
        desk.accept(agent, str(interaction.public_id))
    assert desk.end(agent, str(interaction.public_id)).state == "abandoned"
    assert (agent.state, agent.reason.key) == ("NOT_READY", "lunch")
    assert telephony.tick(timezone.now() + timedelta(minutes=1)) == 0


@pytest.mark.parametrize("number", ["", "hello", "☎", "1" * 61])
def test_what_is_no_number_is_not_dialled(agent: Any, number: str) -> None:
    with pytest.raises(NotPossible) as refusal:
        desk.dial(agent, number)
    assert refusal.value.field == "number"
    assert desk.dial(agent, "204").state == "ringing"


def test_a_service_of_others_cannot_be_dialled_for(agent: Any) -> None:
    ServiceFactory(code="sales")
    for code in ("sales", "unheard-of"):
        with pytest.raises(NotPossible) as refusal:
            desk.dial(agent, CUSTOMER, code)
        assert refusal.value.field == "service"


def test_dialling_during_a_call_is_refused_and_leaves_no_second_call(agent: Any, ringing: str) -> None:
    with pytest.raises(NotPossible, match="Accept or reject it first"):
        desk.dial(agent, CUSTOMER)
    assert Interaction.objects.count() == 1


def test_dialling_without_a_phone_is_refused_until_one_is_chosen(agent: Any) -> None:
    agents.log_in(agent, device="none")
    with pytest.raises(NotPossible, match="without a phone"):
        desk.dial(agent, CUSTOMER)
    agents.log_in(agent, device="softphone")
    assert desk.dial(agent, CUSTOMER).state == "ringing"


def test_a_number_clicked_in_a_record_ties_the_call_to_that_record(agent: Any) -> None:
    account = AccountFactory(name="ServiceNow demo")
    agents.log_in(agent, host_account=account)
    record = {
        "account": str(account.public_id),
        "kind": "sys_user",
        "id": "d0" * 16,
        "title": "Don",
        "url": "https://x",
    }
    interaction = desk.dial(agent, CUSTOMER, record=record)
    assert interaction.records["caller"] == record
    assert interaction.caller["rule"] == "You dialled from Don in ServiceNow demo."
    assert Interaction.objects.get().activity_account == account
    assert told(agent, "interaction")[-1]["caller"]["name"] == "Don"


def test_a_record_of_an_unknown_account_is_left_out_of_the_call(agent: Any) -> None:
    record = {"account": str(uuid4()), "kind": "sys_user", "id": "1", "title": "Don", "url": ""}
    assert desk.dial(agent, CUSTOMER, record=record).records == {}


# -- trying out


def test_a_simulated_call_rings_at_the_agent_who_asked_for_it(agent: Any, settings: Any) -> None:
    settings.DEBUG = True
    interaction = desk.simulate_call(agent, "")
    assert (interaction.state, interaction.agent, agent.state) == ("ringing", agent, "RINGING")
    assert interaction.customer_number == desk.SIMULATED_CALLER


def test_calls_are_simulated_for_demo_users_only(agent: Any, settings: Any) -> None:
    settings.DEBUG = False
    with pytest.raises(NotPossible, match="in the demo only"):
        desk.simulate_call(agent, CUSTOMER)
    agent.user.groups.add(Group.objects.create(name="Demo"))
    assert desk.simulate_call(agent, CUSTOMER).state == "ringing"


def test_a_simulated_call_needs_a_ready_agent_with_a_service(agent: Any, settings: Any) -> None:
    settings.DEBUG = True
    agents.choose(agent, "NOT_READY")
    with pytest.raises(NotPossible, match="Choose Ready first"):
        desk.simulate_call(agent)
    idle = AgentFactory(state="READY")
    with pytest.raises(NotPossible, match="work for no service"):
        desk.simulate_call(idle)
    agents.choose(agent, "READY")
    assert desk.simulate_call(agent).state == "ringing"


# -- the overview


def test_the_overview_has_everything_that_a_desktop_shows_at_its_start(service: Any, agent: Any, ringing: str) -> None:
    agent.team = TeamFactory(name="First line")
    agent.host_account = account = AccountFactory(name="ServiceNow demo")
    agent.save()
    NotReadyReasonFactory(key="lunch", is_break=True)
    ServiceFactory(code="sales")
    AgentFactory(login="other", state="BUSY", extension="300")
    InteractionFactory(agent=agent, state="completed", service=service)
    InteractionFactory(state="ringing")
    overview = desk.overview(agent)
    assert list(overview) == [
        "agent", "state", "interactions", "recents", "reasons", "services", "queues", "directory", "messages",
        "hasLists", "lastEvent", "host", "demo",
    ]  # fmt: skip
    assert overview["agent"] == {
        "login": "agent1",
        "name": str(agent),
        "extension": "201",
        "team": "First line",
        "email": "agent1@example.com",
    }
    assert overview["state"]["state"] == "RINGING"
    assert [shown["id"] for shown in overview["interactions"]] == [ringing]
    assert [shown["state"] for shown in overview["recents"]] == ["completed"]
    assert overview["reasons"] == [{"key": "lunch", "name": "Lunch", "isBreak": True}]
    assert overview["services"] == [{"code": "support", "name": "Customer Support", "media": "voice"}]
    assert {"sales", "support"} <= {each["code"] for each in overview["queues"]}
    assert (overview["directory"][0]["login"], overview["directory"][0]["extension"]) == ("other", "300")
    assert overview["lastEvent"] == agent.desktop_events.count()
    assert overview["host"] == {"account": str(account.public_id), "name": "ServiceNow demo", "provider": "servicenow"}


def test_the_overview_costs_the_same_number_of_queries_however_much_there_is(
    service: Any, agent: Any, django_assert_max_num_queries: Any
) -> None:
    ContactCenter.current()
    account = AccountFactory()
    for _ in range(30):
        InteractionFactory(agent=agent, state="completed", service=service, activity_account=account)
        AgentFactory()
    with django_assert_max_num_queries(16):
        overview = desk.overview(agent)
    assert len(overview["recents"]) == 20


def test_a_refusal_is_in_the_language_of_the_agents_page(agent: Any, ringing: str) -> None:
    with translation.override("ja"):
        with pytest.raises(NotPossible, match="着信中です"):
            desk.dial(agent, "+14155550177")
        with pytest.raises(NotPossible, match="通話はまだ終わっていません"):
            desk.complete(agent, ringing, "", "")
