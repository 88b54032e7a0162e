"""What the doctor says about an account: how far the connection came, what broke, what it means, who acts."""

from dataclasses import dataclass
from typing import Any

from ..errors import Cause, Stage

YOU = "you"
THEIR_ADMINISTRATOR = "the vendor's administrator"
VENDOR = "the vendor"
NETWORK = "your network"


@dataclass(frozen=True, slots=True)
class Passed:
    """One check that went well. `identity` is who we are logged in as, from the check that found out."""

    stage: Stage
    text: str
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """What a cause means, who acts (one of the four above), the next step, and what to click, in order."""

    meaning: str
    who: str
    next_step: str
    clicks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The doctor's answer. `came_back` is what was seen, `forward` a message ready to send to the one who acts."""

    ok: bool
    message: str
    stage: Stage | None = None
    cause: Cause = Cause.OK
    came_back: str = ""
    meaning: str = ""
    who: str = ""
    next_step: str = ""
    clicks: tuple[str, ...] = ()
    forward: str = ""
    identity: str = ""
    passed: tuple[Passed, ...] = ()

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """The steps as a small table (stage, outcome): what passed, then what failed."""
        rows = [(step.stage.value, step.text) for step in self.passed]
        return tuple(rows if self.ok or self.stage is None else [*rows, (self.stage.value, self.message)])

    def to_json(self) -> dict[str, Any]:
        """The object that `test_account` and `run_action` print."""
        return {
            "ok": self.ok,
            "message": self.message,
            "stage": self.stage.value if self.stage else "",
            "cause": self.cause.value,
            "who": self.who,
            "next_step": self.next_step,
            "identity": self.identity,
        }
