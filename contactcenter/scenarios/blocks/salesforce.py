"""The Salesforce.com blocks of the administrator's guide."""

from typing import Any

from django import forms

from contactcenter.scenarios.context import Context
from contactcenter.scenarios.settings_fields import FieldsField, NameField, ObjectTypeField, TemplateField, checked
from integrations.capabilities import Crm
from integrations.catalogue import SALESFORCE

from .crm_account import CrmSelectAccount
from .crm_read import BY_QUERY, CrmSearch, NewRecordPop
from .crm_write import CrmCreate, CrmDelete, CrmUpdate

ACCOUNT_TYPE = SALESFORCE.key
SOQL, SOSL = "soql", "sosl"


class SalesforceSelectAccount(CrmSelectAccount):
    kind = "salesforce_select_account"
    label = "Salesforce.com Select Account"
    account_type = ACCOUNT_TYPE


class SalesforceSearch(CrmSearch):
    kind = "salesforce_search"
    label = "Salesforce.com Search"
    description = "Finds the caller by phone number, or records by a statement in SOQL or SOSL."
    account_type = ACCOUNT_TYPE

    class Settings(CrmSearch.Settings):
        object_type = ObjectTypeField(
            initial="Case", help_text="The object that a condition is about. A whole SELECT or FIND names its own."
        )
        query_language = forms.ChoiceField(
            label="Query language",
            choices=[(SOQL, "SOQL: records of one object"), (SOSL, "SOSL: words in several objects at once")],
            initial=SOQL,
            help_text="What the statement is written in.",
        )
        query = TemplateField(
            label="Statement",
            language="query",
            required=False,
            help_text=(
                "SOQL: a condition such as ContactId = '$(item.callerId)' AND IsClosed = false ORDER BY CreatedDate "
                'DESC, or a whole SELECT. SOSL: FIND {"$(item.callerName)"} IN ALL FIELDS RETURNING Contact(Id, Name), '
                "Case(Id, Subject)"
            ),
        )

        field_order = ("account", "look_up", "object_type", "query_language", "query", "recordset", "limit")

        def clean(self) -> dict[str, Any]:
            cleaned = super().clean()
            if cleaned.get("look_up") == BY_QUERY and cleaned.get("query"):
                try:
                    checked(cleaned["query"], cleaned.get("query_language", SOQL))
                except forms.ValidationError as error:
                    self.add_error("query", error)
            return cleaned

    def language(self, context: Context, provider: Crm) -> str:
        return str(context.settings["query_language"])


class SalesforceInsert(CrmCreate):
    kind = "salesforce_insert"
    label = "Salesforce.com Insert"
    description = "Makes a record, such as the Task that stands for the call."
    account_type = ACCOUNT_TYPE

    class Settings(CrmCreate.Settings):
        object_type = ObjectTypeField(initial="Task")
        id_variable = NameField(
            label="Variable for the new id", required=False, help_text="Receives the new record's identifier."
        )
        values = FieldsField(
            label="Fields",
            help_text='JSON with API names, for example {"Subject": "Call", "WhoId": "$(item.callerId)"}.',
        )


class SalesforceUpdate(CrmUpdate):
    kind = "salesforce_update"
    label = "Salesforce.com Update"
    description = "Changes fields of a record, such as the status of the call's Task."
    account_type = ACCOUNT_TYPE

    class Settings(CrmUpdate.Settings):
        object_type = ObjectTypeField(initial="Task")
        values = FieldsField(label="Fields", help_text='JSON with API names, for example {"Status": "In Progress"}.')


class SalesforceDelete(CrmDelete):
    kind = "salesforce_delete"
    label = "Salesforce.com Delete"
    description = "Deletes a record. It stays in Salesforce's recycle bin for 15 days."
    account_type = ACCOUNT_TYPE


class SalesforceScreenPop(NewRecordPop):
    kind = "salesforce_screen_pop"
    label = "Salesforce.com Screenpop"
    description = "Opens a record, or an address of Salesforce's, in front of the agent."
    account_type = ACCOUNT_TYPE

    class Settings(NewRecordPop.Settings):
        object_type = ObjectTypeField(initial="$(item.callerKind)")
        interaction_type = ObjectTypeField(label="Type of the interaction record", initial="Task")
        address = TemplateField(
            label="Salesforce URL",
            language="url",
            required=False,
            help_text="Instead of a record: the whole address of a Salesforce page.",
        )
