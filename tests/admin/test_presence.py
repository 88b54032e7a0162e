"""The account's page of presence: off until it is switched on, rules in plain words, a preview, and the agents."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contactcenter import agents
from contactcenter.models import Agent, AgentPresenceRow, AgentState, PresenceRule, PresenceSync
from contactcenter.presence import sending, watching
from integrations.models import IntegrationAccount
from tests.factories import AccountFactory, AgentCrmUserFactory, AgentFactory, NotReadyReasonFactory, UserFactory
from tests.integrations.providers.conftest import Vendor, make_account, simulators, vendor  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def site(vendor: Callable[[str], Vendor]) -> Vendor:  # noqa: F811 - the fixture above
    return vendor("servicenow")


@pytest.fixture
def account(site: Vendor, transactional_db: None) -> IntegrationAccount:
    made = make_account()
    agent = AgentFactory(login="agent1", user__first_name="Ava", user__last_name="Martin")
    NotReadyReasonFactory(key="lunch", name="Lunch")
    AgentCrmUserFactory(agent=agent, account=made, vendor_id=site.user("agent1")["sys_id"])
    agents.log_in(agent)
    return made


def url(account: IntegrationAccount, more: str = "") -> str:
    return f"/admin/integrations/integrationaccount/{account.pk}/presence/{more}"


def page(console: Client, account: IntegrationAccount, more: str = "") -> str:
    answer = console.get(url(account, more))
    assert answer.status_code == 200
    return str(answer.content.decode())


def press(console: Client, account: IntegrationAccount, what: str) -> str:
    return str(console.post(url(account, f"{what}/"), follow=True).content.decode())


@pytest.fixture
def started(console: Client, account: IntegrationAccount) -> IntegrationAccount:
    press(console, account, "do/start")
    return account


def test_presence_is_off_and_the_page_says_where_to_start(console: Client, account: IntegrationAccount) -> None:
    text = page(console, account)
    assert "Nothing is sent and nothing is taken over until you switch it on" in text and "ready set" in text
    assert not PresenceSync.objects.exists(), "looking at the page makes nothing"


def test_without_a_rule_it_cannot_be_switched_on(console: Client, account: IntegrationAccount) -> None:
    assert "There is no rule yet" in press(console, account, "do/on")
    assert not PresenceSync.objects.filter(enabled=True).exists()


def test_the_ready_set_is_made_for_the_statuses_of_this_crm(console: Client, account: IntegrationAccount) -> None:
    text = press(console, account, "do/start")
    assert "8 rules to start from" in text
    assert "When an agent becomes Ready, the CRM gets Available." in text
    assert "While a call or chat rings, runs or is wrapped up, the CRM gets Away." in text
    assert "When the CRM has Away, the agent becomes Not ready (Lunch)." in text


def test_without_a_known_agent_the_statuses_cannot_be_loaded(console: Client, site: Vendor) -> None:
    assert "No agent has a user in this CRM yet" in press(console, make_account(), "do/load")


def test_a_missing_role_is_told_on_the_page(console: Client, account: IntegrationAccount, site: Vendor) -> None:
    site.settings(awa_enabled=False)
    assert "awa_integration_user" in press(console, account, "do/load")
    site.settings(awa_enabled=True)
    assert "The CRM has these statuses: Available, Away, Offline." in press(console, account, "do/load")


def test_switched_on_a_change_reaches_the_crm_and_off_nothing_does(
    console: Client, started: IntegrationAccount, site: Vendor, settings: Any
) -> None:
    agent = Agent.objects.get()
    press(console, started, "do/on")
    agents.choose(agent, AgentState.READY)
    AgentPresenceRow.objects.update(due_at="2020-01-01T00:00:00Z")
    assert sending.send(started.pk) == 1
    text = page(console, started)
    assert "Nothing waits" in text and "from here" in text
    press(console, started, "do/off")
    agents.choose(agent, AgentState.NOT_READY, "lunch")
    assert not sending.due().exists() and not watching.due().exists()


def test_the_preview_answers_without_changing_anything(console: Client, started: IntegrationAccount) -> None:
    agent = Agent.objects.get()
    lunch = PresenceRule.objects.exclude(reason=None).first().reason  # type: ignore[union-attr]
    text = page(console, started, f"?agent={agent.pk}&becomes=ours:NOT_READY:{lunch.pk}")  # type: ignore[union-attr]
    assert "The CRM would get Away." in text
    status = PresenceSync.objects.get().statuses[0][0]
    text = page(console, started, f"?agent={agent.pk}&becomes=theirs:{status}")
    assert "Ava Martin would become Ready." in text and "not sent back" in text
    agents.change(agent, agents.Trigger.DIAL)
    text = page(console, started, f"?agent={agent.pk}&becomes=theirs:{status}")
    assert "would become Ready when the present work is done" in text
    agent.refresh_from_db()
    assert agent.state == AgentState.BUSY and not AgentPresenceRow.objects.exclude(wanted="").exists()


@pytest.mark.parametrize("asked", ["?agent=999999&becomes=ours:READY:", "?agent=1&becomes=nonsense", "?becomes="])
def test_a_preview_of_nobody_is_a_sentence(console: Client, started: IntegrationAccount, asked: str) -> None:
    assert "Choose an agent and a state from the lists" in page(console, started, asked)


# -- rules


def rule_data(**more: str) -> dict[str, str]:
    values = {"state": "NOT_READY", "reason": "", "from_state": "", "from_reason": "", "condition": "any"}
    return {**values, "their_status": PresenceSync.objects.get().statuses[1][0], "enabled": "on", **more}


def test_a_rule_is_added_changed_moved_switched_and_deleted(console: Client, started: IntegrationAccount) -> None:
    console.post(url(started, "rules/add/out/"), rule_data(from_state="READY"))
    added = PresenceRule.objects.get(from_state="READY")
    assert "When an agent becomes Not ready from Ready, the CRM gets Away." in page(console, started)
    console.post(url(started, f"rules/{added.pk}/"), rule_data(from_state="SUPERVISING"))
    for _ in range(9):
        press(console, started, f"rules/{added.pk}/up")
    assert PresenceRule.objects.filter(direction="out").first() == added
    press(console, started, f"rules/{added.pk}/switch")
    added.refresh_from_db()
    assert (added.from_state, added.enabled) == ("SUPERVISING", False)
    assert "The rule is deleted" in press(console, started, f"rules/{added.pk}/delete")


def test_a_rule_from_the_crm_offers_only_states_that_may_be_set(console: Client, started: IntegrationAccount) -> None:
    for state in ("BUSY", "RINGING", "ACW", "SUPERVISING", ""):
        answer = console.post(url(started, "rules/add/in/"), rule_data(state=state))
        assert answer.status_code == 422
    assert console.post(url(started, "rules/add/in/"), rule_data(state="LOGGED_OUT")).status_code == 302


def test_a_reason_without_not_ready_is_refused_on_the_field(console: Client, started: IntegrationAccount) -> None:
    reason = str(PresenceRule.objects.exclude(reason=None).first().reason_id)  # type: ignore[union-attr]
    answer = console.post(url(started, "rules/add/out/"), rule_data(state="READY", reason=reason))
    assert answer.status_code == 422 and "Only Not ready has reasons" in answer.content.decode()


def test_a_rule_that_can_never_be_used_is_told(console: Client, started: IntegrationAccount) -> None:
    console.post(url(started, "rules/add/out/"), rule_data(state="READY"))
    assert "Never used: a rule above it always comes first" in page(console, started)


# -- settings, agents, rights


def test_the_settings_are_checked(console: Client, started: IntegrationAccount) -> None:
    answer = console.post(url(started), {"poll_seconds": "9999", "changes_per_minute": "1"})
    assert answer.status_code == 422
    assert console.post(url(started), {"poll_seconds": "15", "changes_per_minute": "6"}).status_code == 302
    sync = PresenceSync.objects.get()
    assert (sync.poll_seconds, sync.changes_per_minute) == (15, 6)


def test_trouble_of_an_agent_is_told_in_the_table(console: Client, started: IntegrationAccount) -> None:
    press(console, started, "do/on")
    agent = Agent.objects.get()
    AgentPresenceRow.objects.create(account=started, agent=agent, trouble="<b>No such agent.</b>")
    text = page(console, started)
    assert "&lt;b&gt;No such agent." in text and "Trouble" in text


def test_a_thousand_agents_cost_no_more_queries_than_one(console: Client, started: IntegrationAccount) -> None:
    with CaptureQueriesContext(connection) as few:
        page(console, started)
    for number in range(30):
        AgentFactory(login=f"more{number}")
    with CaptureQueriesContext(connection) as many:
        page(console, started)
    assert len(many) <= len(few)


def test_accounts_without_presence_have_no_page(console: Client) -> None:
    assert console.get(url(AccountFactory(provider="salesforce"))).status_code == 404


def test_who_may_only_look_changes_nothing(client: Client, started: IntegrationAccount) -> None:
    reader = UserFactory(username="reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_integrationaccount"))
    client.force_login(reader)
    assert "Switch on" not in page(client, started)
    for what in ("do/on/", "rules/add/out/", f"rules/{PresenceRule.objects.first().pk}/up/"):  # type: ignore[union-attr]
        assert client.post(url(started, what), rule_data()).status_code == 403
    assert client.post(url(started), {"poll_seconds": "15", "changes_per_minute": "6"}).status_code == 403


def test_buttons_need_a_post(console: Client, started: IntegrationAccount) -> None:
    assert console.get(url(started, "do/on/")).status_code == 405
    assert console.post(url(started, "do/nonsense/")).status_code == 404
