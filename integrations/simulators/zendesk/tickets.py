"""What may be written into a ticket, and what comes of it (developer.zendesk.com, "Tickets")."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from . import errors, limits, records, seed
from .identity import Caller
from .store import Record

if TYPE_CHECKING:
    from . import Zendesk

IDEMPOTENCY_SECONDS = 7200.0
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
VOICE = {
    "from": records.text, "to": records.text, "recording_url": records.text, "started_at": records.text,
    "call_duration": records.number, "answered_by_id": records.number,
}  # fmt: skip


def custom_fields(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) and "id" in entry for entry in value)


TICKET: dict[str, tuple[records.Check, str]] = {
    "subject": (records.text, "must be a string"), "comment": (records.mapping, "must be an object"),
    "voice_comment": (records.mapping, "must be an object"), "status": (records.text, "must be a string"),
    "priority": (records.text, "must be a string"), "type": (records.text, "must be a string"),
    "requester_id": (records.number, "must be an integer"), "assignee_id": (records.number, "must be an integer"),
    "assignee_email": (records.text, "must be a string"), "submitter_id": (records.number, "must be an integer"),
    "group_id": (records.number, "must be an integer"), "organization_id": (records.number, "must be an integer"),
    "external_id": (records.text, "must be a string"), "tags": (records.texts, "must be an array of strings"),
    "custom_fields": (custom_fields, "must be an array of objects with an id"),
    "safe_update": (records.flag, "must be a boolean"), "updated_stamp": (records.text, "must be a string"),
    "via_id": (records.number, "must be an integer"),
}  # fmt: skip
NOT_STORED = {"comment", "voice_comment", "assignee_email", "safe_update", "updated_stamp", "via_id"}


def create(simulator: Zendesk, request: Request, who: Caller, body: dict[str, Any]) -> Response:
    key = request.headers.get("idempotency-key", "")
    earlier = _earlier(simulator, key, body)
    if earlier is not None:
        return answered(request, earlier, 201, key, "hit")
    given = records.accepted(records.wrapped(body, "ticket"), TICKET, simulator.warner(request))
    if who.is_light:
        raise errors.Refused(errors.forbidden())
    ticket = new_ticket(simulator, who, given)
    if key:
        simulator.idempotent[key] = (json.dumps(body, sort_keys=True), ticket["id"], time.time())
    return answered(request, ticket, 201, key, "miss")


def new_ticket(simulator: Zendesk, who: Caller, given: Record) -> Record:
    comment = given.get("comment") or given.get("voice_comment")
    if not comment:
        raise errors.Refused(errors.record_invalid(base=("Description: cannot be blank", "BlankValue")))
    values = {**seed.blank_ticket(), **_checked(simulator, given)}
    user = who.user or {}
    values["requester_id"] = values["requester_id"] or user["id"]
    values["submitter_id"] = values["submitter_id"] or user["id"]
    if not values["subject"]:
        values["subject"] = str(comment.get("body", ""))[:150]
    values["description"] = str(comment.get("body", ""))
    parts = _comments(given)
    ticket = simulator.store.add("ticket", values)
    for part in parts:
        simulator.store.add_comment(ticket, user, part)
    return ticket


def update(simulator: Zendesk, request: Request, who: Caller, ticket: Record, body: dict[str, Any]) -> Response:
    most = int(simulator.settings["updates_per_ticket"])
    simulator.limits.take(f"ticket {ticket['id']} {(who.user or {})['id']}", most, limits.TEN_MINUTES)
    given = records.accepted(records.wrapped(body, "ticket"), TICKET, simulator.warner(request))
    parts = _comments(given)
    # A light agent may add private comments and nothing else.
    if who.is_light and (set(given) != {"comment"} or parts[0]["public"]):
        raise errors.Refused(errors.forbidden())
    if ticket["status"] == "closed":
        raise errors.Refused(errors.record_invalid(status="Status: closed prevents ticket update"))
    _check_stamp(ticket, given)
    simulator.store.change("ticket", ticket, _checked(simulator, given))
    for part in parts:
        simulator.store.add_comment(ticket, who.user or {}, part)
    return answered(request, ticket, 200, "", "")


def _check_stamp(ticket: Record, given: Record) -> None:
    if not given.get("safe_update"):
        return
    if not given.get("updated_stamp"):
        raise errors.Refused(errors.titled(400, "Invalid attribute", "safe_update needs updated_stamp"))
    if str(given["updated_stamp"]) < ticket["updated_at"]:
        raise errors.Refused(errors.conflict())


def _earlier(simulator: Zendesk, key: str, body: dict[str, Any]) -> Record | None:
    """The ticket that this key made in the last two hours; the same key with another content is an error."""
    known = simulator.idempotent.get(key) if key else None
    if known is None or time.time() - known[2] > IDEMPOTENCY_SECONDS:
        return None
    if known[0] != json.dumps(body, sort_keys=True):
        words = "Request parameters don't match the given idempotency key"
        raise errors.Refused(errors.described(400, "IdempotentRequestError", words))
    return simulator.store.get("ticket", known[1])


def answered(request: Request, ticket: Record, status: int, key: str, lookup: str) -> Response:
    shown = records.shown(request, "ticket", ticket)
    headers = {"Location": shown["url"]} if status == 201 else {}
    if key:
        headers["x-idempotency-lookup"] = lookup
    return JSONResponse({"ticket": shown}, status, headers)


def _checked(simulator: Zendesk, given: Record) -> Record:
    if given.get("status") not in (None, *STATUSES):
        raise errors.Refused(errors.record_invalid(status="Status: is not included in the list"))
    if given.get("priority") not in (None, *PRIORITIES):
        raise errors.Refused(errors.record_invalid(priority="Priority: is not included in the list"))
    requester = simulator.store.get("user", given["requester_id"]) if given.get("requester_id") else None
    if given.get("requester_id") and requester is None:
        raise errors.Refused(errors.record_invalid(requester="Requester: is invalid"))
    if requester is not None and requester["suspended"]:
        raise errors.Refused(errors.record_invalid(requester=f"Requester: {requester['name']} is suspended."))
    return {**_assignee(simulator, given), **{n: v for n, v in given.items() if n not in NOT_STORED}}


def _assignee(simulator: Zendesk, given: Record) -> Record:
    user = None
    if given.get("assignee_email"):
        user = simulator.store.first("user", email=given["assignee_email"])
    elif given.get("assignee_id"):
        user = simulator.store.get("user", given["assignee_id"])
    else:
        return {}
    if user is None or user["role"] == "end-user":
        raise errors.Refused(errors.record_invalid(assignee="Assignee: is not an agent"))
    return {"assignee_id": user["id"]}


def _comments(given: Record) -> list[Record]:
    """The comments that this write adds. Public where the writer does not say otherwise."""
    found = []
    if given.get("comment"):
        found.append(_comment(given["comment"]))
    if given.get("voice_comment"):
        found.append(_voice(given["voice_comment"]))
    return found


def _comment(comment: Record) -> Record:
    body = comment.get("body") or comment.get("html_body")
    if not isinstance(body, str) or not body.strip():
        raise errors.Refused(errors.record_invalid(comment=("Comment: cannot be blank", "BlankValue")))
    if not isinstance(comment.get("public", True), bool):
        raise errors.Refused(errors.invalid_attribute("public", "must be a boolean"))
    return {"body": body, "public": comment.get("public", True)}


def _voice(voice: Record) -> Record:
    """All six are mandatory ("Adding voice comments to tickets"); a transcription and a place may follow."""
    for name, check in VOICE.items():
        if not check(voice.get(name)):
            raise errors.Refused(errors.invalid_attribute(f"voice_comment.{name}", "is missing or of the wrong type"))
    body = f"Call from {voice['from']} to {voice['to']}, {voice['call_duration']} s"
    return {"type": "VoiceComment", "body": body, "public": bool(voice.get("public", True)), "data": dict(voice)}
