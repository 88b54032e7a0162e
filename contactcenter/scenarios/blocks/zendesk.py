"""The Zendesk blocks of the administrator's guide. Object types are ticket, user and organization."""

import json
from typing import Any

from django import forms

from contactcenter.crm_access import LIVE_SECONDS, connect
from contactcenter.scenarios.context import CannotRun, Context
from contactcenter.scenarios.settings_fields import (
    AccountField,
    BlockSettings,
    FieldsField,
    ObjectTypeField,
    PathsField,
    TemplateField,
)
from integrations import deadlines
from integrations.catalogue import ZENDESK
from integrations.diagnosis import health
from integrations.errors import Cause, IntegrationError
from integrations.models import IntegrationAccount
from integrations.wire import wirelog

from .base import FAILED, NEXT, NO_DATA
from .crm_account import CrmSelectAccount
from .crm_base import CrmBlock
from .crm_read import CallRecordPop, CrmSearch
from .crm_write import CrmCreate, CrmDelete, CrmUpdate
from .requests import ANSWER_KEPT, METHODS, Answer, ask, shown, take_out

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


class ZendeskDelete(CrmDelete):
    kind = "zendesk_delete"
    label = "Zendesk Delete"
    description = "Deletes a record. A ticket stays among the deleted tickets for 30 days."
    account_type = ACCOUNT_TYPE


class ZendeskScreenPop(CallRecordPop):
    kind = "zendesk_screen_pop"
    label = "Zendesk Screen Pop"
    description = "Opens the caller's profile or the call's ticket in front of the agent, as the account chooses."
    account_type = ACCOUNT_TYPE

    class Settings(CallRecordPop.Settings):
        object_type = ObjectTypeField(initial="user", help_text=KINDS)
        interaction_type = ObjectTypeField(label="Type of the interaction record", initial="ticket")


class ZendeskApiRequest(CrmBlock):
    """Any call of the account's REST API, for what the other blocks do not do. It is sent at once and not through the
    outbox: one that may not be repeated is sent once at the most."""

    kind = "zendesk_api_request"
    label = "Zendesk API Request"
    description = "Calls Zendesk's REST API with the account's credentials, and takes values from the answer."
    account_type = ACCOUNT_TYPE
    exits = {NEXT: "Next", NO_DATA: "No data", FAILED: "Failed"}

    class Settings(BlockSettings):
        account = AccountField()
        method = forms.ChoiceField(
            label="Method",
            choices=[(method, method) for method in METHODS],
            initial="GET",
            help_text="POST and PATCH are sent once at the most, also where a server of ours dies meanwhile.",
        )
        path = TemplateField(
            label="Path",
            language="path",
            help_text="Below the address of the help desk: /api/v2/tickets/$(ticket).json",
        )
        body = TemplateField(
            label="JSON body",
            language="json",
            required=False,
            widget=forms.Textarea,
            max_length=10_000,
            help_text='For example {"ticket": {"tags": ["$(tag)"]}}. Variables stand inside quotation marks.',
        )
        variables = PathsField(
            label="Variables from the answer",
            required=False,
            initial=dict,
            help_text='Variables and where their values stand: {"subject": "ticket.subject"}.',
        )

    def act(self, context: Context, account: IntegrationAccount) -> str:
        method, path = str(context.settings["method"]), context.query("path", "path")
        body: Any = json.loads(context.query("body", "json")) if context.settings["body"] else None
        client = connect(account).http

        def send() -> Answer:
            response = client.request(method, path, json=body, purpose="API request")
            return Answer(response.status_code, response.text[:ANSWER_KEPT])

        try:
            self.skip_if_away(context, account)
            with wirelog.for_interaction(context.interaction.public_id), deadlines.within(LIVE_SECONDS):
                answer = ask(context, method, send)
        except CannotRun as reason:
            self.note_failure(context, str(reason))
            raise
        except IntegrationError as error:
            failure = self.failed(context, account, error)
            if error.cause == Cause.NOT_FOUND:
                return NO_DATA
            raise failure from error
        health.succeeded(account)
        context.set_result(answer.status, shown(answer.body))
        context.outcome |= {"status": answer.status}
        take_out(context, answer, context.settings["variables"])
        return NEXT
