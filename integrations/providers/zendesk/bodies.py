"""Fields as a scenario writes them, in the form that Zendesk takes.

A scenario knows texts only, and one level of names. Zendesk wants whole numbers for ids, a list of tags, a comment as
an object, custom fields as a list of ids and values."""

import re
from collections.abc import Mapping
from typing import Any

from integrations.errors import Cause, Rejected

CUSTOM = re.compile(r"^custom_field_(\d+)$")
NUMBER = re.compile(r"^[a-z_]*_id$")
NOT_NUMBERS = {"external_id"}
CALL_FIELDS = {"via_id", "display_to_agent"}


def body_for(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The inner object of a create or an update."""
    body: dict[str, Any] = {}
    custom: list[dict[str, Any]] = []
    for name, value in fields.items():
        match, (outer, dot, inner) = CUSTOM.match(name), name.partition(".")
        if match and kind == "ticket":
            custom.append({"id": int(match[1]), "value": value})
        elif dot:
            body.setdefault(outer, {})[inner] = value
        else:
            body[name] = _value(name, value)
    return {**body, "custom_fields": [*body.get("custom_fields", []), *custom]} if custom else body


def new_ticket(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A ticket needs a first comment; where none is named, the description or the subject is it. Internal, unless the
    field `comment` is an object that says otherwise: a call must not send an e-mail by surprise."""
    body = body_for("ticket", fields)
    text = body.pop("description", "") or body.get("subject", "")
    comment = body.get("comment") or text
    if not comment:
        raise Rejected("A ticket needs a subject, a description or a comment.", cause=Cause.INVALID_DATA)
    body["comment"] = {"public": False, **(comment if isinstance(comment, dict) else {"body": str(comment)})}
    return body


def call_ticket(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The ticket without what only Talk Partner Edition takes, and the whole request for that door; empty where the
    ticket is not marked as a call. `via_id`: 44 voicemail, 45 inbound, 46 outbound."""
    plain = {name: value for name, value in body.items() if name not in CALL_FIELDS}
    if not body.get("via_id"):
        return plain, {}
    shown = str(body.get("display_to_agent") or "")
    display = {"display_to_agent": int(shown)} if shown.isascii() and shown.isdecimal() else {}
    return plain, {**display, "ticket": {**plain, "via_id": body["via_id"]}}


def changes(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Changed fields. With `updated_stamp`, when the ticket was last seen, Zendesk writes only what is not outdated.

    Raises `Rejected` for a comment: it would be added once more with every repetition."""
    if kind == "ticket" and {"comment", "voice_comment"} & set(fields):
        raise Rejected(
            "A comment cannot be part of an update, because repeating it would add it twice. Calls are written into "
            "the ticket by the activity history.",
            cause=Cause.INVALID_DATA,
        )
    body = body_for(kind, fields)
    return {**body, "safe_update": True} if body.get("updated_stamp") else body


def _value(name: str, value: Any) -> Any:
    if name == "tags" and isinstance(value, str):
        return re.split(r"[\s,]+", value.strip()) if value.strip() else []
    text = value if isinstance(value, str) else ""
    if NUMBER.match(name) and name not in NOT_NUMBERS and text.isascii() and text.isdecimal():
        return int(text)
    return value
