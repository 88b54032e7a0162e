"""Reading the REST API's answers: every shape is checked here, so that nothing else meets a surprise in the JSON."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from integrations.errors import Cause, Rejected
from integrations.http import json_of

OBJECT_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]{0,79}$")
# 15 characters that know upper from lower case, or those and a checksum of three.
RECORD_ID = re.compile(r"^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$")


def object_name(text: str) -> str:
    if not OBJECT_NAME.match(text):
        raise Rejected(f'"{text[:80]}" is not the name of a Salesforce object.', cause=Cause.INVALID_DATA)
    return text


def record_id(text: str) -> str:
    if not RECORD_ID.match(text):
        raise Rejected(f'"{text[:80]}" is not a Salesforce id (15 or 18 letters and digits).', cause=Cause.INVALID_DATA)
    return text


def mapping(response: requests.Response, *needed: str) -> dict[str, Any]:
    """A JSON object that has these keys."""
    body = json_of(response)
    if not isinstance(body, dict) or any(name not in body for name in needed):
        raise wrong_shape(response, ", ".join(needed) or "an object")
    return body


def many(response: requests.Response, name: str) -> list[dict[str, Any]]:
    """The list of objects under a key of the answer."""
    found = mapping(response, name)[name]
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise wrong_shape(response, f"a list of records in {name}")
    return found


def wrong_shape(response: requests.Response, missing: str) -> Rejected:
    return Rejected(
        f"The answer is no answer of Salesforce's REST API: it lacks {missing}.",
        cause=Cause.INVALID_DATA, status=response.status_code, maybe_done=response.request.method != "GET",
    )  # fmt: skip


def kind_of(row: Mapping[str, Any]) -> str:
    """The object that a record of a query or search is of."""
    attributes = row.get("attributes")
    return str(attributes.get("type") or "") if isinstance(attributes, dict) else ""


def plain(row: Mapping[str, Any]) -> dict[str, str]:
    """Every value as text; a parent's field is `Account.Name`, child rows are left out."""
    return dict(_flat(row, ""))


def _flat(row: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        if isinstance(value, dict) and name != "attributes":
            yield from _flat(value, f"{prefix}{name}.")
        elif not isinstance(value, dict | list):
            yield f"{prefix}{name}", _text(value)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
