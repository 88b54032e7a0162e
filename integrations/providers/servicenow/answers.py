"""Reading the Table API's answers: every shape is checked here, so that nothing else meets a surprise in the JSON."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from integrations.errors import Cause, Rejected, Stage
from integrations.http import json_of

TABLE_NAME = re.compile(r"^[a-z][a-z0-9_]{0,79}$")
SYS_ID = re.compile(r"^[0-9a-f]{32}$")


def table_name(text: str) -> str:
    if not TABLE_NAME.match(text):
        raise Rejected(f'"{text[:80]}" is not the name of a ServiceNow table.', cause=Cause.INVALID_DATA)
    return text


def sys_id(text: str) -> str:
    if not SYS_ID.match(text):
        raise Rejected(f'"{text[:80]}" is not a sys_id (32 hexadecimal characters).', cause=Cause.INVALID_DATA)
    return text


def many_rows(response: requests.Response) -> list[dict[str, str]]:
    result = _result(response)
    if not isinstance(result, list) or not all(isinstance(row, dict) for row in result):
        raise wrong_shape(response, "a list of records")
    return [plain(row) for row in result if row]


def one_row(response: requests.Response) -> dict[str, str]:
    result = _result(response)
    if not isinstance(result, dict):
        raise wrong_shape(response, "a record")
    return plain(result)


def _result(response: requests.Response) -> Any:
    body = json_of(response)
    if not isinstance(body, dict) or "result" not in body:
        raise wrong_shape(response, '"result"')
    return body["result"]


def wrong_shape(response: requests.Response, missing: str) -> Rejected:
    return Rejected(
        f"The answer is no answer of ServiceNow's Table API: it lacks {missing}.",
        cause=Cause.INVALID_DATA, stage=Stage.ANSWER, status=response.status_code,
        maybe_done=response.request.method != "GET",
    )  # fmt: skip


def plain(row: Mapping[str, Any]) -> dict[str, str]:
    """Every value as text. A reference is its sys_id, whichever form the instance answers in."""
    return {name: str(v.get("value") or "") if isinstance(v, dict) else str(v or "") for name, v in row.items()}


def created(response: requests.Response) -> tuple[str, dict[str, str]]:
    """The new record's sys_id and what ServiceNow shows of it.

    A user with CREATE and without READ gets an empty record: then the Location header has the sys_id. The header also
    saves us where the body is damaged, because the record exists."""
    shown = _shown(response)
    found = shown.get("sys_id") or urlsplit(response.headers.get("Location", "")).path.rpartition("/")[2]
    if not SYS_ID.match(found):
        raise wrong_shape(response, "the sys_id of the new record")
    return found, shown


def _shown(response: requests.Response) -> dict[str, str]:
    try:
        body = response.json()
    except ValueError:
        return {}
    result = body.get("result") if isinstance(body, dict) else None
    return plain(result) if isinstance(result, dict) else {}
