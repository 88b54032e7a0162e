"""Saved runs of scenarios as tests: `pytest -p contactcenter.scenarios.pytest_plugin folder/`.

Every file `*.scenario.yaml` (or `.scenario.json`) is one test. It runs in the world that the file describes and needs
no database, no broker, no vendor and no simulator that is running.

After a change that is meant, `--renew-scenarios` writes the files anew: simulators answer again, and what happens
now is what is expected from then on. Read the difference before you keep it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import django
import pytest
from django.apps import apps

SUFFIXES = (".scenario.yaml", ".scenario.yml", ".scenario.json")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew-scenarios", action="store_true", help="write *.scenario.yaml anew instead of comparing with them"
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.name.endswith(SUFFIXES):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


class Failed(Exception):
    """The run is not as it was saved; the text is the report."""


class ScenarioFile(pytest.File):
    def collect(self) -> Iterable[pytest.Item]:
        yield SavedRun.from_parent(self, name=self.path.name.split(".scenario.")[0])


class SavedRun(pytest.Item):
    """One saved run."""

    def runtest(self) -> None:
        if not apps.ready:
            django.setup()
        with _database_allowed(self.config):
            self._run()

    def _run(self) -> None:
        from contactcenter.scenarios.dry_run import saved
        from contactcenter.scenarios.dry_run.calls import BadCall

        try:
            found = saved.from_yaml(self.path.read_text())
            found.setdefault("world", {})
            definition = definition_of(found, self.path)
            if self.config.getoption("--renew-scenarios"):
                self.path.write_text(saved.written(saved.renewed(found, definition)))
                return
            result = saved.check(found, definition)
        except (saved.BadFile, BadCall) as error:
            raise Failed(f"{self.path.name} cannot be run: {error}") from None
        if not result.ok:
            raise Failed(report(found["name"], result.differences, result.story))

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Sentences instead of a traceback of ours."""
        if isinstance(excinfo.value, Failed):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"scenario {self.name}"


def definition_of(found: dict[str, Any], path: Path) -> Any:
    """The scenario of a file: its own, or the one in the file that it names. Raises `BadFile`."""
    from contactcenter.scenarios.dry_run.saved import BadFile

    definition = found.get("definition")
    if not isinstance(definition, str):
        return definition
    try:
        return json.loads((path.parent / definition).read_text())
    except (OSError, ValueError) as error:
        raise BadFile(f'The scenario "{definition}" cannot be read: {error}') from None


def report(name: str, differences: list[str], story: dict[str, Any]) -> str:
    lines = [f'The scenario does not do what "{name}" says any more:', *(f"  - {each}" for each in differences)]
    steps = [card for card in story["cards"] if card["type"] in ("block", "heard")]
    lines += ["", "It went this way:"]
    lines += [f"  {number}. {card['title']} -> {card['exit']}{_reason(card)}" for number, card in enumerate(steps, 1)]
    return "\n".join(lines)


def _reason(card: dict[str, Any]) -> str:
    return f" ({card['error']})" if card["error"] else ""


def _database_allowed(config: pytest.Config) -> Any:
    """pytest-django, where it is used, forbids every database; the one of a dry run is in memory."""
    from contextlib import nullcontext

    try:
        from pytest_django.plugin import blocking_manager_key
    except ImportError:
        return nullcontext()
    blocker = config.stash.get(blocking_manager_key, None)
    return blocker.unblock() if blocker else nullcontext()
