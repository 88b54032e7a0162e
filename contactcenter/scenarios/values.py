"""What `$(name)` stands for while a scenario runs.

Names follow the reference product: `item.*` is the interaction, `user.*` its agent, names without a prefix are the
scenario's own, `$(RS.column)` is the present record of the recordset RS (the first one, until Get Next Record moves on)
and `$(RS.__count__)` the number of its records, `$(screenpopData.name)` is what Attached Data attached.
An unknown name is empty and is noted in the step.

Two things have no text yet and travel as markers, which the outbox resolves when it sends: `{"$ref": key}` is the
record that an entry of the outbox will have made, `{"$agent": id}` the CRM's user for one of our agents."""

import json
import re
from collections.abc import Callable
from typing import Any

from contactcenter.chats import view
from contactcenter.models import Agent, Chat, ChatMessage, Interaction, OutboxEntry, Service

# Names under which the reference product reads what is attached to an interaction.
ATTACHED = ("screenpopData", "attachedData")
CASES = ("case", "incident", "ticket")
NUMBER = re.compile(r"#?[A-Za-z]{0,8}[-_]?\d+")
COUNT = "__count__"
CRM_USER = "user.crmId"
Marker = dict[str, Any]


class Values:
    """Looks names up for one step. `missing` collects the names that nobody knows."""

    def __init__(self, variables: dict[str, Any], interaction: Interaction, agent: Agent | None) -> None:
        self.variables = variables
        self.interaction = interaction
        self.agent = agent
        self.missing: list[str] = []

    def text(self, name: str) -> str:
        """The value as text; empty for what has none (yet)."""
        if name in self.variables:
            return self._own(self.variables[name])
        base, dot, column = name.partition(".")
        recordset = self.variables.get(base)
        if dot and isinstance(recordset, dict) and "records" in recordset:
            return column_of(recordset, column)
        if name in KNOWN:
            return str(KNOWN[name](self) or "")
        if dot and base in ATTACHED:
            return str(self.interaction.attached_data.get(column, ""))
        self.missing.append(name)
        return ""

    def marker(self, name: str) -> Marker | None:
        """What stands for a value that is known only when it is sent; None for ordinary variables."""
        if name == CRM_USER:
            return {"$agent": self.agent.pk} if self.agent else None
        value = self.variables.get(name)
        to_come = isinstance(value, dict) and "$ref" in value and "part" not in value
        return dict(value) if value and to_come and not made_by(value["$ref"]) else None

    def _own(self, value: Any) -> str:
        if is_marker(value):
            return str(made_by(value["$ref"]).get(value.get("part", "id"), ""))
        if isinstance(value, dict):
            return ""
        return str(value)


def is_marker(value: Any) -> bool:
    return isinstance(value, dict) and "$ref" in value


def made_by(key: str) -> dict[str, Any]:
    """The record that an entry of the outbox made: {"kind", "id", "url"}; empty while it has not."""
    entry = OutboxEntry.objects.filter(idempotency_key=key, status=OutboxEntry.Status.DONE).first()
    return entry.result if entry else {}


def column_of(recordset: dict[str, Any], column: str) -> str:
    if column == COUNT:
        return str(recordset.get("count", len(recordset["records"])))
    at = recordset.get("at", 0)
    record = recordset["records"][at] if at < len(recordset["records"]) else {}
    return str(record.get(column, ""))


def move_on(found: Any) -> tuple[bool, str]:
    """Move a recordset's cursor; whether there is a record now, and what should be known where there is none."""
    if not isinstance(found, dict) or "records" not in found:
        return False, "There is no such recordset."
    found["at"] = min(found.get("at", 0) + 1, len(found["records"]))
    there = found["at"] < len(found["records"])
    cut = not there and found.get("count", 0) > len(found["records"])
    return there, f"Only {len(found['records'])} of {found['count']} records were kept." if cut else ""


def recordset(records: list[dict[str, str]], count: int) -> dict[str, Any]:
    return {"records": records, "count": count}


def _caller(part: str) -> Callable[[Values], str]:
    return lambda values: str((values.interaction.records.get("caller") or {}).get(part, ""))


def _contact(part: str) -> Callable[[Values], Any]:
    return lambda values: getattr(values.interaction.contact, part, "")


def _agent(read: Callable[[Agent], Any]) -> Callable[[Values], Any]:
    return lambda values: read(values.agent) if values.agent else ""


