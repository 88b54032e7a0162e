"""From the accepted telephony event to the event in the agent's stream, at 1, 100 and 1,000 connected desktops.

Baseline in the same run: a bare ASGI stream fed by a bare Redis publish of the same message at the same pace. Both
servers run on uvicorn with the same options; streams, publisher and server are three processes each time."""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from datetime import timedelta
from importlib import import_module

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.report import ms, percentile, ratio, table  # noqa: E402
from contactcenter.models import Agent, Interaction, Service  # noqa: E402
from tests.servers import answers, free_port, stop, wait_for  # noqa: E402

DESKTOPS = (1, 100, 1000)
EVENTS = 600
ID = re.compile(rb"(?:^|\n)id: (\d+)\n")
BACKEND = "django.contrib.auth.backends.ModelBackend"


def main() -> int:
    cookies = fill(max(DESKTOPS))
    rows = []
    for desktops in DESKTOPS:
        ours = measure("product", desktops, cookies)
        bare = measure("bare", desktops, cookies)
        row = [desktops, *(f(p(values)) for values in (ours, bare) for p in (p50, p99) for f in (ms,))]
        rows.append([*row, ratio(p50(ours), p50(bare)), ratio(p99(ours), p99(bare))])
    heads = ["desktops", "p50", "p99", "bare p50", "bare p99", "ratio p50", "ratio p99"]
    print(table("(a) Accepted telephony event to the agent's stream (aim: p99 within 3x at 1,000)", heads, rows))
    return 0


def p50(values: list[float]) -> float:
    return percentile(values, 0.50)


def p99(values: list[float]) -> float:
    return percentile(values, 0.99)


def fill(count: int) -> dict[int, str]:
    """Agents in a call each, and a session cookie for everyone."""
    service = Service.objects.create(name="Bench", code="bench")
    users = get_user_model().objects.bulk_create(
        get_user_model()(username=f"agent{n:04}", password="!unusable") for n in range(count)
    )
    now = timezone.now()
    agents = Agent.objects.bulk_create(
        Agent(user=user, extension=str(1000 + n), state="BUSY", state_since=now) for n, user in enumerate(users)
    )
    Interaction.objects.bulk_create(
        Interaction(
            call_id=f"bench-{agent.pk}",
            state="active",
            service=service,
            agent=agent,
            customer_number="+14155550132",
            customer_e164="+14155550132",
            offered_at=now - timedelta(minutes=1),
            answered_at=now,
            caller={"name": "Don Goodliffe", "rule": "Phone number matches.", "status": "matched", "candidates": []},
        )
        for agent in agents
    )
    return {agent.pk: session_for(agent.user) for agent in agents}


def session_for(user) -> str:
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key


def measure(kind: str, desktops: int, cookies: dict[int, str]) -> list[float]:
    """Latencies in seconds of all events, one uvicorn server for this measurement."""
    app = {"product": "contactcenter.asgi:application", "bare": "benchmarks.bare_stream:app"}[kind]
    port = free_port()
    options = ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning", "--no-access-log"]
    server = subprocess.Popen([sys.executable, "-m", "uvicorn", app, *options])
    try:
        wait_for("the start of uvicorn", lambda: answers(port), 30)
        return asyncio.run(listen_and_publish(kind, port, dict(list(cookies.items())[:desktops])))
    finally:
        stop(server)


async def listen_and_publish(kind: str, port: int, cookies: dict[int, str]) -> list[float]:
    arrivals: dict[tuple[int, int], float] = {}
    last = {agent.pk: agent.last_event_number for agent in await asyncio.to_thread(list, Agent.objects.all())}
    readers = []
    for agent, cookie in cookies.items():
        after = last[agent] if kind == "product" else 0
        opened = asyncio.Event()
        readers.append(asyncio.create_task(read(port, agent, after=after, cookie=cookie, opened=opened, into=arrivals)))
        await asyncio.wait_for(opened.wait(), 30)
    await asyncio.sleep(1)
    accepted = await publish(kind, len(cookies))
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not all(key in arrivals for key in accepted):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    for reader in readers:
        reader.cancel()
    missing = [key for key in accepted if key not in arrivals]
    if missing:
        raise SystemExit(f"{kind}: {len(missing)} of {len(accepted)} events never arrived")
    return [arrivals[key] - moment for key, moment in accepted.items()]


async def read(port: int, agent: int, *, after: int, cookie: str, opened: asyncio.Event, into: dict) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path = f"/agentdesktop/events?after={after}&agent={agent}"
    cookie_line = f"Cookie: {settings.DESKTOP_SESSION_COOKIE_NAME}={cookie}\r\n"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie_line}Accept: text/event-stream\r\n\r\n".encode())
    while chunk := await reader.read(65536):
        now = time.time()
        if not opened.is_set():
            if b" 200 " not in chunk[:20]:
                raise SystemExit(f"the stream of agent {agent} was refused: {chunk[:200]!r}")
            opened.set()
        for number in ID.findall(chunk):
            into[agent, int(number)] = now


async def publish(kind: str, desktops: int) -> dict[tuple[int, int], float]:
    command = [sys.executable, "-m", "benchmarks.publisher", kind, str(desktops), str(EVENTS)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    if process.returncode:
        raise SystemExit(f"the publisher ended with {process.returncode}")
    return {(agent, number): moment for agent, number, moment in map(json.loads, output.splitlines())}


if __name__ == "__main__":
    sys.exit(main())
