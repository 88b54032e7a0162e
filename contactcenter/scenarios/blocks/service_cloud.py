"""The blocks of RightNow and of Oracle Service Cloud: one product behind two doors, which name its objects differently.

`Incident` of RightNow's SOAP is `incidents` of Oracle's REST; a query is ROQL at both."""

from contactcenter.scenarios.settings_fields import FieldsField, ObjectTypeField, TemplateField
from integrations.catalogue import ORACLE, RIGHTNOW

from .crm_account import CrmSelectAccount
from .crm_read import CrmScreenPop, CrmSearch
from .crm_write import CrmCreate, CrmUpdate

SEARCHES = "Finds the caller by phone number, or records by a query in ROQL."
CREATES = "Makes a record, such as the incident of the call."
UPDATES = "Changes fields of a record, such as the status of an incident."
POPS = "Opens a record in front of the agent."


def query_field(example: str) -> TemplateField:
    return TemplateField(
        label="Query",
        language="roql",
        required=False,
        help_text=f"A condition in ROQL, for example {example}, or a whole SELECT with the column id.",
    )


class RightNowSelectAccount(CrmSelectAccount):
    kind = "rightnow_select_account"
    label = "RightNow Select Account"
    account_type = RIGHTNOW.key


class RightNowSearch(CrmSearch):
    kind = "rightnow_search"
    label = "RightNow Search"
    description = SEARCHES
    account_type = RIGHTNOW.key

    class Settings(CrmSearch.Settings):
        object_type = ObjectTypeField(initial="Incident")
        query = query_field("primaryContact.contact.id = $(item.callerId)")


class RightNowCreate(CrmCreate):
    kind = "rightnow_create"
    label = "RightNow Create"
    description = CREATES
    account_type = RIGHTNOW.key

    class Settings(CrmCreate.Settings):
        object_type = ObjectTypeField(initial="Incident")
        values = FieldsField(
            label="Fields",
            help_text='JSON, for example {"Subject": "Call", "PrimaryContact.Contact.ID": "$(item.callerId)"}.',
        )


class RightNowUpdate(CrmUpdate):
    kind = "rightnow_update"
    label = "RightNow Update"
    description = UPDATES
    account_type = RIGHTNOW.key

    class Settings(CrmUpdate.Settings):
        object_type = ObjectTypeField(initial="Incident")


class RightNowScreenPop(CrmScreenPop):
    kind = "rightnow_screen_pop"
    label = "RightNow Screen Pop"
    description = POPS
    account_type = RIGHTNOW.key

    class Settings(CrmScreenPop.Settings):
        object_type = ObjectTypeField(initial="Contact")


class OracleSelectAccount(CrmSelectAccount):
    kind = "oracle_service_cloud_select_account"
    label = "Oracle Service Cloud Select Account"
    account_type = ORACLE.key


class OracleSearch(CrmSearch):
    kind = "oracle_service_cloud_search"
    label = "Oracle Service Cloud Search"
    description = SEARCHES
    account_type = ORACLE.key

    class Settings(CrmSearch.Settings):
        object_type = ObjectTypeField(initial="incidents")
        query = query_field("primaryContact.contact.id = $(item.callerId)")


class OracleCreate(CrmCreate):
    kind = "oracle_service_cloud_create"
    label = "Oracle Service Cloud Create"
    description = CREATES
    account_type = ORACLE.key

    class Settings(CrmCreate.Settings):
        object_type = ObjectTypeField(initial="incidents")
        values = FieldsField(
            label="Fields", help_text='JSON, for example {"subject": "Call", "primaryContact.id": "$(item.callerId)"}.'
        )


class OracleUpdate(CrmUpdate):
    kind = "oracle_service_cloud_update"
    label = "Oracle Service Cloud Update"
    description = UPDATES
    account_type = ORACLE.key

    class Settings(CrmUpdate.Settings):
        object_type = ObjectTypeField(initial="incidents")


class OracleScreenPop(CrmScreenPop):
    kind = "oracle_service_cloud_screen_pop"
    label = "Oracle Service Cloud Screen Pop"
    description = POPS
    account_type = ORACLE.key

    class Settings(CrmScreenPop.Settings):
        object_type = ObjectTypeField(initial="contacts")
