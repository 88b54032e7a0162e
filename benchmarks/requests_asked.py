"""What one request costs: the telephony door, the desktop's overview and commands, two lists of the admin.

Each goes through the whole stack of middleware, in this process. Time is the middle of the rounds; statements are those
of one request more, BEGIN and COMMIT included. `--statements` lists them."""

import os
import statistics
import sys
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
django.setup()

from django.test import Client  # noqa: E402

from benchmarks.report import ms, table  # noqa: E402
from benchmarks.statements import counted  # noqa: E402
from contactcenter import agents, calls  # noqa: E402
from contactcenter.models import Interaction  # noqa: E402
from tests.factories import (  # noqa: E402
    AccountFactory,
    AgentFactory,
    ApiTokenFactory,
    ServiceFactory,
    UserFactory,
)

ACCOUNTS, INTERACTIONS, AGENTS = 100, 100, 20
ROUNDS = 9
PLATFORM = {"Authorization": "Bearer token-bench"}
HOST = {"secure": True, "HTTP_HOST": "bench.example.com"}
numbers = count()


def main() -> int:
    desktop, admin = prepared()
    call = Call(desktop)
    accounts, interactions = "/admin/integrations/integrationaccount/", "/admin/contactcenter/interaction/"
    rows = [
        row("call event offered, to a queue", lambda: offered(f"queued-{next(numbers)}", "alone")),
        row("desktop: overview", lambda: got(desktop, "/agentdesktop/overview")),
        row("desktop: ready", lambda: command(desktop, "state", state="READY"), before=call.away),
        row("call event offered, it rings", call.offer, before=call.over),
        row("desktop: accept", call.accept, before=call.again),
        row("admin: list of accounts", lambda: got(admin, accounts)),
        row("admin: list of interactions", lambda: got(admin, interactions)),
    ]
    print(table("(f) What a request costs", ["request", "time", "statements", "their time"], rows))
    return 0


def row(name: str, work: Callable[[], Any], *, before: Callable[[], Any] | None = None) -> list[object]:
    """`before` makes the situation for each round, which is not measured."""
    waits = []
    for _ in range(ROUNDS):
        if before:
            before()
        began = time.perf_counter()
        work()
        waits.append(time.perf_counter() - began)
    if before:
        before()
    with counted() as statements:
        work()
    if "--statements" in sys.argv:
        print(table(name, ["times", "what", "where"], statements.rows()))
    return [name, ms(statistics.median(waits)), statements.total, ms(statements.seconds)]


class Call:
    """One call after the other at the desktop's agent."""

    def __init__(self, desktop: Client) -> None:
        self.desktop, self.call_id = desktop, ""

    def away(self) -> None:
        command(self.desktop, "state", state="NOT_READY")

    def over(self) -> None:
        """Nothing rings, and the agent is ready for more."""
        if self.call_id:
            calls.apply(calls.CallReport(self.call_id, "abandoned"))
        command(self.desktop, "state", state="READY")

    def offer(self) -> None:
        self.call_id = f"rings-{next(numbers)}"
        offered(self.call_id, "bench")

    def again(self) -> None:
        """The next one rings."""
        interaction = self.interaction()
        if interaction.state == "active":
            calls.apply(calls.CallReport(self.call_id, "released"))
            command(self.desktop, "complete", interaction=str(interaction.public_id), disposition="", notes="")
            self.call_id = ""
        self.over()
        self.offer()

    def accept(self) -> None:
        command(self.desktop, "accept", interaction=str(self.interaction().public_id))

    def interaction(self) -> Interaction:
        return Interaction.objects.get(call_id=self.call_id)


def prepared() -> tuple[Client, Client]:
    """A desktop and an administrator, logged in, among accounts, agents and calls of the past."""
    for number in range(ACCOUNTS):
        AccountFactory(name=f"Account {number}")
    service = ServiceFactory(code="bench")
    ServiceFactory(code="alone")
    AgentFactory.create_batch(AGENTS - 1)
    agent = AgentFactory(login="bench", services=[service])
    ApiTokenFactory(name="bench")
    for number in range(INTERACTIONS):
        offered_in_process(f"past-{number}")
    Interaction.objects.update(state="completed")
    agents.log_in(agent)
    desktop, admin = Client(headers={"Origin": "https://bench.example.com"}), Client()
    desktop.force_login(agent.user)
    admin.force_login(UserFactory(is_staff=True, is_superuser=True))
    desktop.cookies["desktop_session"] = desktop.cookies["sessionid"].value
    return desktop, admin


def offered_in_process(call_id: str) -> None:
    calls.apply(calls.CallReport(call_id, "offered", from_number="+14155550132", service="alone"))


def offered(call_id: str, service: str) -> None:
    body = {"call_id": call_id, "event": "offered", "from": "+14155550132", "service": service}
    sent(Client(), "/api/v1/calls/events", body, PLATFORM)


def command(desktop: Client, name: str, **told: Any) -> None:
    sent(desktop, f"/agentdesktop/commands/{name}", told, {})


def got(client: Client, path: str) -> None:
    answer = client.get(path, **HOST)
    assert answer.status_code == 200, (path, answer.status_code)


def sent(client: Client, path: str, body: dict[str, Any], headers: dict[str, str]) -> None:
    answer = client.post(path, body, content_type="application/json", headers=headers, **HOST)
    assert answer.status_code in (200, 201), (path, answer.status_code, answer.content[:300])


if __name__ == "__main__":
    sys.exit(main())
