"""An administrator who is logged in, and a contact centre with one of everything."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contactcenter.models import (
    ContactCenter,
    FeedState,
    Interaction,
    InteractionEvent,
    OutboxEntry,
    Report,
    Scenario,
    ScenarioRun,
    ScenarioStep,
)
from contactcenter.reports import runs, schedule
from integrations import providers
from integrations.models import Health, IntegrationAccount
from integrations.providers.base import Provider
from tests.factories import (
    AccountFactory,
    AdminFactory,
    AgentCrmUserFactory,
    AgentFactory,
    ApiCallFactory,
    ApiTokenFactory,
    ContactFactory,
    DispositionFactory,
    InboundEventFactory,
    InteractionFactory,
    ListRowFactory,
    NotReadyReasonFactory,
    OAuthTokenFactory,
    ServiceFactory,
    TeamFactory,
)

CANARY = "canary-client-secret-4711"
DEFINITION = {
    "start": "note",
    "blocks": [
        {
            "key": "note",
            "kind": "log",
            "title": "Note the call",
            "settings": {"message": "hello"},
            "exits": {"next": "wait"},
        },
        {"key": "wait", "kind": "connect_call", "title": "Connect it", "settings": {}, "exits": {}},
    ],
}


@pytest.fixture
def admin(db: None) -> Any:
    return AdminFactory(username="admin", first_name="Ada", last_name="Ministra")


@pytest.fixture
def console(client: Client, admin: Any) -> Client:
    """A browser without scripts, logged in as an administrator."""
    client.force_login(admin)
    return client


@pytest.fixture
def signed_in(transactional_db: None, admin: Any) -> Client:
    """Its session is that of a real browser, which sees what is committed."""
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def register_provider() -> Any:
    """`register_provider(MyProvider)`: known for the length of the test."""
    found = providers.registry()
    before = dict(found)

    def add(provider: type[Provider]) -> type[Provider]:
        found[provider.key] = provider
        return provider

    yield add
    found.clear()
    found.update(before)


def account_url(account: IntegrationAccount, what: str = "change/") -> str:
    return f"/admin/integrations/integrationaccount/{account.pk}/{what}"


@pytest.fixture
def posted() -> Callable[..., dict[str, Any]]:
    """What a browser sends for a ServiceNow account that is filled in, with some values replaced."""

    def data(**changes: Any) -> dict[str, Any]:
        values = {
            "name": "My ServiceNow",
            "enabled": "on",
            "simulated": "on",
            "client_id": "client-1",
            "client_secret": CANARY,
            "instance_url": "https://dev12345.service-now.com",
            "grant_type": "client_credentials",
            "user_name": "",
            "password": "",
            "agent_map_key": "email",
            "related_table": "incident",
            "close_on_release": "on",
            "activity_record": "interaction",
            "default_country": "US",
            "screen_pop": "form",
            "cti_view": "",
            "cti_rule": "",
            "record_url_pattern": "/nav_to.do?uri={table}.do%3Fsys_id%3D{sys_id}",
            "workspace_url_pattern": "/now/workspace/agent/record/{table}/{sys_id}",
            **changes,
        }
        return {name: value for name, value in values.items() if value is not None}

    return data


@dataclass
class World:
    account: IntegrationAccount
    orphan: IntegrationAccount
    interaction: Interaction
    scenario: Scenario
    entry: OutboxEntry
    objects: dict[str, Any]


@pytest.fixture
def world(db: None) -> World:
    """One of everything, with the awkward cases: no name, markup in what vendors say, a link that is a script."""
    now = timezone.now()
    account = AccountFactory(
        name="ServiceNow demo", is_default=True, secrets={"client_secret": CANARY}, health=Health.FAILING,
        health_message="The integration user may not read <b>incident</b>.", health_changed_at=now, last_error_at=now,
        properties={"client_id": "client-1", "grant_type": "client_credentials"},
    )  # fmt: skip
    OAuthTokenFactory(account=account, access="canary-access-token", refresh="canary-refresh-token")
    orphan = AccountFactory(name="Old thing")
    IntegrationAccount.objects.filter(pk=orphan.pk).update(provider="vanished")
    FeedState.objects.create(account=account, due_at=now, sent=4, failed=1, last_error="away", consecutive_failures=1)
    scenario = Scenario.objects.create(name="Inbound", definition=DEFINITION)
    version = scenario.publish()
    service = ServiceFactory(name="Support", numbers=["+14155550100"], scenario=scenario)
    agent = AgentFactory(
        login="agent1", services=[service], state="NOT_READY", reason=NotReadyReasonFactory(key="lunch")
    )
    AgentCrmUserFactory(agent=agent, account=account)
    interaction = interaction_with_story(service, agent, account, version)
    entry = OutboxEntry.objects.create(
        idempotency_key="k1", account=account, interaction=interaction, record_key="1:x", operation="activity",
        payload={"ref": {"kind": "interaction", "id": "1"}}, status=OutboxEntry.Status.STUCK, due_at=now,
        last_error="May not write.", last_cause="no_permission",
    )  # fmt: skip
    objects = {
        "integrations/integrationaccount": account,
        "integrations/apicall": call_of(account, interaction),
        "integrations/inboundevent": InboundEventFactory(account=account),
        "contactcenter/interaction": interaction,
        "contactcenter/contact": ContactFactory(phones=["+14155550132"]),
        "contactcenter/outboxentry": entry,
        "contactcenter/report": report_with_run(),
        "contactcenter/service": service,
        "contactcenter/scenario": scenario,
        "contactcenter/disposition": DispositionFactory(),
        "contactcenter/callinglist": (row := ListRowFactory(name="Ann Lee", columns={"City": "Rome"})).calling_list,
        "contactcenter/listrow": row,
        "contactcenter/agent": agent,
        "contactcenter/team": TeamFactory(name="Berlin"),
        "contactcenter/notreadyreason": agent.reason,
        "contactcenter/agentstatechange": agent.state_changes.get(),
        "contactcenter/apitoken": ApiTokenFactory(name="Telephone system"),
        "contactcenter/contactcenter": ContactCenter.current(),
        "auth/user": agent.user,
    }
    return World(account, orphan, interaction, scenario, entry, objects)


def report_with_run() -> Report:
    """One that goes to a server whose key waits to be accepted, and was made once."""
    report = Report(name="Queues", account_name="demo", mode="daily")
    schedule.begin(report)
    report.save()
    report.targets.create(kind="sftp", host="files.example.com", user_name="reports", seen_host_key="ssh-ed25519 AAAA")
    yesterday = timezone.now().date() - timedelta(days=1)
    runs.ask(report, yesterday, yesterday, "admin", deliver=True)
    runs.work()
    return report


def interaction_with_story(service: Any, agent: Any, account: IntegrationAccount, version: Any) -> Interaction:
    start = timezone.now() - timedelta(minutes=5)
    interaction = InteractionFactory(
        service=service, agent=agent, state="completed", offered_at=start, answered_at=start + timedelta(seconds=9),
        ended_at=start + timedelta(seconds=90), completed_at=start + timedelta(seconds=99),
        caller={
            "name": "Don <Goodliffe>", "rule": "Phone number matches +1 415 555 0132", "query": "phone=4155550132",
            "candidates": [{"name": "Don", "account": str(account.public_id), "kind": "user", "id": "1", "url": ""}],
        },
        records={"related": [{"account": str(account.public_id), "kind": "incident", "id": "1", "title": "INC1",
                              "url": "javascript:alert(1)"}]},
    )  # fmt: skip
    for kind in ("offered", "ringing", "answered", "released", "completed", "something_new"):
        InteractionEvent.objects.create(interaction=interaction, kind=kind, key=kind, at=start, agent=agent)
    run = ScenarioRun.objects.create(interaction=interaction, version=version, status="finished")
    ScenarioStep.objects.create(run=run, number=1, block="note", kind="log", settings={"text": "hello"}, exit="next")
    return interaction


def call_of(account: IntegrationAccount, interaction: Interaction) -> Any:
    """The latest of two, so that there is a success to compare it with; below the account's own address."""
    url = f"{account.simulator_url}/api/now/table/sys_user"
    ApiCallFactory(account=account, simulated=True, url=f"{url}?sysparm_limit=1", response_body='{"result": [{}]}')
    return ApiCallFactory(
        url=f"{url}?sysparm_limit=2",
        account=account, interaction=str(interaction.public_id), simulated=True, purpose="Look up caller",
        request_body='{"note": "<script>alert(1)</script>"}', response_body='{"result": []}',
    )  # fmt: skip
