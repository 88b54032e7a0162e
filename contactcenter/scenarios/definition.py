"""Checks a scenario: {"start": key, "blocks": [{"key", "kind", "title", "settings", "exits"}]}.

What is `unfit` cannot be kept at all, because no screen could show it. `problems` keep it from being published: until
then it is a draft. `warnings` are worth reading. Every sentence names the block as people see it."""

import re
from collections.abc import Iterator
from typing import Any

from integrations.models import IntegrationAccount

from . import nesting
from .blocks import BY_KIND
from .blocks.base import FAILED, NEXT

KEY = re.compile(r"^[a-z][a-z0-9_]{0,59}$")
MOST_BLOCKS = 100
EXCEPTION_HANDLER = "exception_handler"
BlockData = dict[str, Any]


class About(str):
    """A sentence that knows which block it is about, so that a screen can lead there."""

    block: str

    def __new__(cls, block: BlockData, words: str) -> "About":
        sentence = super().__new__(cls, f"{name(block)}{words}")
        sentence.block = str(block.get("key", ""))
        return sentence


def blocks_of(definition: dict[str, Any]) -> dict[str, BlockData]:
    """The blocks by key, of a definition without problems."""
    return {block["key"]: block for block in definition["blocks"]}


def unfit(definition: Any) -> str:
    """Why this cannot even be kept as a draft, in words; empty when it can."""
    shape = _shape(definition)
    if shape:
        return shape
    if not isinstance(definition.get("start", ""), str):
        return "The start must name a block, or be empty."
    blocks = definition["blocks"]
    faults = [sentence for block in blocks for sentence in _block_shape(block)]
    return next(iter(faults or _duplicates(blocks)), "")


def problems(definition: Any, *, scenario: str = "") -> list[str]:
    """What makes the scenario unusable, in words; empty when it can be published. `scenario`: its own name, where it
    has one, to find out whether it would start itself."""
    shape = _shape(definition) or _size(definition["blocks"])
    if shape:
        return [shape]
    blocks = definition["blocks"]
    faults = [sentence for block in blocks for sentence in (*_block_shape(block), *_kind_problems(block))]
    if faults:
        return faults
    by_key = blocks_of(definition)
    return [
        *(sentence for block in blocks for sentence in settings_of(block)[1]),
        *_duplicates(blocks),
        *_start(definition, by_key),
        *_exits(by_key),
        *_handlers(by_key),
        *_unreachable(definition, by_key),
        *_accounts(by_key),
        *nesting.problems(by_key, scenario),
    ]


def warnings(definition: Any, found: list[str] | None = None) -> list[str]:
    """What is legal and probably not meant; empty for a definition that has problems: `found`, where they were looked
    for already."""
    if problems(definition) if found is None else found:
        return []
    by_key = blocks_of(definition)
    said: list[str] = [
        About(block, ': the exit "Failed" is not connected. After a failure the scenario goes on at "Next".')
        for block in by_key.values()
        if not handler(by_key)
        and not is_connected(block, FAILED)
        and BY_KIND[block["kind"]].can_fail(block.get("settings", {}))
    ]
    if not {"connect_call", "start_another_scenario"} & {block["kind"] for block in by_key.values()}:
        said.append("No block connects the call: at the end of the scenario the call is queued without it.")
    return said


def name(block: BlockData) -> str:
    return f'Block "{block.get("title") or block.get("key") or "?"}"'


def is_connected(block: BlockData, exit: str) -> bool:
    return bool(block.get("exits", {}).get(exit))


def handler(blocks: dict[str, BlockData]) -> str:
    """The key of the exception handler; empty without one."""
    return next((key for key, block in blocks.items() if block["kind"] == EXCEPTION_HANDLER), "")


def failed_target(block: BlockData) -> str:
    """Where the Failed exit itself leads; empty where it is not connected."""
    return str(block.get("exits", {}).get(FAILED) or "")


def target(block: BlockData, exit: str) -> str:
    """The block behind an exit; a conditional exit that is not connected leads where "next" leads. Empty: the end."""
    exits = block.get("exits", {})
    if not exits.get(exit) and exit in BY_KIND[block["kind"]].conditional:
        exit = NEXT
    return str(exits.get(exit) or "")


def settings_of(block: BlockData) -> tuple[dict[str, Any], list[str]]:
    """The block's settings as its form cleans them, and what is wrong with them."""
    form_class = BY_KIND[block["kind"]].Settings
    given = block.get("settings", {})
    form = form_class(data=form_class.with_defaults(given))
    errors: list[str] = [About(block, f": there is no setting {key!r}.") for key in given if key not in form.fields]
    if not form.is_valid():
        for key, messages in form.errors.items():
            label = form.fields[key].label or key if key in form.fields else "settings"
            errors += [About(block, f", {label}: {message}") for message in messages]
    return form.cleaned_data, errors


