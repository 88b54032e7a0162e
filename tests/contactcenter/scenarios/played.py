"""Playing one block in front of a connected call, and looking at what it did."""

from typing import Any

from contactcenter.models import Interaction, ScenarioStep
from contactcenter.scenarios.blocks import BY_KIND
from tests.contactcenter import flow
from tests.contactcenter.flow import block
from tests.factories import AgentFactory

CONNECT = block("connect", "connect_call")


def offered(*blocks: dict[str, Any], call: dict[str, Any] | None = None, **agent: Any) -> Interaction:
    """A call that arrives at a service with this scenario; CONNECT stands at the end."""
    service = flow.service(flow.flow(*blocks, CONNECT))
    AgentFactory(**{"login": "agent1", "state": "READY", "services": [service], **agent})
    return flow.play("offered", **(call or {}))


def before(**variables: str) -> list[dict[str, Any]]:
    """Blocks that set variables, each leading to the next and the last one to the block "one"."""
    names = list(variables)
    return [
        block(
            f"set{number}", "set_variable", {"name": name, "value": variables[name]},
            next=f"set{number + 1}" if number + 1 < len(names) else "one",
        )
        for number, name in enumerate(names)
    ]  # fmt: skip


def one(kind: str, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """The block "one" with every exit connected to the call's connection."""
    return block("one", kind, settings, **dict.fromkeys(BY_KIND[kind].exits, "connect"))


def step_of(interaction: Interaction, key: str = "one") -> ScenarioStep:
    return flow.run_of(interaction).steps.filter(block=key).order_by("number").last()


def play_one(
    kind: str, settings: dict[str, Any] | None = None, *, call: dict[str, Any] | None = None, **variables: str
) -> ScenarioStep:
    """The last recorded step of one block; whatever it does, the call rings."""
    interaction = offered(*before(**variables), one(kind, settings), call=call)
    assert interaction.state == "ringing"
    return step_of(interaction)
