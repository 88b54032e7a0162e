"""The ServiceNow blocks of the administrator's guide."""

from dataclasses import replace
from typing import Any

from django import forms

from contactcenter.scenarios.context import Context
from contactcenter.scenarios.settings_fields import ObjectTypeField, TemplateField
from integrations.capabilities import CallFacts
from integrations.catalogue import SERVICENOW
from integrations.models import IntegrationAccount

from .crm_account import CrmSelectAccount
from .crm_read import CrmSearch, NewRecordPop
from .crm_write import CrmCreate, CrmDelete, CrmRelate, CrmUpdate

ACCOUNT_TYPE = SERVICENOW.key


class ServiceNowSelectAccount(CrmSelectAccount):
    kind = "servicenow_select_account"
    label = "ServiceNow Select Account"
    account_type = ACCOUNT_TYPE


class ServiceNowSearch(CrmSearch):
    kind = "servicenow_search"
    label = "ServiceNow Search"
    description = "Finds the caller by phone number, or records of a table by an encoded query."
    account_type = ACCOUNT_TYPE

    class Settings(CrmSearch.Settings):
        object_type = ObjectTypeField(initial="incident")
        query = TemplateField(
            label="Encoded query",
            language="servicenow",
            required=False,
            help_text="For example caller_id=$(item.callerId)^active=true^ORDERBYDESCsys_updated_on",
        )


class ServiceNowCreate(CrmCreate):
    kind = "servicenow_create"
    label = "ServiceNow Create"
    description = "Makes a record, such as the interaction record of the call in the state New."
    account_type = ACCOUNT_TYPE

    class Settings(CrmCreate.Settings):
        object_type = ObjectTypeField(initial="interaction")


class ServiceNowRelate(CrmRelate):
    """Table `interaction_related_record`; `task` repeats the reference where the document is a task."""

    kind = "servicenow_relate"
    label = "ServiceNow Relate"
    description = "Links a record, such as the caller's open incident, to the interaction record."
    account_type = ACCOUNT_TYPE
    link_kind = "interaction_related_record"
    people = ("sys_user", "customer_contact", "csm_consumer", "customer_account")

    class Settings(CrmRelate.Settings):
        object_type = ObjectTypeField(initial="incident")

    def link_fields(self, record: Any, kind: str, record_id: str) -> dict[str, Any]:
        fields = {"interaction": record, "document_table": kind, "document_id": record_id}
        return fields if kind in self.people else {**fields, "type": "task", "task": record_id}


class ServiceNowUpdate(CrmUpdate):
    kind = "servicenow_update"
    label = "ServiceNow Update"
    description = "Changes fields of a record, such as the state of the interaction record."
    account_type = ACCOUNT_TYPE

    class Settings(CrmUpdate.Settings):
        object_type = ObjectTypeField(initial="interaction")
        closes = forms.BooleanField(
            label="Closes the record on release",
            required=False,
            initial=False,
            help_text='Skipped for accounts where "Close on release" is not ticked.',
        )

    def not_wanted(self, context: Context, account: IntegrationAccount) -> str:
        closing = context.settings["closes"]
        if closing and not account.values().get("close_on_release", True):
            return f"{account.name} leaves closing the record to the agent."
        return ""


class ServiceNowDelete(CrmDelete):
    kind = "servicenow_delete"
    label = "ServiceNow Delete"
    description = "Deletes a record. The integration user needs the right to delete in its table."
    account_type = ACCOUNT_TYPE


class ServiceNowScreenPop(NewRecordPop):
    kind = "servicenow_screen_pop"
    label = "ServiceNow Screen Pop"
    description = "Opens a record in front of the agent, in the way that the account chooses."
    account_type = ACCOUNT_TYPE

    class Settings(NewRecordPop.Settings):
        object_type = ObjectTypeField(initial="sys_user")
        interaction_type = ObjectTypeField(label="Type of the interaction record", initial="interaction")
        task = TemplateField(label="Task", required=False, help_text="Identifier of a task the call is about.")

    def facts(self, context: Context) -> CallFacts:
        return replace(super().facts(context), task_id=context.text("task"))
