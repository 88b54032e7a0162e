"""Reading Connect REST's answers: every shape is checked here.

A record refers to another one by a link: `{"links": [{"rel": "canonical", "href": ".../contacts/12"}]}`. It becomes the
id at the end of the link."""

import re
from typing import Any
from urllib.parse import urlsplit

import requests

from integrations.errors import Cause, Rejected, Stage
from integrations.http import json_of
from integrations.providers.osvc.fields import LISTS, flat, nested

REFERENCE = re.compile(r"/(\d+)/?$")


def wrong_shape(response: requests.Response, missing: str) -> Rejected:
    return Rejected(
        f"The answer is no answer of Connect REST: it lacks {missing}.",
        cause=Cause.INVALID_DATA, stage=Stage.ANSWER, status=response.status_code,
        maybe_done=response.request.method != "GET",
    )  # fmt: skip


def table(response: requests.Response, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of one ROQL statement, by the columns that were asked."""
    body = json_of(response)
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise wrong_shape(response, '"items"')
    rows = [row for item in items for row in _list(response, item.get("rows"))]
    if not all(isinstance(row, list) and len(row) == len(columns) for row in rows):
        raise wrong_shape(response, "a value for every column that was asked for")
    return [{name: _text(value) for name, value in zip(columns, row, strict=True)} for row in rows]


def _list(response: requests.Response, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise wrong_shape(response, '"rows"')
    return value


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def record(response: requests.Response) -> dict[str, str]:
    """A record as texts by dotted names."""
    body = json_of(response)
    if not isinstance(body, dict) or "id" not in body:
        raise wrong_shape(response, "a record with its id")
    return flat(_without_links(body))


def texts(response: requests.Response, part: str) -> list[str]:
    """The texts in a record's list that was expanded."""
    body = json_of(response)
    held = body.get(part) if isinstance(body, dict) else None
    items = held.get("items", []) if isinstance(held, dict) else held
    if not isinstance(items, list):
        raise wrong_shape(response, f'"{part}"')
    return [str(item.get("text") or "") for item in items if isinstance(item, dict)]


def created(response: requests.Response) -> str:
    """The new record's id, from its address or from the record. The record exists even where both are missing."""
    found = REFERENCE.search(urlsplit(response.headers.get("Location", "")).path)
    if found:
        return found[1]
    body = json_of(response)
    if not isinstance(body, dict) or not str(body.get("id", "")).isdigit():
        raise wrong_shape(response, "the id of the new record")
    return str(body["id"])


def _without_links(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_links(child) for child in node]
    if not isinstance(node, dict):
        return node
    found = {name: _without_links(child) for name, child in node.items() if name != "links"}
    if "items" in found:
        return found["items"]
    target = _target(node.get("links"))
    return {"id": target, **found} if target and "id" not in found else found


def _target(links: Any) -> str:
    """The id of the record that links lead to. A link to a list of parts ends in the list's name."""
    hrefs = [link.get("href") for link in links if isinstance(link, dict)] if isinstance(links, list) else []
    found = [REFERENCE.search(str(href)) for href in hrefs]
    return next((match[1] for match in found if match), "")


def body_of(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as Connect REST wants them: ids as numbers, emails, phones, notes and threads as lists."""
    return {
        name: [value] if name in LISTS and isinstance(value, dict) else value
        for name, value in _numbered(nested(fields)).items()
    }


def _numbered(node: Any) -> Any:
    if isinstance(node, list):
        return [_numbered(child) for child in node]
    if not isinstance(node, dict):
        return node
    return {
        name: int(value) if name == "id" and isinstance(value, str) and value.isdigit() else _numbered(value)
        for name, value in node.items()
    }
