"""Functions that `sysparm_cti_rule` may name.

Each stands for a `sys_script` entry. Only a client-callable one may be named in the address; it sees the
parameters as global values and must set `answer` to the page to open. It may not insert, update or delete: for
that it calls a separate function that is not client callable (ServiceNow docs, CTI).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import rules
from .store import Record

if TYPE_CHECKING:
    from . import ServiceNow


class RuleRefused(Exception):
    """The named function may not be run, or did what it may not do."""


class Globals:
    """What the script sees: the parameters, read access, and `answer`."""

    def __init__(self, simulator: ServiceNow, parameters: dict[str, str]) -> None:
        self._simulator = simulator
        self._parameters = parameters
        self.answer = ""

    def parameter(self, name: str) -> str:
        return self._parameters.get(name, "")

    def find(self, table: str, **values: str) -> Record | None:
        return self._simulator.store.first(table, **values)

    def insert(self, table: str, values: Record) -> Record:
        raise RuleRefused(f"a client-callable function may not insert into {table}; call one that is not")

    def call(self, name: str) -> None:
        """Runs a function that is not client callable, which may write."""
        RULES[name].body(ServerGlobals(self._simulator, self._parameters))


class ServerGlobals(Globals):
    def insert(self, table: str, values: Record) -> Record:
        return rules.insert(self._simulator.store, table, values, "system", lambda text: None)


@dataclass(frozen=True)
class Rule:
    name: str
    client_callable: bool
    explains: str
    body: Callable[[Globals], None]


def _open_newest_interaction(scope: Globals) -> None:
    record = scope.find("interaction", caller_phone_number=scope.parameter("caller_phone"))
    scope.answer = f"interaction.do?sys_id={record['sys_id']}" if record else "interaction_list.do"


def _log_and_list(scope: Globals) -> None:
    scope.call("ctiWriteLog")
    scope.answer = "sn_openframe_phone_log_list.do"


def _write_log(scope: Globals) -> None:
    log = {"call_id": "cti.do", "phone_number": scope.parameter("caller_phone"), "call_type": "inbound"}
    scope.insert("sn_openframe_phone_log", log)


def _write_in_the_wrong_place(scope: Globals) -> None:
    scope.insert("incident", {"short_description": "made by a client-callable rule"})


_ALL = (
    Rule("ctiOpenInteraction", True, "opens the interaction of this phone number", _open_newest_interaction),
    Rule("ctiLogCall", True, "logs the call through another function, opens the phone log", _log_and_list),
    Rule("ctiCreateIncident", True, "writes by itself, which is refused", _write_in_the_wrong_place),
    Rule("ctiWriteLog", False, "writes the phone log; not client callable", _write_log),
)
RULES = {rule.name: rule for rule in _ALL}


def run(simulator: ServiceNow, parameters: dict[str, str]) -> str:
    rule = RULES.get(parameters["cti_rule"])
    if rule is None:
        raise RuleRefused("there is no such function")
    if not rule.client_callable:
        raise RuleRefused("the function is not client callable")
    scope = Globals(simulator, parameters)
    rule.body(scope)
    if not scope.answer:
        raise RuleRefused("the function did not set answer")
    return scope.answer
