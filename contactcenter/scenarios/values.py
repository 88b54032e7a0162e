"""What `$(name)` stands for while a scenario runs.

Names follow the reference product: `item.*` is the interaction, `user.*` its agent, names without a prefix are the
scenario's own, `$(RS.column)` is the first record of the recordset RS and `$(RS.__count__)` the number of its records.
An unknown name is empty and is noted in the step.

Two things have no text yet and travel as markers, which the outbox resolves when it sends: `{"$ref": key}` is the
record that an entry of the outbox will have made, `{"$agent": id}` the CRM's user for one of our agents."""

from collections.abc import Callable
from typing import Any

from contactcenter.models import Agent, Interaction, OutboxEntry

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
    first = recordset["records"][0] if recordset["records"] else {}
    return str(first.get(column, ""))


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
    "item.contactId": _contact("pk"),
    "item.firstName": _contact("first_name"),
    "item.lastName": _contact("last_name"),
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
}
