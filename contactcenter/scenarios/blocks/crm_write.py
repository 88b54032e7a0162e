"""Blocks that write to a CRM: create, relate, update. All of it goes through the outbox."""

from abc import abstractmethod
from typing import Any, ClassVar

from django import forms

from contactcenter import activities
from contactcenter.crm_access import connect
from contactcenter.models import OutboxEntry
from contactcenter.outbox.sending import NOT_THERE
from contactcenter.scenarios.context import CannotRun, Context
from contactcenter.scenarios.settings_fields import (
    AccountField,
    BlockSettings,
    FieldsField,
    NameField,
    ObjectTypeField,
    TemplateField,
)
from integrations.capabilities import RecordDeletion, RecordRef
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount

from .base import FAILED, NEXT, NO_DATA
from .crm_base import CrmWriter

Operation = OutboxEntry.Operation
# Fields that name a record to a person, the best first.
TITLES = ("short_description", "title", "subject", "name")


class CrmCreate(CrmWriter):
    """On success the id variable holds the record's identifier and the address variable its address. Where the CRM is
    away both stand for the record that is still to be made, so that later steps can refer to it."""

    operation = Operation.CREATE

    class Settings(BlockSettings):
        account = AccountField()
        object_type = ObjectTypeField()
        id_variable = NameField(label="Id variable", required=False, help_text="Receives the new record's identifier.")
        address_variable = NameField(
            label="Address variable", required=False, help_text="Receives the new record's address in a browser."
        )
        values = FieldsField(label="Fields", help_text="A JSON object: names of fields and their values.")
        interaction_record = forms.BooleanField(
            label="Record of the interaction",
            required=False,
            initial=True,
            help_text="The record stands for this call: the activity history is written to it.",
        )

    def act(self, context: Context, account: IntegrationAccount) -> str:
        entry = self.write(context, account, self.payload(context))
        promise = {"$ref": entry.idempotency_key}
        context.set(context.settings["id_variable"], promise)
        context.set(context.settings["address_variable"], {**promise, "part": "url"})
        if context.settings["interaction_record"]:
            activities.record_begun(context.interaction, account)
        self.check(context, account, entry)
        context.set(context.settings["id_variable"], entry.result["id"])
        context.set(context.settings["address_variable"], entry.result.get("url", ""))
        return NEXT

    def payload(self, context: Context) -> dict[str, Any]:
        kind, fields = context.object_type(), context.fields("values")
        named = {name.casefold(): str(value) for name, value in fields.items() if value}
        title = next((named[name] for name in TITLES if name in named), kind)
        stands_for_call = context.settings["interaction_record"]
        return {
            "kind": kind,
            "fields": fields,
            "key": vendor_key(context, alone=stands_for_call),
            "shows": {"as": "interaction", "title": title} if stands_for_call else None,
        }


def vendor_key(context: Context, *, alone: bool) -> str:
    """What marks the record at the CRM, readable for people there: the reference of the call, and, where a call may
    make several records, block and visit."""
    reference = context.interaction.reference
    return reference if alone and context.visit == 1 else f"{reference}-{context.block['key']}-{context.visit}"


class CrmRelate(CrmWriter):
    """Links a record, such as the caller's open incident, to the interaction's record, and shows it to the agent."""

    operation = Operation.RELATE
    exits = {NEXT: "Next", NO_DATA: "No data", FAILED: "Failed"}
    link_kind: ClassVar[str]

    class Settings(BlockSettings):
        account = AccountField()
        record = TemplateField(label="Record", help_text="Identifier of the interaction's record: the id variable.")
        object_type = ObjectTypeField()
        object_id = TemplateField(label="Object identifier", help_text="Identifier of the record to link.")
        title = TemplateField(
            label="Title", required=False, help_text="What the agent reads. Empty: the agent is not shown the link."
        )

    @abstractmethod
    def link_fields(self, record: Any, kind: str, record_id: str) -> dict[str, Any]:
        """The fields of the vendor's link record. `record` may be the marker of a record to come."""

    def act(self, context: Context, account: IntegrationAccount) -> str:
        record, other = context.reference("record"), context.text("object_id")
        if not (record and other):
            context.outcome["note"] = "There is nothing to link."
            return NO_DATA
        kind = context.object_type()
        payload = {
            "kind": self.link_kind,
            "fields": self.link_fields(record, kind, other),
            "key": vendor_key(context, alone=False),
            "shows": self.shown(context, account, kind, other),
        }
        self.check(context, account, self.write(context, account, payload))
        return NEXT

    def shown(self, context: Context, account: IntegrationAccount, kind: str, other: str) -> dict[str, str] | None:
        title = context.text("title")
        if not title:
            return None
        try:
            url = connect(account).record_url(RecordRef(kind, other))
        except IntegrationError as error:
            raise CannotRun(f"{context.title}: {error}") from error
        return {"as": "related", "title": title, "kind": kind, "id": other, "url": url}


class CrmUpdate(CrmWriter):
    operation = Operation.UPDATE
    exits = {NEXT: "Next", NO_DATA: "No data", FAILED: "Failed"}

    class Settings(BlockSettings):
        account = AccountField()
        object_type = ObjectTypeField()
        object_id = TemplateField(label="Object identifier", help_text="For example the id variable of a Create block.")
        values = FieldsField(label="Fields", help_text="A JSON object: names of fields and their values.")

    def not_wanted(self, context: Context, account: IntegrationAccount) -> str:
        """Why this account does without the update; empty where it does not."""
        return ""

    def act(self, context: Context, account: IntegrationAccount) -> str:
        reason = self.not_wanted(context, account)
        if reason:
            context.outcome["note"] = reason
            return NEXT
        record = context.reference("object_id")
        if not record:
            context.outcome["note"] = "There is no record to update."
            return NO_DATA
        ref = {"kind": context.object_type(), "id": record}
        entry = self.write(context, account, {"ref": ref, "fields": context.fields("values")})
        self.check(context, account, entry)
        return NEXT


class CrmDelete(CrmWriter):
    """Takes the No data exit where the record is not there, which is what was wanted."""

    operation = Operation.DELETE
    exits = {NEXT: "Next", NO_DATA: "No data", FAILED: "Failed"}

    class Settings(BlockSettings):
        account = AccountField()
        object_type = ObjectTypeField()
        object_id = TemplateField(label="Object identifier", help_text="For example the id variable of a Create block.")

    def act(self, context: Context, account: IntegrationAccount) -> str:
        if not isinstance(connect(account), RecordDeletion):
            raise CannotRun(f"{account.name} deletes nothing for us.")
        record = context.reference("object_id")
        if not record:
            context.outcome["note"] = "There is no record to delete."
            return NO_DATA
        entry = self.write(context, account, {"ref": {"kind": context.object_type(), "id": record}})
        self.check(context, account, entry)
        return NO_DATA if NOT_THERE in entry.result.get("notes", []) else NEXT
