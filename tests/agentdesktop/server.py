"""The product's own ASGI application on a database of its own, for browser tests and for trying things by hand:

    VAR_DIR=/tmp/desktop python -m tests.agentdesktop.server 8010

Besides the product it answers `POST /_control/<name>` with JSON: what a test makes happen behind the desktop's back."""

import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.agentdesktop.server_settings")
Path(os.environ["VAR_DIR"]).mkdir(parents=True, exist_ok=True)

import uvicorn  # noqa: E402
from django.core.management import call_command  # noqa: E402

from contactcenter.asgi import application as product  # noqa: E402

POPULATION = ("agent1", "Ana", "Lopez"), ("agent2", "Ben", "Carter"), ("agent3", "Chika", "Sato")


def populate() -> None:
    from tests import factories as make

    call_command("migrate", run_syncdb=True, verbosity=0)
    team = make.TeamFactory(name="Support")
    service = make.ServiceFactory(name="Customer Support", code="support", numbers=["+14155550100"])
    sales = make.ServiceFactory(name="Sales", code="sales", numbers=["+14155550101"])
    for position, (name, is_break) in enumerate((("Lunch", True), ("Meeting", False), ("Paperwork", False))):
        make.NotReadyReasonFactory(key=name.lower(), name=name, is_break=is_break, position=position)
    for name in ("Resolved", "Call back", "Wrong number", "Escalated"):
        make.DispositionFactory(name=name, code=name.lower().replace(" ", "_"))
    for extension, (login, first, last) in enumerate(POPULATION, start=101):
        user = make.UserFactory(username=login, first_name=first, last_name=last)
        make.AgentFactory(user=user, extension=str(extension), team=team, services=[service, sales])
    make.UserFactory(username="visitor")
    if os.environ.get("WITH_ACCOUNT"):
        make.AccountFactory(
            name="ServiceNow demo", is_default=True, properties={"integration_type": "client_credentials"}
        )
        make.AccountFactory(
            name="Zendesk demo",
            provider="zendesk",
            properties={"authorization_type": "client_credentials", "client_id": "demo_zendesk_client"},
            secrets={"client_secret": "demo-zendesk-client-secret", "shared_secret": "demo-zendesk-shared-secret"},
        )
        make.AccountFactory(
            name="Oracle demo",
            provider="oracle_service_cloud",
            properties={"user_name": "integration"},
            secrets={"password": "demo-oracle-password"},
        )


# -- what a test can make happen


def tell(agent: str, kind: str, data: dict[str, Any]) -> dict[str, int]:
    from contactcenter import events

    return {"number": events.tell(_agent(agent), kind, data).number}


def hang_up(agent: str) -> dict[str, bool]:
    """The caller hangs up whatever the agent has at hand."""
    from django.utils import timezone

    from contactcenter import calls
    from contactcenter.models import Interaction

    open_states = ("ringing", "active", "held")
    interaction = Interaction.objects.filter(agent=_agent(agent), state__in=open_states).latest("id")
    event = "abandoned" if interaction.state == "ringing" else "released"
    calls.apply(calls.CallReport(call_id=interaction.call_id, event=event, at=timezone.now()))
    return {"ok": True}


def pick_up(agent: str) -> dict[str, bool]:
    """The far side answers what the agent has dialled."""
    from contactcenter.models import Interaction
    from contactcenter.telephony import line

    line().answer(Interaction.objects.filter(agent=_agent(agent), state="ringing").latest("id"))
    return {"ok": True}


def add_salesforce() -> dict[str, bool]:
    from tests import factories as make

    make.AccountFactory(name="Salesforce demo", provider="salesforce", properties={"consumer_key": "k"})
    return {"ok": True}


def remove_salesforce() -> dict[str, bool]:
    from contactcenter.models import Agent
    from integrations.models import IntegrationAccount

    mine = IntegrationAccount.objects.filter(provider="salesforce")
    Agent.objects.filter(host_account__in=mine).update(host_account=None)
    mine.delete()
    return {"ok": True}


def calling_list(people: list[str]) -> dict[str, int]:
    """A list of the first service with these people, in place of every other one."""
    from contactcenter.models import CallingList, Service
    from tests import factories as make

    CallingList.objects.all().delete()
    if people:
        made = make.CallingListFactory(name="Renewals", service=Service.objects.get(code="sales"))
        for name in people:
            make.ListRowFactory(calling_list=made, name=name, columns={"City": "Rome <b>"})
    return {"people": len(people)}


def list_rows() -> dict[str, list[list[object]]]:
    from contactcenter.models import ListRow

    return {"rows": [list(row) for row in ListRow.objects.order_by("id").values_list("name", "state", "attempts")]}


def log_out(agent: str) -> dict[str, bool]:
    """End all open work and log the agent out, so that every test begins alike."""
    from contactcenter.models import AgentEvent, Interaction, InternalMessage

    mine = _agent(agent)
    InternalMessage.objects.filter(agent=mine).delete()
    Interaction.objects.exclude(state__in=("completed", "abandoned")).update(state="completed")
    AgentEvent.objects.filter(agent=mine).delete()
    fresh = {"state": "LOGGED_OUT", "reason": None, "next_state": "", "next_reason": None, "host_account": None}
    type(mine).objects.filter(pk=mine.pk).update(**fresh)
    return {"ok": True}


def end_sessions() -> dict[str, bool]:
    from django.contrib.sessions.models import Session

    Session.objects.all().delete()
    return {"ok": True}


def stats() -> dict[str, Any]:
    from agentdesktop.stream import listener

    return listener.stats()


def _agent(login: str) -> Any:
    from contactcenter.models import Agent

    return Agent.objects.select_related("user").get(user__username=login)


CONTROLS: dict[str, Callable[..., Any]] = {
    each.__name__: each
    for each in (
        tell,
        hang_up,
        pick_up,
        calling_list,
        list_rows,
        log_out,
        end_sessions,
        stats,
        add_salesforce,
        remove_salesforce,
    )
}


async def application(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
    if scope["type"] != "http" or not scope["path"].startswith("/_control/"):
        await product(scope, receive, send)
        return
    from agentdesktop.stream import in_thread

    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    name = scope["path"].removeprefix("/_control/")
    answer = await in_thread(CONTROLS[name], **json.loads(body or b"{}"))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


if __name__ == "__main__":
    populate()
    uvicorn.run(application, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", timeout_graceful_shutdown=1)
