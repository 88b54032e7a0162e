"""What every simulated vendor has: a name, settings, faults, a memory of requests, and counters.

A new vendor is one module with a subclass of `Simulator` and one line in the list of this package. Nothing
here imports a provider: a simulator written from our own client would agree with its mistakes.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from . import faults
from .recorder import Recorder

LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>Log in</title></head><body><h1>Log in</h1>"
    '<form method="post"><input name="user_name"><input name="user_password" type="password"></form></body></html>'
)


@dataclass(frozen=True)
class Surroundings:
    """Where the other parts of the demo live."""

    desktop_url: str


class BadSetting(ValueError):
    """A switch that does not exist or a value of the wrong type."""


class Simulator(ABC):
    key: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    #: (label, path below the simulator) of the pages for people.
    pages: ClassVar[tuple[tuple[str, str], ...]] = ()
    default_settings: ClassVar[dict[str, Any]] = {}
    default_counts: ClassVar[dict[str, int]] = {}
    extra_faults: ClassVar[tuple[str, ...]] = ()

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.recorder = Recorder(self.secrets)
        self.faults = faults.FaultTable(faults.GENERIC + self.extra_faults)
        self.counts: Counter[str] = Counter()
        self.settings: dict[str, Any] = {}
        self.reset()

    def reset(self) -> None:
        """Back to the seed data, the default settings, no faults and an empty memory."""
        self.settings = copy.deepcopy(self.default_settings)
        self.faults.clear()
        self.recorder.clear()
        self.counts.clear()

    @abstractmethod
    def routes(self) -> list[BaseRoute]:
        """The vendor's own addresses and pages."""

    def listen(self, host: str, port: int) -> bool:
        """Start what does not speak HTTP. `port` is the simulators' own; False when the port after it is taken."""
        return True

    def stop_listening(self) -> None:  # noqa: B027 - most have nothing to end
        """End what `listen` started."""

    def root_routes(self) -> list[BaseRoute]:
        """Addresses that the vendor has at the root of its host and that must not sit below our prefix."""
        return []

    def secrets(self) -> list[str]:
        """Values that must never be shown, under whatever name they travel."""
        return []

    def faults_changed(self) -> None:  # noqa: B027 - most need to know only when a request comes
        """Faults were switched on or off."""

    def may_meet(self, fault: str, path: str) -> bool:
        """Whether this fault makes sense at this path."""
        return True

    def change_settings(self, changes: dict[str, Any]) -> None:
        for name, value in changes.items():
            self._check_setting(name, value)
        for name, value in changes.items():
            self.settings[name] = _merged(self.settings[name], value)

    def _check_setting(self, name: str, value: Any) -> None:
        if name not in self.default_settings:
            raise BadSetting(f"unknown setting {name!r}; there are: {', '.join(sorted(self.default_settings))}")
        wanted = type(self.default_settings[name])
        if wanted is float and type(value) is int:
            return
        if type(value) is not wanted:
            raise BadSetting(f"{name!r} must be of type {wanted.__name__}")

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        """A fault in this vendor's own words; vendors override the ones that they word differently."""
        if fault.name == "html":
            return Response(LOGIN_PAGE, media_type="text/html")
        if fault.name == "wrong_shape":
            return JSONResponse({"unexpected": [1, 2, 3]})
        if fault.name == "redirect":
            return RedirectResponse(str(fault.options.get("location", "https://elsewhere.invalid/login")), 302)
        status, headers = self._generic_status(fault)
        return JSONResponse({"error": fault.name}, status, headers)

    def _generic_status(self, fault: faults.Fault) -> tuple[int, dict[str, str]]:
        if fault.name == "rate_limit":
            return 429, {"Retry-After": str(int(fault.option("retry_after", 5)))}
        if fault.name == "server_error":
            return int(fault.option("status", 500)), {}
        return (403, {}) if fault.name == "missing_permission" else (401, {})


def _merged(old: Any, new: Any) -> Any:
    """Dictionaries are merged key by key, so that one right can be changed without repeating the table."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}
    return copy.deepcopy(new)
