"""Causes agent events at an even pace and prints one line for each: agent, number, moment of acceptance.

`product`: telephony reports carried out by the product's own code; accepted means committed. `bare`: Redis publishes
of a message as long as the product's."""

import json
import os
import random
import sys
import time
import uuid

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
django.setup()

import redis  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.bare_stream import CHANNEL  # noqa: E402
from contactcenter import bell, calls  # noqa: E402
from contactcenter.models import Agent, AgentEvent, Interaction  # noqa: E402

PER_SECOND = 60


def product(agents: list[int], count: int) -> None:
    held = set(Interaction.objects.filter(state="held").values_list("agent_id", flat=True))
    for agent in pace(agents, count):
        event = "resumed" if agent in held else "held"
        held.symmetric_difference_update({agent})
        with transaction.atomic():
            accepted: list[float] = []
            transaction.on_commit(lambda accepted=accepted: accepted.append(time.time()))
            key = uuid.uuid4().hex
            calls.apply(calls.CallReport(call_id=f"bench-{agent}", event=event, at=timezone.now(), key=key))
        tell(agent, Agent.objects.values_list("last_event_number", flat=True).get(pk=agent), accepted[0])


def bare(agents: list[int], count: int) -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    sample = json.loads(bell.message(AgentEvent.objects.filter(kind="interaction").latest("id")))
    numbers = dict.fromkeys(agents, 0)
    for agent in pace(agents, count):
        numbers[agent] += 1
        text = json.dumps({**sample, "agent": agent, "number": numbers[agent]}, separators=(",", ":"))
        accepted = time.time()
        client.publish(CHANNEL, text)
        tell(agent, numbers[agent], accepted)


def pace(agents: list[int], count: int):
    chosen = random.Random(7)
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
        yield chosen.choice(agents)


def tell(agent: int, number: int, accepted: float) -> None:
    print(json.dumps([agent, number, accepted]), flush=True)


if __name__ == "__main__":
    kind, desktops, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    ids = list(Agent.objects.order_by("pk").values_list("pk", flat=True)[:desktops])
    {"product": product, "bare": bare}[kind](ids, count)
