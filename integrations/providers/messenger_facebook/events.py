"""What Facebook tells about a page, in neutral form (Messenger Platform, webhook events)."""

from typing import Any

from integrations.providers import messenger
from integrations.vendor_json import inner, objects, text_of
from integrations.webhooks import UNKNOWN, Inbound


def sender_of(found: dict[str, Any]) -> str:
    return text_of(inner(found, "sender").get("id"))


def key_of(found: dict[str, Any]) -> str:
    """A message has an id. Delivered and read are told up to a time, and repeat nothing else."""
    message, postback = inner(found, "message"), inner(found, "postback")
    edited = inner(found, "message_edit")
    if edited:
        return f"edit:{edited.get('mid')}:{edited.get('num_edit')}"
    mid = text_of(message.get("mid") or postback.get("mid"))
    if mid:
        return f"message:{mid}"
    kinds = sorted(set(found) - {"sender", "recipient", "timestamp"})
    mark = next((inner(found, kind).get("watermark") for kind in ("delivery", "read") if kind in found), None)
    return f"{'+'.join(kinds)}:{sender_of(found)}:{mark or found.get('timestamp')}"


def kind_of(found: dict[str, Any]) -> str:
    if inner(found, "message").get("is_echo"):
        return messenger.ECHO
    kinds = {
        "message": messenger.MESSAGE, "postback": messenger.MESSAGE, "delivery": messenger.DELIVERED,
        "read": messenger.SEEN, "optin": messenger.OPTED_IN, "message_edit": messenger.EDITED,
    }  # fmt: skip
    return next((kind for name, kind in kinds.items() if name in found), UNKNOWN)


def event_of(found: dict[str, Any], app_id: str) -> Inbound:
    """An echo was sent by the page: sender and recipient are swapped, and `own` says that it was us."""
    message, postback = inner(found, "message"), inner(found, "postback")
    kind = kind_of(found)
    edited = inner(found, "message_edit")
    user = inner(found, "recipient").get("id") if kind == messenger.ECHO else sender_of(found)
    return messenger.event(
        key_of(found), kind, found,
        user=text_of(user), text=text_of(message.get("text") or edited.get("text")),
        media=[media_of(entry) for entry in objects(message.get("attachments"))],
        at=messenger.moment(found.get("timestamp"), per_second=1000),
        message_id=text_of(message.get("mid") or postback.get("mid") or edited.get("mid")),
        button=text_of(postback.get("payload") or inner(message, "quick_reply").get("payload")),
        own=bool(app_id) and text_of(message.get("app_id")) == app_id,
        until=inner(found, "delivery").get("watermark") or inner(found, "read").get("watermark"),
    )  # fmt: skip


def media_of(entry: dict[str, Any]) -> dict[str, Any]:
    """The address is Facebook's and runs out: fetch it on arrival."""
    kind = text_of(entry.get("type"))
    url = text_of(inner(entry, "payload").get("url"))
    return {"type": "picture" if kind == "image" else kind, "url": url}
