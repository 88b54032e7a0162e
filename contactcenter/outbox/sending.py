"""One entry of the outbox on its way through one provider: its markers become values, then the request leaves.

`{"$ref": key}` becomes the id of the record that an earlier entry made, `{"$agent": id}` the CRM's user for our agent:
both are known only now."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from integrations.capabilities import Activity, RecordRef
from integrations.errors import AuthenticationFailed, Cause, Rejected

from ..crm_access import crm_user_of
from ..models import Agent, OutboxEntry
from .entries import Status

Operation = OutboxEntry.Operation
NOT_THERE = "The record was not there any more, or is hidden from us."


class RecordMissing(Exception):
    """The entry is about a record that an earlier entry has not made. `status`: what becomes of it therefore."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Unknowable(Exception):
    """An earlier attempt may have been carried out, and the CRM does not let us look."""


@dataclass
class Sending:
    """`carry_out` returns the result to store. `leave` is called just before a request leaves."""

    entry: OutboxEntry
    crm: Any
    leave: Callable[[], None]

    def carry_out(self) -> dict[str, Any]:
        payload = self.entry.payload
        if self.entry.sent_at is not None:
            found = self.look()
            if found is not None:
                return found
        if self.entry.operation == Operation.UPDATE:
            return self.update(payload)
        if self.entry.operation == Operation.ACTIVITY:
            return self.add_activity(payload)
        if self.entry.operation == Operation.DELETE:
            return self.delete(payload)
        return self.create(payload)

    def look(self) -> dict[str, Any] | None:
        """The result of an earlier attempt whose outcome we never heard; None when it left no trace.

        Raises `Unknowable`: sending again could do it twice, so a person has to look."""
        try:
            return self._found()
        except (AuthenticationFailed, Rejected) as error:
            if error.cause not in (Cause.NO_PERMISSION, Cause.NOT_FOUND):
                raise
            raise Unknowable(
                f"It is not known whether {self.entry.account} carried out the last attempt, and it does not let us "
                f"look ({error.message}) Look there yourself: if it is missing, retry; if it is there, drop this entry."
            ) from error

    def _found(self) -> dict[str, Any] | None:
        payload = self.entry.payload
        if self.entry.operation == Operation.ACTIVITY:
            ref = self.ref(payload)
            return _of(ref) if self.crm.has_activity(ref, payload["activity"]["key"]) else None
        if self.entry.operation in (Operation.UPDATE, Operation.DELETE):
            return None
        found = self.crm.find_created(payload["kind"], payload["key"])
        return self.made(found) if found else None

    def create(self, payload: dict[str, Any]) -> dict[str, Any]:
        fields, notes = self.resolved(payload["fields"])
        self.leave()
        try:
            return self.made(self.crm.create(payload["kind"], fields, key=payload["key"]), notes)
        except Rejected as error:
            # The CRM may have made the record and answered nonsense.
            found = self.look() if error.maybe_done else None
            if found is None:
                raise
            return found

    def update(self, payload: dict[str, Any]) -> dict[str, Any]:
        ref = self.ref(payload)
        fields, notes = self.resolved(payload["fields"])
        overtaken = self.set_later(ref) & set(fields)
        fields = {name: value for name, value in fields.items() if name not in overtaken}
        if overtaken:
            notes.append(f"{', '.join(sorted(overtaken))}: left out, because of a later update of the record.")
        if fields:
            self.leave()
            self.crm.update(ref, fields)
        return _of(ref, notes)

    def add_activity(self, payload: dict[str, Any]) -> dict[str, Any]:
        ref = self.ref(payload)
        agent = payload.get("agent") if self.crm.activity_has_owner else None
        owner = self.crm_user(agent) if agent else ""
        self.leave()
        self.crm.add_activity(ref, replace(activity_of(payload["activity"]), owner=owner))
        return _of(ref)

    def delete(self, payload: dict[str, Any]) -> dict[str, Any]:
        """What is gone already need not be deleted; the note says so."""
        ref = self.ref(payload)
        self.leave()
        try:
            self.crm.delete(ref)
        except Rejected as error:
            if error.cause != Cause.NOT_FOUND:
                raise
            return _of(ref, [NOT_THERE])
        return _of(ref)

    # -- markers become values

    def ref(self, payload: dict[str, Any]) -> RecordRef:
        ref = payload["ref"]
        return RecordRef(ref["kind"], str(self.value(ref["id"])))

    def value(self, value: Any) -> Any:
        if isinstance(value, dict) and "$ref" in value:
            return self.record_of(value["$ref"])
        return value

    def resolved(self, fields: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Fields with ids in the place of markers, and notes on what had to be left out."""
        found, notes = {}, []
        for name, value in fields.items():
            if isinstance(value, dict) and "$agent" in value:
                value = self.crm_user(value["$agent"])
                if not value:
                    notes.append(f"{name} was left out: {self.entry.account} has no user for our agent.")
                    continue
            found[name] = self.value(value)
        return found, notes

    def crm_user(self, agent_id: int) -> str:
        agent = Agent.objects.select_related("user").filter(pk=agent_id).first()
        return crm_user_of(agent, self.entry.account, self.crm) if agent else ""

    def record_of(self, key: str) -> str:
        earlier = OutboxEntry.objects.filter(idempotency_key=key).first()
        if earlier is not None and earlier.status == Status.DONE:
            return str(earlier.result["id"])
        if earlier is None or earlier.status == Status.DROPPED:
            raise RecordMissing(Status.DROPPED, "The record that this is about was given up.")
        raise RecordMissing(Status.STUCK, "Waits for its record, which could not be created. See the entry before.")

    def set_later(self, ref: RecordRef) -> set[str]:
        """Names of fields that later updates of the record have set already."""
        later = OutboxEntry.objects.filter(
            record_key=self.entry.record_key, operation=Operation.UPDATE, status=Status.DONE, pk__gt=self.entry.pk
        )
        same = (entry for entry in later if (entry.result.get("kind"), entry.result.get("id")) == (ref.kind, ref.id))
        return {name for entry in same for name in entry.payload["fields"]}

    def made(self, ref: RecordRef, notes: list[str] | None = None) -> dict[str, Any]:
        return {**_of(ref, notes), "url": self.crm.record_url(ref)}


def _of(ref: RecordRef, notes: list[str] | None = None) -> dict[str, Any]:
    return {"kind": ref.kind, "id": ref.id, **({"notes": notes} if notes else {})}


def activity_of(stored: dict[str, Any]) -> Activity:
    return Activity(**{**stored, "started_at": datetime.fromisoformat(stored["started_at"])})
