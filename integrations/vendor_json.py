"""Reading vendors' JSON without trusting its shape. Inside an answer what is not as documented is nothing, and never an
exception; an answer that is no object at all is told."""

from collections.abc import Mapping
from typing import Any

import requests

from .errors import Cause, Rejected
from .http import json_of


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; anything else is left out."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def inner(value: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """The object at a path, empty where there is none."""
    found: Any = value
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else {}


def text_of(value: Any) -> str:
    """Ids come as numbers or as texts; nothing stays nothing."""
    return "" if value is None or isinstance(value, dict | list) else str(value)


def number_of(value: Any) -> float | None:
    """A number; None for anything else, truth values included."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def object_of(response: requests.Response, vendor: str) -> dict[str, Any]:
    """The decoded object of an answer. Raises `Rejected` where it is something else."""
    found = json_of(response)
    if not isinstance(found, dict):
        raise other_shape(vendor)
    return found


def other_shape(vendor: str) -> Rejected:
    return Rejected(f"The answer has another shape than {vendor} documents.", cause=Cause.REMOTE_ERROR, maybe_done=True)
