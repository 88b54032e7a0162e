"""Agents' presence in ServiceNow's Advanced Work Assignment (plugin com.glide.awa, role awa_integration_user).

After the ServiceNow REST reference, "AWA Agent API": `GET` and `PUT /api/now/awa/agents/{user sys_id}`, and
`GET .../presence_states`. The API knows no request for several agents. Unconfirmed: what an instance without the plugin
answers (taken for 400 or 404 with "does not represent any resource", as for other addresses that it does not have), and
which answer a user gets who is no agent (taken for 404)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import requests

from integrations.capabilities import AgentPresence, PresenceStatus
from integrations.errors import AuthenticationFailed, Cause, Rejected, Stage
from integrations.http import json_of

from .answers import sys_id, wrong_shape
from .tables import Tables

ROLE = (
    "The integration user may not use agents' presence: it needs the role awa_integration_user, and the system "
    "property glide.awa.enabled has to be true (Advanced Work Assignment)."
)
PLUGIN = "The instance has no presence of agents: the plugin Advanced Work Assignment (com.glide.awa) is not active."


class Presence(AgentPresence, Tables):
    def statuses(self, user_id: str) -> list[PresenceStatus]:
        with in_our_words():
            response = self.http.get(f"{path(user_id)}/presence_states", purpose="Read presence states")
        rows = _result(response)
        if not isinstance(rows, list):
            raise wrong_shape(response, "a list of presence states")
        return [status_in(response, row) for row in rows]

    def presence_of(self, user_ids: Sequence[str]) -> dict[str, PresenceStatus]:
        found = {}
        for user_id in user_ids:
            status = self._presence(user_id)
            if status is not None:
                found[user_id] = status
        return found

    def _presence(self, user_id: str) -> PresenceStatus | None:
        try:
            with in_our_words():
                response = self.http.get(path(user_id), purpose="Read presence")
        except Rejected as error:
            if error.cause == Cause.NOT_FOUND:
                return None
            raise
        result = _result(response)
        return status_in(response, result.get("presence") if isinstance(result, dict) else None)

    def set_presence(self, user_id: str, status_id: str) -> None:
        body = {"presence": {"sys_id": sys_id(status_id)}}
        with in_our_words():
            self.http.put(path(user_id), json=body, purpose="Set presence")


def path(user_id: str) -> str:
    return f"/api/now/awa/agents/{sys_id(user_id)}"


@contextmanager
def in_our_words() -> Iterator[None]:
    """A right that is missing here says nothing about the rest of the account, so it is no `AuthenticationFailed`."""
    try:
        yield
    except AuthenticationFailed as error:
        if error.cause != Cause.NO_PERMISSION:
            raise
        raise Rejected(ROLE, **_told(error, Cause.NO_PERMISSION)) from error
    except Rejected as error:
        if "represent any resource" in f"{error.vendor_code} {error.vendor_message}":
            raise Rejected(PLUGIN, **_told(error, Cause.API_DISABLED)) from error
        if error.cause != Cause.NOT_FOUND:
            raise
        text = "ServiceNow knows no such agent, or no such presence state."
        raise Rejected(text, **_told(error, Cause.NOT_FOUND)) from error


def _told(error: AuthenticationFailed | Rejected, cause: Cause) -> dict[str, Any]:
    return {
        "cause": cause, "stage": Stage.PERMISSION, "status": error.status, "vendor_code": error.vendor_code,
        "vendor_message": error.vendor_message,
    }  # fmt: skip


def _result(response: requests.Response) -> Any:
    body = json_of(response)
    return body.get("result") if isinstance(body, dict) else None


def status_in(response: requests.Response, row: Any) -> PresenceStatus:
    if not isinstance(row, Mapping) or not row.get("sys_id"):
        raise wrong_shape(response, "a presence state")
    state_id, told = str(row["sys_id"]), row.get("available")
    return PresenceStatus(state_id, str(row.get("name") or state_id), told if isinstance(told, bool) else None)
