"""The engine's own notes in a run's variables, which no scenario can name."""

from typing import Any

MEMORY = "_engine"


class Memory:
    """How often each block ran, where branches and scenarios return to, which accounts do not answer."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self.notes: dict[str, Any] = variables.setdefault(MEMORY, {})

    def visit(self, block: str) -> int:
        """Counts one more visit of the block; the first is 1. Kept with the step, so a replay counts the same."""
        visits = self.notes.setdefault("visits", {})
        visits[block] = visits.get(block, 0) + 1
        return int(visits[block])

    def visits(self, block: str) -> int:
        return int(self.notes.get("visits", {}).get(block, 0))

    # -- branches of a waiting block

    def leave_for_branch(self, block: str, *, final: bool) -> None:
        self.notes["return"] = {"block": block, "final": final}

    def take_return(self) -> tuple[str, bool]:
        """Where the branch that has ended came from, and whether it was the last one. Empty: from nowhere."""
        place = self.notes.pop("return", {})
        return str(place.get("block", "")), bool(place.get("final"))

    # -- the last event that a block with branches has heard; blocks that wait for something else look further

    @property
    def heard(self) -> int:
        return int(self.notes.get("heard", 0))

    def note_heard(self, event_id: int) -> None:
        self.notes["heard"] = event_id

    # -- scenarios that another one has started. Each frame: the version and block that started it, and its return

    @property
    def version_id(self) -> int | None:
        """The version at work; None: the run's own."""
        return self.notes.get("version")

    @property
    def callers(self) -> list[dict[str, Any]]:
        return list(self.notes.get("callers", []))

    def enter(self, version_id: int, block: str) -> None:
        frame = {"version": self.version_id, "block": block, "return": self.notes.pop("return", {})}
        self.notes["callers"] = [*self.callers, frame]
        self.notes["version"] = version_id

    def leave(self) -> str:
        """Back to the scenario that started this one; the block there."""
        *rest, frame = self.callers
        self.notes["callers"], self.notes["version"] = rest, frame["version"]
        self.notes.pop("return", None)
        if frame["return"]:
            self.notes["return"] = frame["return"]
        return str(frame["block"])

    # -- what went wrong

    @property
    def stopped(self) -> str:
        """Why the run was stopped, while the branch of its exception handler runs. Empty: it was not."""
        return str(self.notes.get("stopped", ""))

    def note_stopped(self, reason: str) -> None:
        self.notes["stopped"] = reason

    @property
    def rescues(self) -> int:
        return int(self.notes.get("rescues", 0))

    def note_rescue(self) -> None:
        self.notes["rescues"] = self.rescues + 1

    # -- the agent of the event that started the branch

    @property
    def agent_id(self) -> int | None:
        return self.notes.get("agent")

    def note_agent(self, agent_id: int | None) -> None:
        if agent_id is not None:
            self.notes["agent"] = agent_id

    # -- accounts that did not answer while the caller waits

    def is_away(self, account_id: int) -> bool:
        return account_id in self.notes.get("away", [])

    def note_away(self, account_id: int) -> None:
        self.notes["away"] = sorted({*self.notes.get("away", []), account_id})

    def forget_away(self) -> None:
        self.notes.pop("away", None)

    # -- accounts that a Select Account block chose, by type

    def selected_account(self, account_type: str) -> str:
        return str(self.notes.get("accounts", {}).get(account_type, ""))

    def select_account(self, account_type: str, name: str) -> None:
        self.notes["accounts"] = {**self.notes.get("accounts", {}), account_type: name}

    # -- the conversation with a bot, by account: what it wants back each time

    def bot_state(self, account_id: int) -> dict[str, Any]:
        return dict(self.notes.get("bots", {}).get(str(account_id), {}))

    def note_bot_state(self, account_id: int, state: dict[str, Any]) -> None:
        self.notes["bots"] = {**self.notes.get("bots", {}), str(account_id): state}

    # -- what the next Log block writes down

    @property
    def failure(self) -> dict[str, Any]:
        return dict(self.notes.get("failure", {}))

    def note_failure(self, failure: dict[str, Any]) -> None:
        self.notes["failure"] = failure
