"""A scenario as a file that another installation can read.

    {"format": "contactcenter.scenario", "version": 1, "name": ..., "description": ..., "definition": {...},
     "accounts": [{"name", "type"}], "scenarios": ["name", ...]}

Accounts and other scenarios are named, never carried along: a file holds no secret."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from contactcenter.models import Scenario
from integrations.models import IntegrationAccount

from .blocks import BY_KIND
from .definition import BlockData, unfit
from .settings_fields import AccountField

FORMAT, VERSION = "contactcenter.scenario", 1
LONGEST_FILE = 2_000_000
# The setting by which a block names another scenario.
OTHER_SCENARIO = "scenario"


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    """What was read from a file, checked as far as it can be without this installation."""

    name: str
    description: str
    definition: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Missing:
    """An account that the scenario names and this installation does not have, and the accounts that could stand in."""

    name: str
    type: str
    blocks: list[str]
    candidates: list[str]


def write(name: str, description: str, definition: dict[str, Any]) -> str:
    """The text of the file."""
    accounts = [{"name": account, "type": kind} for account, kind in accounts_of(definition).items()]
    content = {
        "format": FORMAT, "version": VERSION, "name": name, "description": description, "definition": definition,
        "accounts": accounts, "scenarios": scenarios_of(definition),
    }  # fmt: skip
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def read(text: str) -> ScenarioFile:
    """Raises `ValidationError`, in words, for what is no scenario of ours. A bare definition, as the library has them,
    is read as well."""
    if len(text) > LONGEST_FILE:
        raise ValidationError(_("The file is too large to be a scenario."))
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        where = {"line": error.lineno, "column": error.colno, "reason": error.msg}
        raise ValidationError(
            _("This is not JSON: line %(line)s, column %(column)s: %(reason)s."), params=where
        ) from None
    except RecursionError:
        raise ValidationError(_("The file is nested too deeply to be a scenario.")) from None
    if isinstance(content, dict) and "format" not in content and "blocks" in content:
        content = {"format": FORMAT, "version": VERSION, "name": "", "definition": content}
    return _checked(content)


def _checked(content: Any) -> ScenarioFile:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValidationError(_("This file is no exported scenario: it does not say “%s” as its format.") % FORMAT)
    if content.get("version") != VERSION:
        words = _("The file has version %(found)s of the format, and this program reads version %(known)s.")
        raise ValidationError(words, params={"found": content.get("version"), "known": VERSION})
    fault = unfit(content.get("definition"))
    if fault:
        raise ValidationError(fault)
    for part in ("name", "description"):
        if not isinstance(content.get(part, ""), str):
            raise ValidationError(_("“%s” must be a text.") % part)
    return ScenarioFile(content.get("name", "")[:120], content.get("description", ""), content["definition"])


def accounts_of(definition: dict[str, Any]) -> dict[str, str]:
    """Type by name of every account that a block names. The type is empty where the block works with any."""
    return {name: kind for _block, _setting, name, kind in _named_accounts(definition)}


def scenarios_of(definition: dict[str, Any]) -> list[str]:
    """Names of the scenarios that blocks of this one start."""
    named = [
        block["settings"][OTHER_SCENARIO]
        for block in definition["blocks"]
        if OTHER_SCENARIO in _fields(block) and block.get("settings", {}).get(OTHER_SCENARIO)
    ]
    return list(dict.fromkeys(map(str, named)))


def missing_accounts(definition: dict[str, Any]) -> list[Missing]:
    there = list(IntegrationAccount.objects.order_by("name").values_list("name", "type"))
    names = {name for name, _type in there}
    found = []
    for name, kind in accounts_of(definition).items():
        if name in names:
            continue
        blocks = [b.get("title") or b["key"] for b, _s, account, _k in _named_accounts(definition) if account == name]
        found.append(Missing(name, kind, blocks, [other for other, its in there if kind in ("", its)]))
    return found


def missing_scenarios(definition: dict[str, Any]) -> list[str]:
    named = scenarios_of(definition)
    there = set(Scenario.objects.filter(name__in=named).values_list("name", flat=True))
    return [name for name in named if name not in there]


def with_accounts(definition: dict[str, Any], instead: dict[str, str]) -> dict[str, Any]:
    """A copy of the definition with accounts replaced by name. An empty name stands for the default account."""
    changed = copy.deepcopy(definition)
    for block, setting, name, _kind in list(_named_accounts(changed)):
        if name in instead:
            block["settings"][setting] = instead[name]
    return changed


def _fields(block: BlockData) -> dict[str, Any]:
    kind = BY_KIND.get(block.get("kind", ""))
    return dict(kind.Settings.base_fields) if kind else {}


def _named_accounts(definition: dict[str, Any]) -> Iterator[tuple[BlockData, str, str, str]]:
    """Block, setting, name and type of each account that is named."""
    for block in definition["blocks"]:
        for setting, field in _fields(block).items():
            name = block.get("settings", {}).get(setting)
            if isinstance(field, AccountField) and isinstance(name, str) and name:
                yield block, setting, name, BY_KIND[block["kind"]].account_type
