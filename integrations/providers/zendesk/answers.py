"""Reading Zendesk's answers: every shape is checked here, so that nothing else meets a surprise in the JSON."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from integrations.errors import Cause, Rejected, Stage
from integrations.http import json_of

PLURAL = {"ticket": "tickets", "user": "users", "organization": "organizations"}


def plural(kind: str) -> str:
    """The path segment of a kind. Raises `Rejected` for what Zendesk has not, or we do not use."""
    if kind not in PLURAL:
        raise Rejected(f'"{kind[:80]}" is none of ticket, user and organization.', cause=Cause.INVALID_DATA)
    return PLURAL[kind]


def number(text: str) -> str:
    if not (text.isascii() and text.isdecimal()):
        raise Rejected(f'"{text[:80]}" is not the number of a Zendesk record.', cause=Cause.INVALID_DATA)
    return text


def record_in(response: requests.Response, kind: str) -> dict[str, Any]:
    """The record inside its wrapper: `{"ticket": {...}}`."""
    found = _object(response).get(kind)
    if not isinstance(found, dict) or "id" not in found:
        raise wrong_shape(response, f"a {kind}")
    return found


def list_in(response: requests.Response, name: str) -> list[dict[str, Any]]:
    rows = _object(response).get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise wrong_shape(response, f'"{name}"')
    return rows


def cursor_after(response: requests.Response) -> str:
    """Where the next page begins; empty on the last one."""
    meta = _object(response).get("meta")
    more = isinstance(meta, dict) and meta.get("has_more")
    return str(meta.get("after_cursor") or "") if more and isinstance(meta, dict) else ""


def created_id(response: requests.Response, kind: str) -> str:
    """The new record's number. The Location header saves us where the body is damaged, because the record exists."""
    try:
        return str(record_in(response, kind)["id"])
    except Rejected:
        ending = urlsplit(response.headers.get("Location", "")).path.rpartition("/")[2].removesuffix(".json")
        if ending.isdecimal():
            return ending
        raise


def wrong_shape(response: requests.Response, missing: str) -> Rejected:
    return Rejected(
        f"The answer is no answer of Zendesk's interface: it lacks {missing}.",
        cause=Cause.INVALID_DATA, stage=Stage.ANSWER, status=response.status_code,
        maybe_done=response.request.method != "GET",
    )  # fmt: skip


def plain(record: Mapping[str, Any]) -> dict[str, str]:
    """Every value as text, one name each: `custom_field_360`, `user_fields.plan`, `via.channel`; lists with commas."""
    return dict(_texts(record))


def _texts(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in record.items():
        if name == "custom_fields" and isinstance(value, list):
            yield from (_custom(entry) for entry in value if isinstance(entry, dict) and "id" in entry)
        elif isinstance(value, dict):
            if not prefix:
                yield from _texts(value, f"{name}.")
        else:
            yield f"{prefix}{name}", text_of(value)


def _custom(entry: Mapping[str, Any]) -> tuple[str, str]:
    return f"custom_field_{entry['id']}", text_of(entry.get("value"))


def text_of(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(text_of(entry) for entry in value if not isinstance(entry, dict | list))
    return "" if value is None else str(value)


def _object(response: requests.Response) -> dict[str, Any]:
    body = json_of(response)
    if not isinstance(body, dict):
        raise wrong_shape(response, "an object")
    return body
