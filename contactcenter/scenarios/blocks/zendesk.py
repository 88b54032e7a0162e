"""The Zendesk blocks of the administrator's guide. Object types are ticket, user and organization."""

from contactcenter.scenarios.settings_fields import FieldsField, ObjectTypeField, TemplateField
from integrations.catalogue import ZENDESK

from .crm_account import CrmSelectAccount
from .crm_read import CallRecordPop, CrmSearch
from .crm_write import CrmCreate, CrmUpdate

ACCOUNT_TYPE = ZENDESK.key
KINDS = "ticket, user or organization."


class ZendeskSelectAccount(CrmSelectAccount):
    kind = "zendesk_select_account"
    label = "Zendesk Select Account"
    account_type = ACCOUNT_TYPE


class ZendeskSearch(CrmSearch):
    kind = "zendesk_search"
    label = "Zendesk Search"
    description = "Finds the caller by phone number, or tickets, users or organizations by a query."
    account_type = ACCOUNT_TYPE

    class Settings(CrmSearch.Settings):
        object_type = ObjectTypeField(initial="ticket", help_text=KINDS)
        query = TemplateField(
            label="Query",
            language="zendesk",
            required=False,
            help_text='In Zendesk\'s search language, for example requester:"$(item.callerId)" status<solved',
        )


class ZendeskCreate(CrmCreate):
    kind = "zendesk_create"
    label = "Zendesk Create"
    description = "Makes a record, such as the ticket of the call."
    account_type = ACCOUNT_TYPE

    class Settings(CrmCreate.Settings):
        object_type = ObjectTypeField(initial="ticket", help_text=KINDS)
        values = FieldsField(
            label="Fields", help_text='JSON, for example {"subject": "Call", "requester_id": "$(item.callerId)"}.'
        )


class ZendeskUpdate(CrmUpdate):
    kind = "zendesk_update"
    label = "Zendesk Update"
    description = "Changes fields of a record, such as the status of the call's ticket."
    account_type = ACCOUNT_TYPE

    class Settings(CrmUpdate.Settings):
        object_type = ObjectTypeField(initial="ticket", help_text=KINDS)
        values = FieldsField(label="Fields", help_text='JSON, for example {"status": "open"}.')


class ZendeskScreenPop(CallRecordPop):
    kind = "zendesk_screen_pop"
    label = "Zendesk Screen Pop"
    description = "Opens the caller's profile or the call's ticket in front of the agent, as the account chooses."
    account_type = ACCOUNT_TYPE

    class Settings(CallRecordPop.Settings):
        object_type = ObjectTypeField(initial="user", help_text=KINDS)
        interaction_type = ObjectTypeField(label="Type of the interaction record", initial="ticket")