# -- one question each


def _shape(definition: Any) -> str:
    if not isinstance(definition, dict) or not isinstance(definition.get("blocks"), list):
        return 'A scenario is an object with "start" and a list "blocks".'
    if not all(isinstance(block, dict) for block in definition["blocks"]):
        return "Every block is an object."
    return ""


def _size(blocks: list[BlockData]) -> str:
    if not blocks:
        return "The scenario has no blocks."
    if len(blocks) > MOST_BLOCKS:
        return f"The scenario has {len(blocks)} blocks; {MOST_BLOCKS} are possible."
    return ""


def _block_shape(block: BlockData) -> Iterator[str]:
    key = block.get("key")
    if not isinstance(key, str) or not KEY.match(key):
        yield About(block, f": the key {key!r} must be small letters, digits and underscores, beginning with a letter.")
        return
    for part in ("kind", "title"):
        if not isinstance(block.get(part, ""), str):
            yield About(block, f': "{part}" must be a text.')
    for part in ("settings", "exits"):
        if not isinstance(block.get(part, {}), dict):
            yield About(block, f': "{part}" must be an object.')
            return
    for exit, to in block.get("exits", {}).items():
        if not isinstance(to, str):
            yield About(block, f': the exit "{exit}" must name a block, or be empty.')


def _kind_problems(block: BlockData) -> Iterator[str]:
    kind = BY_KIND.get(str(block.get("kind")))
    if kind is None:
        yield About(
            block, f": this version of the program has no kind of block {block.get('kind')!r}. Remove the block."
        )
        return
    exits = block.get("exits", {})
    for exit in exits if isinstance(exits, dict) else ():
        if exit not in kind.exits:
            yield About(block, f": {kind.label} has no exit {exit!r}. Exits: {', '.join(kind.exits)}.")


def _duplicates(blocks: list[BlockData]) -> Iterator[str]:
    keys = [block["key"] for block in blocks]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield f'{keys.count(key)} blocks have the key "{key}". Give every block its own.'


def _start(definition: dict[str, Any], by_key: dict[str, BlockData]) -> Iterator[str]:
    start = definition.get("start")
    if not start:
        yield "The start is not connected to a block."
    elif start not in by_key:
        yield f'The start leads to "{start}", and there is no such block.'


def _exits(by_key: dict[str, BlockData]) -> Iterator[str]:
    for block in by_key.values():
        for exit, to in block.get("exits", {}).items():
            if to and to not in by_key:
                label = BY_KIND[block["kind"]].exits[exit]
                yield About(block, f': the exit "{label}" leads to "{to}", and there is no such block.')


def _handlers(by_key: dict[str, BlockData]) -> Iterator[str]:
    entries = [key for key, block in by_key.items() if BY_KIND[block["kind"]].entry]
    if len(entries) > 1:
        yield f"There are {len(entries)} exception handlers. A scenario has one at the most."
    for block in by_key.values():
        for exit, to in block.get("exits", {}).items():
            if to in entries:
                label = BY_KIND[block["kind"]].exits[exit]
                yield f'{name(block)}: the exit "{label}" leads to the exception handler, which begins by itself.'


def _unreachable(definition: dict[str, Any], by_key: dict[str, BlockData]) -> Iterator[str]:
    start = definition.get("start")
    if start not in by_key:
        return
    seen, todo = set(), [start, *(key for key, block in by_key.items() if BY_KIND[block["kind"]].entry)]
    while todo:
        key = todo.pop()
        if key in by_key and key not in seen:
            seen.add(key)
            todo += [to for to in by_key[key].get("exits", {}).values() if to]
    for key, block in by_key.items():
        if key not in seen:
            yield About(block, " is never reached. Connect an exit to it, or remove it.")


def _accounts(by_key: dict[str, BlockData]) -> Iterator[str]:
    given = {key: block.get("settings", {}).get("account") for key, block in by_key.items()}
    named = {key: account for key, account in given.items() if isinstance(account, str)}
    known = dict(IntegrationAccount.objects.filter(name__in=filter(None, named.values())).values_list("name", "type"))
    for key, account in named.items():
        if account and account not in known:
            yield About(by_key[key], f': there is no integration account "{account}".')
        kind = BY_KIND[by_key[key]["kind"]]
        if account in known and kind.account_type not in ("", known[account]):
            words = f': the account "{account}" is of another type than {kind.label} works with.'
            yield About(by_key[key], words)
