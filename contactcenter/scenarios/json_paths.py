"""One value out of an answer in JSON, by a simple path: `ticket.id`, `results[0].name`, `results.0.name`."""

import json
import re
from typing import Any

PATH = re.compile(r"[^.\[\]]+(?:\.[^.\[\]]+|\[\d+\])*|\[\d+\](?:\.[^.\[\]]+|\[\d+\])*")
STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def is_path(text: str) -> bool:
    return bool(PATH.fullmatch(text))


def read(document: Any, path: str) -> str:
    """The value as text: words for true and false, JSON for lists and objects, empty where there is nothing."""
    found = document
    for index, name in STEP.findall(path):
        found = _below(found, index or name)
    return _text(found)


def _below(node: Any, step: str) -> Any:
    if isinstance(node, dict):
        return node.get(step)
    if isinstance(node, list) and step.isdigit() and len(step) < 10:
        return node[int(step)] if int(step) < len(node) else None
    return None


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
