"""What differs between two definitions, in the words that people see on the screens: blocks by title, settings and
exits by label. Settings that are left out count as their defaults, so that writing a default down is no change."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from django.utils.translation import gettext as _

from .blocks import BY_KIND
from .definition import BlockData

Definition = dict[str, Any]
Change = Literal["added", "removed", "changed"]
EMPTY: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that differs: its label, and how it is on either side."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One block that is new, gone or different. The start of the scenario is a difference without a key."""

    key: str
    title: str
    kind: str
    change: Change
    rows: list[Row] = field(default_factory=list)


def differences(before: Definition, after: Definition) -> list[Difference]:
    """Every difference: the start first, then blocks in the order of `after`, then those that are gone."""
    old, new = _by_key(before), _by_key(after)
    found = [*_start(before, after, old, new)]
    for key, block in new.items():
        rows = list(_rows(old[key], block, old, new)) if key in old else list(_rows_alone(block, new, side="after"))
        if key not in old:
            found.append(_difference(block, "added", rows))
        elif rows:
            found.append(_difference(block, "changed", rows))
    gone = [block for key, block in old.items() if key not in new]
    return [*found, *(_difference(b, "removed", list(_rows_alone(b, old, side="before"))) for b in gone)]


def title_of(block: BlockData) -> str:
    kind = BY_KIND.get(block.get("kind", ""))
    return str(block.get("title") or (kind.label if kind else block.get("key", "")))


def kind_label(block: BlockData) -> str:
    kind = BY_KIND.get(block.get("kind", ""))
    return kind.label if kind else str(block.get("kind", ""))


def _by_key(definition: Definition) -> dict[str, BlockData]:
    return {block["key"]: block for block in definition.get("blocks", [])}


def _difference(block: BlockData, change: Change, rows: list[Row]) -> Difference:
    return Difference(block["key"], title_of(block), kind_label(block), change, rows)


def _start(
    before: Definition, after: Definition, old: dict[str, BlockData], new: dict[str, BlockData]
) -> Iterator[Difference]:
    if before.get("start", "") == after.get("start", ""):
        return
    row = Row(_("Starts at"), _target(before.get("start"), old), _target(after.get("start"), new))
    yield Difference("", _("Start"), "", "changed", [row])


def _rows(before: BlockData, after: BlockData, old: dict[str, BlockData], new: dict[str, BlockData]) -> Iterator[Row]:
    if before.get("kind") != after.get("kind"):
        yield Row(_("Kind of block"), kind_label(before), kind_label(after))
    if title_of(before) != title_of(after):
        yield Row(_("Title"), title_of(before), title_of(after))
    yield from _setting_rows(before, after)
    exits, other = before.get("exits", {}), after.get("exits", {})
    for exit in dict.fromkeys([*exits, *other]):
        if (exits.get(exit) or "") != (other.get(exit) or ""):
            yield Row(exit_label(after, exit), _target(exits.get(exit), old), _target(other.get(exit), new))


def _rows_alone(block: BlockData, blocks: dict[str, BlockData], *, side: Literal["before", "after"]) -> Iterator[Row]:
    """All that is set on a block that only one side has."""
    empty: BlockData = {"key": block["key"], "kind": block.get("kind"), "title": block.get("title")}
    pair = (block, empty) if side == "before" else (empty, block)
    yield from _setting_rows(*pair)
    for exit, to in block.get("exits", {}).items():
        if to:
            words = _target(to, blocks)
            yield Row(exit_label(block, exit), *((words, "") if side == "before" else ("", words)))


def _setting_rows(before: BlockData, after: BlockData) -> Iterator[Row]:
    old, new = _settings(before), _settings(after)
    for name in dict.fromkeys([*old, *new]):
        if _same(old.get(name), new.get(name)):
            continue
        yield Row(setting_label(after, name), in_words(before, name, old), in_words(after, name, new))


def _settings(block: BlockData) -> dict[str, Any]:
    kind = BY_KIND.get(block.get("kind", ""))
    given: dict[str, Any] = block.get("settings", {})
    return kind.Settings.with_defaults(given) if kind else given


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or (one in EMPTY and other in EMPTY)


def exit_label(block: BlockData, exit: str) -> str:
    kind = BY_KIND.get(block.get("kind", ""))
    label = kind.exits.get(exit, exit) if kind else exit
    return _("Exit “%s”") % label


def setting_label(block: BlockData, name: str) -> str:
    kind = BY_KIND.get(block.get("kind", ""))
    fields = kind.Settings.base_fields if kind else {}
    label = str(fields[name].label or "") if name in fields else ""
    return label or name.replace("_", " ").capitalize()


def in_words(block: BlockData, name: str, settings: dict[str, Any]) -> str:
    """A value as the form shows it: the words of a choice, one line for each field of a record."""
    value = settings.get(name)
    kind = BY_KIND.get(block.get("kind", ""))
    choices = dict(getattr((kind.Settings.base_fields if kind else {}).get(name), "choices", None) or ())
    if isinstance(value, str | int) and value in choices:
        return str(choices[value])
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return "\n".join(f"{key} = {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return "\n".join(map(_plain, value))
    return str(value)


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _target(key: Any, blocks: dict[str, BlockData]) -> str:
    if not key:
        return _("not connected")
    return title_of(blocks[key]) if key in blocks else str(key)
