"""Agents' status in Zendesk, where omnichannel routing is on: the Unified Agent Status and Agent Availability APIs.

After developer.zendesk.com ("Unified Agent Statuses", "Agent Availabilities"; administrators only): statuses are listed
at `/api/v2/agent_availabilities/agent_statuses`, an agent's is read at `/api/v2/agent_availabilities/{id}`, everybody's
page by page at `/api/v2/agent_availabilities`, and set by `PUT .../agent_statuses/agents/{id}` with `{"id": status}`.
2 is Offline, 3 Online, 4 Away, 5 Transfers only; others are the account's own. Unconfirmed: the wrapper of the list of
statuses (`data` as in JSON:API is taken, and `default` and `custom` as the page's table has it), and that the list of
availabilities leaves nobody out."""

from collections.abc import Iterator, Sequence
from typing import Any

import requests

from integrations.capabilities import AgentPresence, PresenceStatus
from integrations.errors import AuthenticationFailed, Cause, Rejected, Stage
from integrations.http import json_of

from .answers import number, wrong_shape
from .records import Records

PATH = "/api/v2/agent_availabilities"
PAGE = 100
MOST_PAGES = 20
# Up to so many agents are asked for one by one; for more, everybody is read.
FEW = 3
AVAILABLE = {2: False, 3: True, 4: False, 5: False}
RIGHT = (
    "Zendesk lets only administrators read and set agents' statuses, and only where omnichannel routing is on. The "
    "account's user is no administrator, or its token lacks the scope."
)


class Presence(AgentPresence, Records):
    presence_batch = 500

    def statuses(self, user_id: str) -> list[PresenceStatus]:
        return [status_of(*each) for each in self._defined()]

    def _defined(self) -> Iterator[tuple[dict[str, Any], Any]]:
        for response, body in self._pages(f"{PATH}/agent_statuses", "Read agent statuses"):
            rows = [*_rows(body, "data"), *_rows(body, "default"), *_rows(body, "custom")]
            if not rows:
                raise wrong_shape(response, "statuses")
            for row in rows:
                names = row.get("attributes")
                if isinstance(names, dict) and row.get("id") is not None:
                    yield names, row["id"]

    def presence_of(self, user_ids: Sequence[str]) -> dict[str, PresenceStatus]:
        if len(user_ids) > FEW:
            everybody = dict(self._availabilities())
            return {user_id: everybody[user_id] for user_id in user_ids if user_id in everybody}
        found = ((user_id, self._one(user_id)) for user_id in user_ids)
        return {user_id: status for user_id, status in found if status is not None}

    def _one(self, user_id: str) -> PresenceStatus | None:
        try:
            response = self._asked("get", f"{PATH}/{number(user_id)}", "Read agent status")
        except Rejected as error:
            if error.cause == Cause.NOT_FOUND:
                return None
            raise
        body = _object(response)
        row = body.get("data") if isinstance(body.get("data"), dict) else body
        known = _presence(row)
        if known is None:
            raise wrong_shape(response, "an agent's status")
        return known[1]

    def _availabilities(self) -> Iterator[tuple[str, PresenceStatus]]:
        for _response, body in self._pages(PATH, "Read agent statuses"):
            yield from filter(None, map(_presence, _rows(body, "data")))

    def set_presence(self, user_id: str, status_id: str) -> None:
        path = f"{PATH}/agent_statuses/agents/{number(user_id)}"
        self._asked("put", path, "Set agent status", json={"id": int(number(status_id))})

    def _pages(self, path: str, purpose: str) -> Iterator[tuple[requests.Response, dict[str, Any]]]:
        """Cursor pages, until the last one."""
        after = ""
        for _ in range(MOST_PAGES):
            paging = {"page[size]": str(PAGE), **({"page[after]": after} if after else {})}
            response = self._asked("get", path, purpose, params=paging)
            body = _object(response)
            yield response, body
            meta = body.get("meta")
            after = str(meta.get("after_cursor") or "") if isinstance(meta, dict) and meta.get("has_more") else ""
            if not after:
                return

    def _asked(self, method: str, path: str, purpose: str, **more: Any) -> requests.Response:
        """A right that is missing here says nothing about the rest of the account: `Rejected` in our words."""
        try:
            response: requests.Response = getattr(self.http, method)(path, purpose=purpose, **more)
        except AuthenticationFailed as error:
            if error.cause != Cause.NO_PERMISSION:
                raise
            raise Rejected(
                RIGHT, cause=Cause.NO_PERMISSION, stage=Stage.PERMISSION, status=error.status,
                vendor_code=error.vendor_code, vendor_message=error.vendor_message,
            ) from error  # fmt: skip
        return response


def _object(response: requests.Response) -> dict[str, Any]:
    body = json_of(response)
    if not isinstance(body, dict):
        raise wrong_shape(response, "an object")
    return body


def _rows(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = body.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _presence(row: Any) -> tuple[str, PresenceStatus] | None:
    """(user, status) of one availability; None where it has another shape."""
    told = row.get("attributes") if isinstance(row, dict) else None
    status = told.get("agent_status") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(status, dict) or status.get("id") is None:
        return None
    return str(told.get("agent_id") or ""), status_of(status, status["id"])


def status_of(names: dict[str, Any], status_id: Any) -> PresenceStatus:
    """A status of Zendesk's own by its number; of the account's own, whether a live channel is online."""
    name, channels = str(names.get("name") or status_id), names.get("channels")
    available = AVAILABLE.get(status_id)
    if available is None and isinstance(channels, dict):
        available = any(channels.get(channel) == "online" for channel in ("messaging", "talk"))
    known = status_id in AVAILABLE
    return PresenceStatus(str(status_id), name.replace("_", " ").capitalize() if known else name, available)
