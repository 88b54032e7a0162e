"""The faults that can be switched on, and the table that decides which request meets one.

`PUT /<key>/_faults` fills the table; the header `X-Simulate-Fault: name` asks for a fault on one request only.
What a fault looks like in a vendor's own words (error body, status) is decided by the vendor's module; this
module knows only names, counts, times and paths.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# The vendor refuses in its own words.
VENDOR_FAULTS = (
    "bad_credentials",
    "expired_token",
    "revoked_token",
    "missing_permission",
    "rate_limit",
    "server_error",
    "html",
    "wrong_shape",
    "redirect",
)
# The connection misbehaves; `silent`: the machine behind it has vanished (see `silence`).
WIRE_FAULTS = ("reset", "hang", "half_close", "silent")
# The vendor answers, but late or not wholly.
ANSWER_FAULTS = ("slow", "truncated")
GENERIC = VENDOR_FAULTS + WIRE_FAULTS + ANSWER_FAULTS

HEADER = "x-simulate-fault"


class BadFault(ValueError):
    """A fault that cannot be switched on; the message says why."""


@dataclass
class Fault:
    name: str
    times: int | None = None
    seconds: float | None = None
    path: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    until: float | None = None

    def live(self) -> bool:
        return self.times != 0 and (self.until is None or time.monotonic() < self.until)

    def option(self, name: str, default: float) -> float:
        return float(self.options.get(name, default))

    def as_json(self) -> dict[str, Any]:
        left = None if self.until is None else round(max(0.0, self.until - time.monotonic()), 1)
        return {
            "fault": self.name,
            "times": self.times,
            "seconds": left,
            "path": self.path,
            "options": self.options,
        }


class FaultTable:
    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self._faults: list[Fault] = []

    def replace(self, entries: Any) -> None:
        self._faults = [self._parse(entry) for entry in (entries if isinstance(entries, list) else [entries])]

    def clear(self) -> None:
        self._faults = []

    def active(self) -> list[Fault]:
        self._faults = [fault for fault in self._faults if fault.live()]
        return self._faults

    def named(self, name: str) -> Fault:
        if name not in self.names:
            raise BadFault(f"unknown fault {name!r}")
        return Fault(name)

    def met_by(self, headers: Mapping[str, str], path: str, may_meet: Any) -> Fault | None:
        """What a request meets: the fault that it asks for itself, or the next of the table. Raises `BadFault`."""
        name = headers.get(HEADER)
        return self.named(name) if name else self.take(path, may_meet)

    def take(self, path: str, may_meet: Any) -> Fault | None:
        """The first live fault for this path; one of its times is used up."""
        for fault in self.active():
            if path.startswith(fault.path) and may_meet(fault.name, path):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def _parse(self, entry: Any) -> Fault:
        if not isinstance(entry, dict) or not isinstance(entry.get("fault"), str):
            raise BadFault('each entry is an object with a "fault" name')
        unknown = set(entry) - {"fault", "times", "seconds", "path", "options"}
        if unknown:
            raise BadFault(f"unknown key {sorted(unknown)[0]!r}")
        fault = self.named(entry["fault"])
        fault.times = _positive(entry.get("times"), "times", int)
        fault.seconds = _positive(entry.get("seconds"), "seconds", float)
        fault.path = str(entry.get("path") or "")
        fault.options = dict(entry.get("options") or {})
        fault.until = None if fault.seconds is None else time.monotonic() + fault.seconds
        return fault


def _positive(value: Any, name: str, kind: type[int] | type[float]) -> Any:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        raise BadFault(f"{name!r} is a positive number or null")
    return kind(value)
