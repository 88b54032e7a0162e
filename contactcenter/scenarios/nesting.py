"""Scenarios that start other scenarios: which version runs, and that none starts itself."""

from collections.abc import Iterator
from typing import Any

from contactcenter.models import Scenario, ScenarioVersion

from .memory import Memory

KIND = "start_another_scenario"
DEEPEST = 5


class CannotStart(Exception):
    """Why the scenario is not started, in words."""


def version_to_start(name: str, memory: Memory, own_version_id: int) -> ScenarioVersion:
    """The latest published version of the scenario. Raises `CannotStart` where there is none, where it is at work
    already (it would start itself without end), and five levels deep."""
    version = latest(name)
    if version is None:
        raise CannotStart(f'There is no published scenario "{name}". Publish it, or correct the name.')
    at_work = [own_version_id, memory.version_id, *(frame["version"] for frame in memory.callers)]
    if Scenario.objects.filter(pk=version.scenario_id, versions__in=[pk for pk in at_work if pk]).exists():
        raise CannotStart(f'The scenario "{name}" is at work already: it would start itself without end.')
    if len(memory.callers) >= DEEPEST:
        raise CannotStart(f"Scenarios start one another {DEEPEST} levels deep at the most.")
    return version


def latest(name: str) -> ScenarioVersion | None:
    versions = ScenarioVersion.objects.select_related("scenario").filter(scenario__name=name)
    return versions.order_by("-number").first()


def started_by(definition: Any) -> set[str]:
    """Names of the scenarios that a definition starts."""
    blocks = definition.get("blocks", []) if isinstance(definition, dict) else []
    return {
        str(block.get("settings", {}).get("scenario", ""))
        for block in blocks
        if isinstance(block, dict) and block.get("kind") == KIND
    } - {""}


def problems(by_key: dict[str, dict[str, Any]], own_name: str) -> Iterator[str]:
    """Scenarios that are not there, and ways that lead back to this one."""
    wanted = started_by({"blocks": list(by_key.values())})
    known = set(Scenario.objects.filter(name__in=wanted).values_list("name", flat=True)) if wanted else set()
    for name in sorted(wanted - known - {own_name}):
        yield f'There is no scenario "{name}" to start.'
    for name in sorted(wanted):
        way = way_to(own_name, name) if own_name else []
        if way:
            yield f"This scenario would start itself without end: {' starts '.join([own_name, *way])}."


def way_to(wanted: str, name: str) -> list[str]:
    """How the latest versions of scenarios lead from `name` to `wanted`; empty where they do not."""
    todo, seen = [[name]], set()
    while todo:
        way = todo.pop()
        if way[-1] == wanted:
            return way
        if way[-1] in seen:
            continue
        seen.add(way[-1])
        version = latest(way[-1])
        todo += [[*way, further] for further in sorted(started_by(version.definition if version else {}))]
    return []
