"""The call that is played: what the person at the screen types, and what a saved run keeps."""

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

LONGEST_TEXT = 4000


class Outcome(StrEnum):
    """What becomes of the call."""

    RELEASED = "released"
    ANSWERED = "answered"
    ABANDONED = "abandoned"
    RINGING = "ringing"


class Fault(StrEnum):
    """What is wrong with the simulated vendors."""

    NONE = ""
    TIMEOUT = "timeout"
    REFUSED = "bad_credentials"
    FORBIDDEN = "missing_permission"
    LIMITED = "rate_limit"
    BROKEN = "server_error"
    PAGE = "html"
    SHAPE = "wrong_shape"


class BadCall(ValueError):
    """The description of a call cannot be used; the text says why, `field` where."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class Call:
    """`number`: who calls, empty for a withheld number. `called`: our number. `service`: a code. `agent`: the log-in of
    the only agent who is ready; empty: nobody is. `page`: the account in whose page the agent's desktop is open. `at`:
    when it arrives, ISO 8601; empty: now. `chosen`: which of several callers the agent takes, from 0. `digits`: what
    the caller presses, one text per question. `reference`: the public id of a real interaction that is played again."""

    number: str = "+14155550132"
    called: str = ""
    service: str = ""
    at: str = ""
    agent: str = ""
    page: str = ""
    outcome: str = Outcome.RELEASED
    chosen: int | None = None
    disposition: str = ""
    notes: str = ""
    digits: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    ring_seconds: int = 5
    talk_seconds: int = 60
    fault: str = Fault.NONE
    reference: str = ""

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "digits": list(self.digits), "outcome": str(self.outcome), "fault": str(self.fault)}

    @classmethod
    def from_json(cls, given: Any) -> "Call":
        """Raises `BadCall`. Unknown names are refused, so that a slip of the pen is not a test that tests nothing."""
        if not isinstance(given, dict):
            raise BadCall("A call is described by names and values.")
        known = {each.name for each in fields(cls)}
        unknown = sorted(set(given) - known)
        if unknown:
            raise BadCall(f"A call has no {unknown[0]!r}. Known: {', '.join(sorted(known))}.", unknown[0])
        call = cls(**{**given, **_typed(given)})
        call.check()
        return call

    def check(self) -> None:
        if self.outcome not in list(Outcome):
            raise BadCall(f"There is no outcome {self.outcome!r}. Known: {', '.join(Outcome)}.", "outcome")
        if self.fault not in list(Fault):
            raise BadCall(f"There is no fault {self.fault!r}. Known: {', '.join(filter(None, Fault))}.", "fault")
        if self.outcome in (Outcome.RELEASED, Outcome.ANSWERED) and not self.agent:
            raise BadCall("Say which agent answers, or let nobody answer.", "agent")
        self.moment()

    def moment(self) -> datetime:
        """When the call arrives; aware. Raises `BadCall`."""
        if not self.at:
            return timezone.now().replace(microsecond=0)
        try:
            found = parse_datetime(self.at)
        except ValueError:
            found = None
        if found is None:
            raise BadCall(f'"{self.at}" is no time. Write for example 2026-03-02T09:30.', "at")
        return found if timezone.is_aware(found) else timezone.make_aware(found)

    @property
    def length(self) -> timedelta:
        return timedelta(seconds=self.talk_seconds)


def _typed(given: dict[str, Any]) -> dict[str, Any]:
    typed: dict[str, Any] = {}
    for name in (
        "number",
        "called",
        "service",
        "agent",
        "page",
        "disposition",
        "notes",
        "reference",
        "fault",
        "outcome",
        "at",
    ):
        if name in given:
            value = given[name]
            if isinstance(value, datetime):  # YAML reads times as such
                value = value.isoformat()
            if not isinstance(value, str) or len(value) > LONGEST_TEXT:
                raise BadCall(f'"{name}" must be a text. Put it between quotation marks.', name)
            typed[name] = value
    for name in ("ring_seconds", "talk_seconds"):
        if name in given and not (type(given[name]) is int and 0 <= given[name] <= 86_400):
            raise BadCall(f'"{name}" must be a whole number of seconds, at most a day.', name)
    variables = given.get("variables", {})
    if not isinstance(variables, dict):
        raise BadCall('"variables" must be names and values.', "variables")
    typed["variables"] = {
        str(name): value if isinstance(value, dict) else str(value) for name, value in variables.items()
    }
    digits = given.get("digits", ())
    if not isinstance(digits, list | tuple):
        raise BadCall('"digits" must be a list, one text per question.', "digits")
    typed["digits"] = tuple(str(each) for each in digits)
    return typed
