"""What the recorder knows of phones and agents, and what a command does to it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from . import rules


@dataclass
class Phone:
    """What is known of one phone. `call` is the CALLID of the call on it, "" where none was given."""

    device: str
    in_call: bool = False
    call: str = ""
    agent: str = ""
    values: dict[str, str] = field(default_factory=dict)
    last: str = ""
    since: float = field(default_factory=time.monotonic)
    calls: int = 0


class Phones:
    """`complain` is told what makes no sense; `counts` are the simulator's."""

    def __init__(self, complain: Callable[[str], None], counts: Counter[str]) -> None:
        self.complain, self.counts = complain, counts
        self.known: dict[tuple[str, str], Phone] = {}
        self.agents: dict[str, tuple[str, float]] = {}

    def take(self, kind: str, name: str, values: dict[str, str]) -> int:
        """The RESULTCODE of a call's command."""
        device, instance = next(values[who] for who in rules.WHO if who in values), values.get("CALLINSTANCE", "")
        phone = self.known.setdefault((device, instance), Phone(device))
        phone.last = name
        if kind == "start":
            return self._start(phone, values.get("CALLID", ""))
        if not phone.in_call:
            return self._too_late(kind, name, phone)
        if kind == "update":
            phone.values |= {key: value for key, value in values.items() if key not in rules.ADDRESSED}
        else:
            phone.in_call, phone.since = False, time.monotonic()
        return rules.OK

    def _start(self, phone: Phone, call: str) -> int:
        if phone.in_call and phone.call == call:
            self.counts["repeats"] += 1
            return rules.REPEATED
        if phone.in_call:
            self.complain(f"{phone.device}: call {call!r} starts while {phone.call!r} is on the phone")
        phone.in_call, phone.call, phone.values, phone.since = True, call, {}, time.monotonic()
        phone.calls += 1
        return rules.OK

    def _too_late(self, kind: str, name: str, phone: Phone) -> int:
        if kind == "update" or not phone.calls:
            self.complain(f"{name}: there is no call on {phone.device}")
        else:
            self.counts["repeats"] += 1
        return rules.NOT_IN_CALL

    def log_in(self, agent: str, device: str) -> None:
        self.agents[agent] = (device, time.monotonic())

    def log_out(self, agent: str) -> None:
        self.agents.pop(agent, None)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """For the board: phones in a call first."""
        at = {device: agent for agent, (device, _) in self.agents.items()}
        for phone in sorted(self.known.values(), key=lambda phone: (not phone.in_call, phone.device)):
            age = int(time.monotonic() - phone.since)
            columns = ", ".join(f"{name.lower()}={value}" for name, value in sorted(phone.values.items()))
            state = "In call" if phone.in_call else "On hook"
            agent = at.get(phone.device, "")
            yield (phone.device, phone.call, state, agent, f"{age // 60}:{age % 60:02}", phone.last, columns)
