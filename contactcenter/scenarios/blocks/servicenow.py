"""The ServiceNow blocks of the administrator's guide."""

from typing import Any

from contactcenter.scenarios.settings_fields import TemplateField

from .crm_read import CrmScreenPop, CrmSearch
from .crm_write import CrmCreate, CrmRelate, CrmUpdate

ACCOUNT_TYPE = "servicenow"


class ServiceNowSearch(CrmSearch):
    kind = "servicenow_search"
    label = "ServiceNow Search"
    description = "Finds the caller by phone number, or records of a table by an encoded query."
    account_type = ACCOUNT_TYPE

    class Settings(CrmSearch.Settings):
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


class ServiceNowRelate(CrmRelate):
    """Table `interaction_related_record`; `task` repeats the reference where the document is a task."""

    kind = "servicenow_relate"
    label = "ServiceNow Relate"
    description = "Links a record, such as the caller's open incident, to the interaction record."
    account_type = ACCOUNT_TYPE
    link_kind = "interaction_related_record"
    people = ("sys_user", "customer_contact", "csm_consumer", "customer_account")

    def link_fields(self, record: Any, kind: str, record_id: str) -> dict[str, Any]:
        fields = {"interaction": record, "document_table": kind, "document_id": record_id}
        return fields if kind in self.people else {**fields, "type": "task", "task": record_id}


class ServiceNowUpdate(CrmUpdate):
    kind = "servicenow_update"
    label = "ServiceNow Update"
    description = "Changes fields of a record, such as the state of the interaction record."
    account_type = ACCOUNT_TYPE


class ServiceNowScreenPop(CrmScreenPop):
    kind = "servicenow_screen_pop"
    label = "ServiceNow Screen Pop"
    description = "Opens a record in front of the agent, in the way that the account chooses."
    account_type = ACCOUNT_TYPE
