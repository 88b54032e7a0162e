"""What a saved run holds on to: the facts of a story that must stay equal, and in words where they do not."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t

from .answers import is_token, neutral

JSONDict = dict[str, Any]
EXITS, REQUESTS, WRITES, POPS, VARIABLES = "exits", "requests", "writes", "pops", "variables"
KINDS: dict[str, Any] = {
    EXITS: _t("The way through the blocks: which blocks, by which exits"),
    REQUESTS: _t("The requests to vendors: method, address, body"),
    WRITES: _t("What is written and who is rung: outbox, mails, messages, agents"),
    POPS: _t("What opens in front of the agent"),
    VARIABLES: _t("The variables at the end"),
}
# Variables hold whole answers of vendors, so a test that compares them breaks for reasons nobody means.
DEFAULT = (EXITS, REQUESTS, WRITES, POPS)
MOST_SENTENCES = 20
LONGEST_SHOWN = 120


def facts_of(story: JSONDict) -> JSONDict:
    """The facts of every kind, as JSON."""
    blocks = [card for card in story["cards"] if card["type"] in ("block", "heard")]
    found = {
        EXITS: [{"block": c["key"], "title": c["title"], "exit": c["exit"], "error": c["error"]} for c in blocks],
        REQUESTS: [_request(each) for each in story["recordings"] if not is_token(each.get("purpose", ""))],
        WRITES: [each for card in story["cards"] for each in _writes(card)],
        POPS: [pop for card in story["cards"] for pop in card.get("pops", [])],
        VARIABLES: story["variables"],
    }
    return dict(neutral(found))


def _request(recorded: JSONDict) -> JSONDict:
    return {name: recorded.get(name, "") for name in ("account", "method", "path", "body")}


def _writes(card: JSONDict) -> Iterator[JSONDict]:
    for write in card.get("writes", []):
        if not write["again"]:
            yield {"what": write["operation"], "where": write["account"], "data": write["payload"]}
    for rows in card.get("rows", []):
        for row in rows["added"]:
            yield {"what": "row", "where": rows["table"], "data": row}
    for rang in card.get("rang", []):
        yield {"what": rang["what"], "where": rang["login"], "data": {}}


# -- compared


def differences(expected: JSONDict, actual: JSONDict, kinds: list[str]) -> list[str]:
    """Sentences, the most telling first; empty when everything of these kinds is as it was."""
    found = [
        sentence for kind in KINDS if kind in kinds for sentence in COMPARED[kind](expected.get(kind), actual[kind])
    ]
    more = len(found) - MOST_SENTENCES
    return [*found[:MOST_SENTENCES], *([_("... and %d more.") % more] if more > 0 else [])]


def _exits(expected: Any, actual: list[JSONDict]) -> Iterator[str]:
    """Only the first difference: what follows it follows from it."""
    expected = expected or []
    for number, (was, now) in enumerate(zip(expected, actual, strict=False), 1):
        if was["block"] != now["block"]:
            yield _('Step %(n)d was "%(was)s" and is now "%(now)s".') % {
                "n": number, "was": was["title"], "now": now["title"],
            }  # fmt: skip
            return
        if was["exit"] != now["exit"]:
            reason = f" {now['error']}" if now["error"] else ""
            yield _('Step %(n)d, "%(title)s", left by "%(was)s" and now leaves by "%(now)s".') % {
                "n": number, "title": now["title"], "was": was["exit"], "now": now["exit"],
            } + reason  # fmt: skip
            return
    if len(expected) > len(actual):
        yield _('The run now ends after step %(n)d; "%(title)s" came next.') % {
            "n": len(actual), "title": expected[len(actual)]["title"],
        }  # fmt: skip
    elif len(actual) > len(expected):
        yield _('The run went to its end after step %(n)d; now "%(title)s" comes next.') % {
            "n": len(expected), "title": actual[len(expected)]["title"],
        }  # fmt: skip


def _requests(expected: Any, actual: list[JSONDict]) -> Iterator[str]:
    yield from _listed(_("Request"), expected or [], actual, _request_title)


def _request_title(request: JSONDict) -> str:
    return f"{request['method']} {cut(request['path'])}"


def _written(expected: Any, actual: list[JSONDict]) -> Iterator[str]:
    yield from _listed(_("Write"), expected or [], actual, lambda each: f"{each['what']} {each['where']}".strip())


def _popped(expected: Any, actual: list[JSONDict]) -> Iterator[str]:
    yield from _listed(_("Screen pop"), expected or [], actual, lambda each: str(each.get("title") or each.get("url")))


def _listed(word: str, expected: list[JSONDict], actual: list[JSONDict], title: Callable[[Any], str]) -> Iterator[str]:
    for number in range(max(len(expected), len(actual))):
        place = {"word": word, "n": number + 1}
        if number >= len(actual):
            yield _("%(word)s %(n)d is missing: %(title)s.") % {**place, "title": title(expected[number])}
        elif number >= len(expected):
            yield _("%(word)s %(n)d is new: %(title)s.") % {**place, "title": title(actual[number])}
        elif expected[number] != actual[number]:
            for path, was, now in changes(expected[number], actual[number]):
                yield _("%(word)s %(n)d (%(title)s), %(path)s: was %(was)s, is %(now)s.") % {
                    **place, "title": title(actual[number]), "path": path, "was": was, "now": now,
                }  # fmt: skip


def _variables(expected: Any, actual: JSONDict) -> Iterator[str]:
    for path, was, now in changes(expected or {}, actual):
        yield _("Variable %(path)s: was %(was)s, is %(now)s.") % {"path": path, "was": was, "now": now}


def changes(was: Any, now: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Where two JSON values differ: path, the value before, the value after, both short. Texts that are JSON are
    compared as what they are."""
    was, now = _parsed(was), _parsed(now)
    if was == now:
        return
    if isinstance(was, dict) and isinstance(now, dict):
        for name in sorted({*was, *now}, key=str):
            yield from changes(was.get(name), now.get(name), f"{path}.{name}".lstrip("."))
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for number, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from changes(one, other, f"{path}[{number}]")
    else:
        yield path or _("value"), *_apart(was, now)


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _apart(was: Any, now: Any) -> tuple[str, str]:
    """Two values, long ones cut so that the place where they part can be seen."""
    one, other = _words(was), _words(now)
    same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, same - LONGEST_SHOWN // 2)
    return cut(one, start), cut(other, start)


def _words(value: Any) -> str:
    return _("nothing") if value is None else f'"{value}"'


def cut(text: str, start: int = 0) -> str:
    end = start + LONGEST_SHOWN
    return f"{'...' if start else ''}{text[start:end]}{'...' if end < len(text) else ''}"


COMPARED: dict[str, Callable[[Any, Any], Iterator[str]]] = {
    EXITS: _exits, REQUESTS: _requests, WRITES: _written, POPS: _popped, VARIABLES: _variables,
}  # fmt: skip
