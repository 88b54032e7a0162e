"""Calls through a scenario on one worker: find the caller by number, create a record, open it, connect. Against the
simulated ServiceNow in a process of its own.

Baseline in the same run: the same HTTP requests, in the same order, made bare with `requests` on one kept connection.
The overhead is what the product adds to them: the wire log, the outbox, steps, leases, routing."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import django
import requests

if TYPE_CHECKING:
    from benchmarks.statements import Statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")


@dataclass
class Bare:
    """One request of the scenario, as the wire log has it."""

    method: str
    url: str
    body: str


@dataclass
class Run:
    waits: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.waits) / sum(self.waits)


CALLS, WARM_UP = 100, 10
ROUNDS = 4
LOOK = {"look_up": "phone", "object_type": "sys_user", "recordset": "caller"}
RECORD = {"state": "new", "type": "phone", "short_description": "Call from $(item.customerPhone)"}
DEFINITION = {
    "start": "find",
    "blocks": [
        {"key": "find", "kind": "servicenow_search", "settings": LOOK, "exits": {"next": "create", "failed": "create"}},
        {
            "key": "create", "kind": "servicenow_create", "exits": {"next": "pop"},
            "settings": {"object_type": "interaction", "id_variable": "made", "values": RECORD},
        },
        {
            "key": "pop", "kind": "servicenow_screen_pop", "exits": {"next": "connect"},
            "settings": {"object_type": "sys_user", "object_id": "$(item.callerId)", "interaction_record": "$(made)"},
        },
        {"key": "connect", "kind": "connect_call", "exits": {}},
    ],
}  # fmt: skip


def main() -> int:
    from tests.servers import answers, free_port, stop, wait_for

    port = free_port()
    os.environ["SIMULATOR_URL"], os.environ["SIMULATOR_PORT"] = f"http://127.0.0.1:{port}", str(port)
    django.setup()
    quiet = {**os.environ, "LOG_LEVEL": "ERROR"}
    simulators = subprocess.Popen([sys.executable, "manage.py", "simulators"], env=quiet, stdout=subprocess.DEVNULL)
    try:
        wait_for("the start of the simulators", lambda: answers(port), 30)
        return measured()
    finally:
        stop(simulators)


def measured() -> int:
    from benchmarks.report import ms, percentile, ratio, table
    from contactcenter.models import ScenarioRun, ScenarioStep

    prepared()
    take(WARM_UP, "warm")
    plain, session = recorded(), signed_in()
    asked = what_is_asked()
    ours, bare = Run(), Run()
    for number in range(ROUNDS):  # turn by turn, so that a busy machine slows both alike
        ours.waits += take(CALLS // ROUNDS, f"round-{number}")
        bare.waits += [timed(session, plain) for _ in range(CALLS // ROUNDS)]
    rows = [
        [name, len(run.waits), f"{run.rate:.0f}/s", *(ms(percentile(run.waits, share)) for share in (0.5, 0.99))]
        for name, run in (("product", ours), (f"bare, {len(plain)} requests", bare))
    ]
    title = "(e) Calls through a scenario on one worker: search, create, pop (aim: at most 1.30x of bare)"
    print(table(title, ["what", "calls", "rate", "p50", "p99"], rows))
    middle = percentile(ours.waits, 0.5), percentile(bare.waits, 0.5)
    print(f"time of a call: {ratio(*middle)} of bare, {ms(middle[0] - middle[1])} more")
    print(f"statements of a call: {asked.total} (BEGIN and COMMIT included), {ms(asked.seconds)} of its time")
    if "--statements" in sys.argv:
        print(table("Statements of a call, in their order", ["times", "what", "where"], asked.rows()))
    failed = ScenarioStep.objects.filter(exit="failed").count() + ScenarioRun.objects.filter(status="failed").count()
    print(f"WRONG: {failed} steps or runs failed" if failed else "every call found its caller and made its record")
    return 1 if failed else 0


def prepared() -> None:
    """An account, and a service whose scenario is `DEFINITION`; nobody is ready, so that every call only waits."""
    from tests.factories import AccountFactory, ScenarioFactory, ServiceFactory

    properties = {"client_id": "demo-client-id-0123456789abcdef", "grant_type": "client_credentials"}
    AccountFactory(
        name="Bench", is_default=True, properties=properties, secrets={"client_secret": "demo-client-secret"}
    )
    scenario = ScenarioFactory(definition=DEFINITION)
    scenario.publish()
    ServiceFactory(code="bench", scenario=scenario)


def take(count: int, name: str) -> list[float]:
    """Seconds that the worker was busy with each call: from its task to the wait for an agent."""
    from contactcenter.scenarios import engine

    waits = []
    for number in range(count):
        run = offered(f"{name}-{number}")
        began = time.perf_counter()
        engine.advance(run)
        waits.append(time.perf_counter() - began)
    return waits


def offered(call_id: str) -> int:
    """A call is reported; the run of its scenario."""
    from contactcenter import calls

    call = calls.CallReport(call_id, "offered", from_number="+14155550132", service="bench")
    return calls.apply(call).run.pk


def what_is_asked() -> "Statements":
    """The statements of one call, which is not among those that are timed."""
    from benchmarks.statements import counted
    from contactcenter.scenarios import engine

    run = offered("counted")
    with counted() as statements:
        engine.advance(run)
    return statements


def recorded() -> list[Bare]:
    """The requests of the last call, in their order."""
    from contactcenter.models import Interaction
    from integrations.models import ApiCall

    last = Interaction.objects.order_by("-pk").first()
    rows = ApiCall.objects.filter(interaction=str(last.public_id) if last else "").order_by("pk")
    return [Bare(row.method, row.url, row.request_body) for row in rows]


def signed_in() -> requests.Session:
    """A session with the credentials that the account signs its requests with."""
    from integrations.models import IntegrationAccount

    provider = IntegrationAccount.objects.get().connect()
    request = requests.Request("GET", provider.base_url).prepare()
    provider.authorise(request)
    session = requests.Session()
    session.trust_env = False
    session.headers.update({"Authorization": request.headers["Authorization"], "Accept": "application/json"})
    return session


def timed(session: requests.Session, plain: list[Bare]) -> float:
    began = time.perf_counter()
    for each in plain:
        kind = {"Content-Type": "application/json"} if each.body else {}
        response = session.request(each.method, each.url, data=each.body or None, headers=kind, timeout=10)
        response.raise_for_status()
        response.json()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
