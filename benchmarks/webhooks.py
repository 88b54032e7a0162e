"""10,000 signed messages of a messenger, posted by 16 connections with duplicates, out of order and with 1 % of bad
signatures: stored exactly once each, nothing accepted that is not genuine, answered within the vendor's limit.

Baseline in the same run: the same requests to a bare Django view that inserts one row for each."""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
django.setup()

from benchmarks.report import ms, percentile, ratio, table  # noqa: E402
from integrations.models import InboundEvent, IntegrationAccount  # noqa: E402
from integrations.providers.messenger_line import signature  # noqa: E402
from tests.factories import AccountFactory  # noqa: E402
from tests.servers import answers, free_port, stop, wait_for  # noqa: E402

MESSAGES, CONNECTIONS = 10_000, 16
DUPLICATES, FORGED = MESSAGES // 10, MESSAGES // 100
LIMIT = 2.0  # seconds: LINE's, the shortest of the messengers
SECRET = "bench-channel-secret"
SERVERS = {"product": "contactcenter.wsgi:application", "bare": "benchmarks.bare_webhook:application"}


@dataclass(frozen=True)
class Run:
    seconds: float
    waits: list[float]
    statuses: list[tuple[bool, int]]  # (forged, status)

    @property
    def rate(self) -> float:
        return len(self.waits) / self.seconds


def main() -> int:
    account = AccountFactory(
        provider="messenger_line", name="Bench", properties={}, secrets={"token": "bench", "channel_secret": SECRET}
    )
    posts = shuffled_posts()
    ours = measure("product", account, posts)
    faults = faults_of(account, ours)
    InboundEvent.objects.all().delete()
    bare = measure("bare", account, posts)
    rows = [
        [name, len(run.waits), f"{run.rate:.0f}/s", *(ms(percentile(run.waits, share)) for share in (0.5, 0.99)),
         ms(max(run.waits))]
        for name, run in (("product", ours), ("bare view, one insert", bare))
    ]  # fmt: skip
    heads = ["server", "requests", "rate", "p50", "p99", "longest"]
    print(table(f"(d) Webhooks on {CONNECTIONS} connections (aim: at least 0.4 of bare)", heads, rows))
    print(f"rate: {ratio(ours.rate, bare.rate)} of bare")
    print("\n".join(faults) or f"{MESSAGES} stored once each, {FORGED} forged refused, all within {LIMIT:g} s")
    return 1 if faults else 0


def shuffled_posts() -> list[tuple[bool, bytes, str]]:
    """(forged, body, signature) of every request, in an order of its own each time."""
    genuine = [body_of(f"genuine-{number:05}") for number in range(MESSAGES)]
    forged = [body_of(f"forged-{number:05}") for number in range(FORGED)]
    posts = [(False, body, signature(SECRET, body)) for body in genuine + random.sample(genuine, DUPLICATES)]
    posts += [(True, body, signature("another secret", body)) for body in forged]
    random.shuffle(posts)
    return posts


def body_of(key: str) -> bytes:
    source = {"type": "user", "userId": f"U{key[-3:]}"}
    message = {"id": key, "type": "text", "text": f"Where is my parcel {key}?"}
    event = {"type": "message", "mode": "active", "timestamp": 1764374400000, "source": source,
             "webhookEventId": key, "deliveryContext": {"isRedelivery": False}, "message": message}  # fmt: skip
    return json.dumps({"destination": "Ubot", "events": [event]}).encode()


def measure(kind: str, account: IntegrationAccount, posts: list[tuple[bool, bytes, str]]) -> Run:
    port = free_port()
    options = [
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--log-level",
        "error",
        "--no-access-log",
    ]
    quiet = {**os.environ, "LOG_LEVEL": "ERROR"}
    server = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", SERVERS[kind], *options], env=quiet, stderr=subprocess.DEVNULL
    )
    try:
        wait_for("the start of uvicorn", lambda: answers(port), 30)
        return asyncio.run(post_all(port, f"/integrations/webhooks/{account.public_id}/", posts))
    finally:
        stop(server)


async def post_all(port: int, path: str, posts: list[tuple[bool, bytes, str]]) -> Run:
    waits: list[float] = []
    statuses: list[tuple[bool, int]] = []
    waiting = iter(posts)

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for forged, body, signed in waiting:
            began = time.perf_counter()
            writer.write(request(path, body, signed))
            status = await answer(reader)
            waits.append(time.perf_counter() - began)
            statuses.append((forged, status))
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return Run(time.perf_counter() - began, waits, statuses)


def request(path: str, body: bytes, signed: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-Line-Signature: {signed}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = next(int(line.split(":")[1]) for line in head.split("\r\n") if line.startswith("content-length:"))
    await reader.readexactly(length)
    return int(head.split(" ", 2)[1])


def faults_of(account: IntegrationAccount, run: Run) -> list[str]:
    stored = list(account.inbound_events.exclude(kind="refused").values_list("key", flat=True))
    wrong = [pair for pair in run.statuses if pair[1] != (403 if pair[0] else 200)]
    late = sum(wait > LIMIT for wait in run.waits)
    checks = {
        f"{len(wrong)} requests were answered otherwise than they should: {sorted(set(wrong))}": wrong,
        f"{len(stored)} stored, {len(set(stored))} of them different": len(stored) != MESSAGES,
        "something forged was stored": any("forged" in key for key in stored),
        f"{late} were answered later than {LIMIT:g} s": late,
    }
    return [f"WRONG: {sentence}" for sentence, broken in checks.items() if broken]


if __name__ == "__main__":
    sys.exit(main())