def _phone(values: Values) -> str:
    """For people and records alike: the full number, else what came, else the word for a withheld number."""
    return values.interaction.customer_e164 or values.interaction.customer_number or "anonymous"


def _case(values: Values) -> dict[str, str]:
    """What the interaction is about: the record related to it first, else its own record where that is a case."""
    related, own = values.interaction.records.get("related") or [], values.interaction.records.get("interaction") or {}
    if related:
        return dict(related[0])
    return dict(own) if str(own.get("kind", "")).lower().rstrip("s") in CASES else {}


def _case_number(values: Values) -> str:
    """The number that people know, which titles begin with; where there is none, the identifier."""
    case = _case(values)
    word = case.get("title", "").partition(" ")[0]
    return word if NUMBER.fullmatch(word) else case.get("id", "")


def _chat(values: Values) -> Chat | None:
    if values.interaction.media != Service.Media.CHAT:
        return None
    return Chat.objects.select_related("account").filter(interaction=values.interaction).first()


def _message(values: Values) -> str:
    """The customer's last words in a chat."""
    chat = _chat(values)
    received = chat.messages.filter(status=ChatMessage.Status.RECEIVED).exclude(text="") if chat else None
    last = received.order_by("-id").first() if received is not None else None
    return last.text if last else ""


def _transcript(values: Values) -> str:
    return view.transcript(values.interaction) if values.interaction.media == Service.Media.CHAT else ""


def _external_chat_data(values: Values) -> str:
    """What the messenger tells of the chat, as JSON."""
    chat = _chat(values)
    if chat is None:
        return ""
    told = {"channel": chat.account.provider_class.label, "account": chat.account.name, "user": chat.conversation}
    return json.dumps({**told, "name": values.interaction.caller.get("name", "")}, ensure_ascii=False)


def _nothing_yet(values: Values) -> str:
    """Variables that a block or a scenario sets; empty before."""
    return ""


KNOWN: dict[str, Callable[[Values], Any]] = {
    "ANI": lambda values: values.interaction.customer_number,
    "destination": lambda values: values.interaction.service_number,
    "global_interaction_id": lambda values: values.interaction.public_id,
    "item.DNIS": lambda values: values.interaction.service_number,
    "item.customerPhone": _phone,
    "item.interactionId": lambda values: values.interaction.public_id,
    "item.interactionStepId": lambda values: values.interaction.public_id,
    "item.globalInteractionId": lambda values: values.interaction.public_id,
    "item.callId": lambda values: values.interaction.call_id,
    "item.reference": lambda values: values.interaction.reference,
    "item.direction": lambda values: values.interaction.direction,
    "item.media": lambda values: values.interaction.media,
    "item.state": lambda values: values.interaction.state,
    "item.service": lambda values: values.interaction.service,
    "item.callerId": _caller("id"),
    "item.callerKind": _caller("kind"),
    "item.callerName": lambda values: values.interaction.caller.get("name", ""),
    "item.callerStatus": lambda values: values.interaction.caller.get("status", ""),
    "item.caseId": lambda values: _case(values).get("id", ""),
    "item.caseNumber": _case_number,
    "item.message": _message,
    "item.transcript": _transcript,
    "item.externalChatData": _external_chat_data,
    "item.contactId": _contact("pk"),
    "item.firstName": _contact("first_name"),
    "item.lastName": _contact("last_name"),
    "item.email": _contact("email"),
    "item.disposition": lambda values: values.interaction.disposition,
    "item.notes": lambda values: values.interaction.notes,
    "user.id": _agent(lambda agent: agent.pk),
    "user.loginId": _agent(lambda agent: agent.login),
    "user.firstName": _agent(lambda agent: agent.user.first_name),
    "user.lastName": _agent(lambda agent: agent.user.last_name),
    "user.email": _agent(lambda agent: agent.user.email),
    "user.extension": _agent(lambda agent: agent.extension),
    "user.team": _agent(lambda agent: agent.team),
    CRM_USER: lambda values: "",
    "agentState": _agent(lambda agent: agent.state),
    "notReadyReason": _agent(lambda agent: agent.reason),
    "integrationResultCode": _nothing_yet,
    "integrationResultBody": _nothing_yet,
    "fetchURLResultCode": _nothing_yet,
    "fetchURLResultBody": _nothing_yet,
    "exception.block": _nothing_yet,
    "exception.text": _nothing_yet,
    "doNotRecord": _nothing_yet,
    "___sip_response_code___": lambda values: "480",  # what a caller hears as "temporarily unavailable" (RFC 3261)
}
