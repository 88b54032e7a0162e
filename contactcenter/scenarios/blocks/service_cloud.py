"""The blocks of RightNow and of Oracle Service Cloud: one product behind two doors, which name its objects differently.

`Incident` of RightNow's SOAP is `incidents` of Oracle's REST; a query is ROQL at both."""

from contactcenter.scenarios.settings_fields import FieldsField, ObjectTypeField, TemplateField
from integrations.catalogue import ORACLE, RIGHTNOW

from .crm_account import CrmSelectAccount
from .crm_read import CrmScreenPop, CrmSearch
from .crm_write import CrmCreate, CrmDelete, CrmUpdate


class RoqlSearch(CrmSearch):
    description = "Finds the caller by phone number, or records by a query in ROQL."

    class Settings(CrmSearch.Settings):
        query = TemplateField(
            label="Query",
            language="roql",
            required=False,
            help_text=(
                "A condition in ROQL, for example primaryContact.contact.id = $(item.callerId), or a whole SELECT with "
                "the column id."
            ),
        )


class IncidentCreate(CrmCreate):
    description = "Makes a record, such as the incident of the call."


class IncidentUpdate(CrmUpdate):
    description = "Changes fields of a record, such as the status of an incident."


class ContactPop(CrmScreenPop):
    description = "Opens a record in front of the agent."


# -- RightNow


class RightNowSelectAccount(CrmSelectAccount):
    kind, label, account_type = "rightnow_select_account", "RightNow Select Account", RIGHTNOW.key


class RightNowSearch(RoqlSearch):
    kind, label, account_type = "rightnow_search", "RightNow Search", RIGHTNOW.key

    class Settings(RoqlSearch.Settings):
        object_type = ObjectTypeField(initial="Incident")


class RightNowCreate(IncidentCreate):
    kind, label, account_type = "rightnow_create", "RightNow Create", RIGHTNOW.key

    class Settings(IncidentCreate.Settings):
        object_type = ObjectTypeField(initial="Incident")
        values = FieldsField(
            label="Fields",
            help_text='JSON, for example {"Subject": "Call", "PrimaryContact.Contact.ID": "$(item.callerId)"}.',
        )


class RightNowUpdate(IncidentUpdate):
    kind, label, account_type = "rightnow_update", "RightNow Update", RIGHTNOW.key

    class Settings(IncidentUpdate.Settings):
        object_type = ObjectTypeField(initial="Incident")


class RightNowDelete(CrmDelete):
    kind, label, account_type = "rightnow_delete", "RightNow Delete", RIGHTNOW.key
    description = "Deletes a record for good."


class RightNowScreenPop(ContactPop):
    kind, label, account_type = "rightnow_screen_pop", "RightNow Screen Pop", RIGHTNOW.key

    class Settings(ContactPop.Settings):
        object_type = ObjectTypeField(initial="Contact")


# -- Oracle Service Cloud


class OracleSelectAccount(CrmSelectAccount):
    kind, label = "oracle_service_cloud_select_account", "Oracle Service Cloud Select Account"
    account_type = ORACLE.key


class OracleSearch(RoqlSearch):
    kind, label, account_type = "oracle_service_cloud_search", "Oracle Service Cloud Search", ORACLE.key

    class Settings(RoqlSearch.Settings):
        object_type = ObjectTypeField(initial="incidents")


class OracleCreate(IncidentCreate):
    kind, label, account_type = "oracle_service_cloud_create", "Oracle Service Cloud Create", ORACLE.key

    class Settings(IncidentCreate.Settings):
        object_type = ObjectTypeField(initial="incidents")
        values = FieldsField(
            label="Fields", help_text='JSON, for example {"subject": "Call", "primaryContact.id": "$(item.callerId)"}.'
        )


class OracleUpdate(IncidentUpdate):
    kind, label, account_type = "oracle_service_cloud_update", "Oracle Service Cloud Update", ORACLE.key

    class Settings(IncidentUpdate.Settings):
        object_type = ObjectTypeField(initial="incidents")


class OracleDelete(CrmDelete):
    kind, label, account_type = "oracle_service_cloud_delete", "Oracle Service Cloud Delete", ORACLE.key
    description = "Deletes a record for good."


class OracleScreenPop(ContactPop):
    kind, label, account_type = "oracle_service_cloud_screen_pop", "Oracle Service Cloud Screen Pop", ORACLE.key

    class Settings(ContactPop.Settings):
        object_type = ObjectTypeField(initial="contacts")
