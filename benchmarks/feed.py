"""Workforce feeds of many agents: a picture built from the database, serialised and pushed to a local receiver, beside
`json.dumps` of the same data; CPU and memory of ticks; and the delay from a change to the wire.

BENCH_AGENTS: sizes, separated by commas. BENCH_TICKS: ticks for the memory, per size. BENCH_INTERVALS: intervals of ten
real seconds for the delay."""

import itertools
import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.report import median, ms, percentile, ratio, table  # noqa: E402
from contactcenter.celery import keep_collector_off_the_code  # noqa: E402
from contactcenter.feeds.counters import count_picture  # noqa: E402
from contactcenter.feeds.history import delays  # noqa: E402
from contactcenter.feeds.roster import read_roster  # noqa: E402
from contactcenter.feeds.snapshots import snapshot  # noqa: E402
from contactcenter.models import Agent, FeedState, Service, Team  # noqa: E402
from integrations.capabilities import FeedContext  # noqa: E402
from integrations.models import ApiCall, IntegrationAccount  # noqa: E402
from tests.servers import answers, free_port, stop, wait_for  # noqa: E402

SIZES = [int(size) for size in os.environ.get("BENCH_AGENTS", "10000,50000").split(",")]
TICKS = [int(number) for number in os.environ.get("BENCH_TICKS", "1000,50").split(",")]
INTERVALS = int(os.environ.get("BENCH_INTERVALS", "6"))
INTERVAL = 10.0  # seconds
AHEAD = 2.0  # seconds before a tick in which a line reads who the agents are
NUMBERS = itertools.count(1)
CHANGES = 20  # of agents' states per second, while the delay is measured


# A process of its own, as a receiver is: reads a body, says yes, and hands out the last one.
RECEIVER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    last = b"{}"

    def do_POST(self):
        Receiver.last = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(Receiver.last)))
        self.end_headers()
        self.wfile.write(Receiver.last)

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
"""
# The same over TCP: reads and forgets.
DRAIN = """
import socketserver
import sys

class Drain(socketserver.BaseRequestHandler):
    def handle(self):
        while self.request.recv(1 << 20):
            pass

socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Drain).serve_forever()
"""


def main() -> int:
    keep_collector_off_the_code()  # as a worker does when it is ready
    with listening(RECEIVER) as http, listening(DRAIN) as tcp:
        for size, ticks in zip(SIZES, TICKS, strict=True):
            fill(size)
            print(picture_costs(http), flush=True)
            print(tick_costs(http, tcp, size, ticks), flush=True)
            print(delays_of(tcp, size), flush=True)
    return 0 if ApiCall.objects.exists() else 1


@contextmanager
def listening(program: str) -> Iterator[int]:
    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", program, str(port)])
    wait_for("the start of the receiver", lambda: answers(port))
    try:
        yield port
    finally:
        stop(server)


def account(provider: str, **properties: Any) -> IntegrationAccount:
    """The only account: there is one WFM account at a time."""
    IntegrationAccount.objects.all().delete()
    made = IntegrationAccount(
        name="Bench WFM", provider=provider, properties={"periodic_update_interval": 10, **properties}
    )
    made.save()
    return made


def picture_costs(port: int) -> str:
    """Each step beside the bare serialisation of the same data."""
    provider = account("wfm_http", url=f"http://127.0.0.1:{port}/feed").connect()
    context = FeedContext(sequence=1, interval=INTERVAL)
    picture = snapshot()
    push = median(lambda: provider.push(picture, context))
    build = median(snapshot)
    roster = read_roster()
    states = median(lambda: snapshot(replace(roster, read_at=time.monotonic())))
    whole = median(lambda: provider.push(snapshot(), context))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        body = answer.read()
    data = json.loads(body)
    bare = median(lambda: json.dumps(data))
    rows = [
        ["build", ms(build), ratio(build, bare)],
        ["build, the agents known", ms(states), ratio(states, bare)],
        ["serialise and push", ms(push), ratio(push, bare)],
        ["all three", ms(whole), ratio(whole, bare)],
        ["json.dumps of the same data", ms(bare), "1.00x"],
    ]
    title = f"(b) WFM snapshot of {len(data['agents'])} agents, {len(body) / 1e6:.1f} MB (aim: within 4x)"
    return table(title, ["step", "median", "ratio"], rows)


def tick_costs(http: int, tcp: int, size: int, ticks: int) -> str:
    """CPU of this process per tick, and what its memory does over many ticks."""
    rows = [ticks_of("wfm_http", ticks // 5 or 1, url=f"http://127.0.0.1:{http}/feed")]
    rows.append(ticks_of("wfm_aspect", ticks, host_name="127.0.0.1", port=tcp, agent_id_is="extension"))
    heads = ["feed", "ticks", "CPU of a full", "CPU of a tick", "of it history", "memory before", "after"]
    return table(f"(b2) ticks of {size} agents (aim: a full under 0.5 s of CPU at 10,000, memory flat)", heads, rows)


def ticks_of(provider: str, ticks: int, **properties: Any) -> list[str]:
    made = account(provider, **properties)
    feed = FeedState.objects.create(account=made, due_at=timezone.now(), interval=INTERVAL)
    target: Any = made.connect()
    target = target.open_line() if hasattr(target, "open_line") else target
    spent = {"tick": 0.0, "history": 0.0}

    def tick() -> None:
        picture = snapshot()
        pushed = target.push(picture, FeedContext(next(NUMBERS), INTERVAL))
        spent["history"] += cpu(lambda: count_picture(feed, picture, pushed))

    full = cpu(tick)
    for _ in range(5):
        tick()
    spent["history"] = 0.0
    before = memory()
    for _ in range(ticks):
        spent["tick"] += cpu(tick)
    share = f"{100 * spent['history'] / spent['tick']:.1f} %"
    return [provider, str(ticks), ms(full), ms(spent["tick"] / ticks), share, f"{before:.1f} MB", f"{memory():.1f} MB"]


def delays_of(port: int, size: int) -> str:
    """Changes happen at any time; how long until each is on the wire. Real seconds, a real interval.

    Once with the whole picture read when it is due, and once as lines do it."""
    rows = [
        ["the whole picture when it is due", *delay(port, prepared=False)],
        ["who the agents are before it", *delay(port, prepared=True)],
    ]
    title = f"(b3) from change to wire, {size} agents, every {INTERVAL:.0f} s (aim: p99 under {INTERVAL + 0.5} s)"
    return table(title, ["read", "changes", "p50", "p99", "longest"], rows)


def delay(port: int, *, prepared: bool) -> list[str]:
    properties = {"host_name": "127.0.0.1", "port": port, "agent_id_is": "extension"}
    line: Any = account("wfm_aspect", **properties).connect().open_line()  # type: ignore[attr-defined]
    before = snapshot()
    line.push(before, FeedContext(next(NUMBERS), INTERVAL))
    stopping = threading.Event()
    changing = threading.Thread(target=change_states, args=(stopping,))
    changing.start()
    waited: list[float] = []
    next_tick = time.monotonic() + INTERVAL
    for _ in range(INTERVALS):
        time.sleep(max(0.0, next_tick - AHEAD - time.monotonic()))
        roster = read_roster() if prepared else None
        time.sleep(max(0.0, next_tick - time.monotonic()))
        next_tick += INTERVAL
        picture = snapshot(roster)
        line.push(picture, FeedContext(next(NUMBERS), INTERVAL))
        waited += delays(picture, before.taken_at, timezone.now())
        before = picture
    stopping.set()
    changing.join()
    return [str(len(waited)), *(f"{percentile(waited, share):.2f} s" for share in (0.5, 0.99)), f"{max(waited):.2f} s"]


def change_states(stopping: threading.Event) -> None:
    keys = list(Agent.objects.values_list("pk", flat=True))
    while not stopping.wait(1 / CHANGES):
        state = random.choice(("READY", "BUSY", "ACW"))
        Agent.objects.filter(pk=random.choice(keys)).update(state=state, state_since=timezone.now())
    connections.close_all()


def cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def memory() -> float:
    """Megabytes of this process that are in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def fill(size: int) -> None:
    """Agents up to that number."""
    team = Team.objects.get_or_create(name="Bench")[0]
    services = [Service.objects.get_or_create(name=f"Service {n}", code=f"s{n}")[0] for n in range(10)]
    there = Agent.objects.count()
    users = get_user_model().objects.bulk_create(
        get_user_model()(username=f"agent{n:05}", first_name="Agent", last_name=f"Number {n}")
        for n in range(there, size)
    )
    since = timezone.now() - timedelta(minutes=3)
    agents = Agent.objects.bulk_create(
        Agent(user=user, extension=str(10_000 + n), team=team, state=("READY", "BUSY", "ACW")[n % 3], state_since=since)
        for n, user in enumerate(users, start=there)
    )
    through = Agent.services.through
    through.objects.bulk_create(through(agent_id=a.pk, service_id=services[n % 10].pk) for n, a in enumerate(agents))


if __name__ == "__main__":
    sys.exit(main())
