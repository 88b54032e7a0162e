"""Blocks that read from a CRM: search, and the screen pop."""

from dataclasses import replace
from typing import Any

from django import forms

from contactcenter import showing
from contactcenter.callers import matching
from contactcenter.crm_access import connect
from contactcenter.models import ContactCenter
from contactcenter.phone import normalise
from contactcenter.scenarios.context import CannotRun, Context
from contactcenter.scenarios.settings_fields import (
    AccountField,
    BlockSettings,
    FieldsField,
    NameField,
    ObjectTypeField,
    TemplateField,
)
from contactcenter.scenarios.substitution import names
from contactcenter.scenarios.values import recordset
from integrations.capabilities import CallFacts, Crm, EmbedHost, PeopleDirectory, PhoneMatches, Record, RecordRef
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount

from .base import FAILED, NEXT, NO_DATA
from .crm_base import CrmBlock, CrmReader

BY_PHONE, BY_QUERY = "phone", "query"
SEVERAL = "several"
LONGEST_VALUE = 500
# What a recordset may take of the run's variables.
RECORDSET_BYTES = 16_000


class CrmSearch(CrmReader):
    """By phone: who is calling, with every match verified by the provider and shown to the agent. By query: records
    of a table, in the CRM's query language."""

    exits = {NEXT: "Next", SEVERAL: "Several callers", NO_DATA: "No data", FAILED: "Failed"}
    conditional = (SEVERAL, NO_DATA, FAILED)

    class Settings(BlockSettings):
        account = AccountField()
        look_up = forms.ChoiceField(
            label="Look up",
            choices=[(BY_PHONE, "The caller, by phone number"), (BY_QUERY, "Records, by query")],
            initial=BY_QUERY,
            help_text="The caller's look-up also names the caller on the agent's desktop.",
        )
        object_type = ObjectTypeField()
        query = TemplateField(label="Query", language="query", required=False, help_text="In the CRM's own language.")
        recordset = NameField(label="Recordset name", help_text="The first record becomes $(name.column).")
        limit = forms.IntegerField(
            label="At most", min_value=1, max_value=50, initial=10, help_text="How many records are fetched."
        )

        def clean(self) -> dict[str, Any]:
            cleaned = super().clean() or {}
            if cleaned.get("look_up") == BY_QUERY and cleaned.get("query") == "":
                self.add_error("query", "A search by query needs a query.")
            return cleaned

    def ask(self, context: Context, account: IntegrationAccount, provider: Any) -> str:
        if context.settings["look_up"] == BY_PHONE:
            return self.find_caller(context, account, provider)
        return self.find_records(context, provider)

    def gave_up(self, context: Context, account: IntegrationAccount, error: IntegrationError) -> None:
        if context.settings["look_up"] == BY_PHONE:
            matching.look_up_failed(context.interaction, account, error)

    def language(self, context: Context, provider: Crm) -> str:
        """How values are written in the query; see `substitution.LANGUAGES`."""
        return provider.query_language

    def find_caller(self, context: Context, account: IntegrationAccount, provider: Any) -> str:
        interaction = context.interaction
        region = ContactCenter.current().default_region
        phone = normalise(interaction.customer_number, region)
        if not isinstance(provider, PeopleDirectory):
            raise CannotRun(f"{account.name} cannot look up people by phone.")
        if phone.anonymous:
            context.outcome["note"] = "The number is withheld: nobody was looked up."
            return NO_DATA
        matches = provider.find_by_phone(phone.e164, phone.raw)
        caller = matching.matched_by_crm(interaction, account, matches, region=region)
        context.outcome |= {"query": matches.query, "found": len(matches.people), "caller": caller["status"]}
        keep(context, _caller_first(matches, caller))
        if not matches.people:
            return NO_DATA
        return NEXT if caller["status"] == "matched" else SEVERAL

    def find_records(self, context: Context, provider: Crm) -> str:
        empty = [name for name in names(context.settings["query"]) if not context.values.text(name)]
        if empty:
            context.outcome["note"] = f"Not asked, because $({empty[0]}) is empty: the answer would be anything."
            keep(context, [])
            return NO_DATA
        query = context.query("query", self.language(context, provider))
        found = provider.search(context.object_type(), query, limit=context.settings["limit"])
        context.outcome |= {"query": query, "found": len(found)}
        keep(context, found)
        return NEXT if found else NO_DATA


def _caller_first(matches: PhoneMatches, caller: dict[str, Any]) -> list[Record]:
    """The people found, beginning with the one whom an agent chose for this number before."""
    order = [candidate["id"] for candidate in caller["candidates"]]
    return sorted(matches.people, key=lambda r: order.index(r.ref.id) if r.ref.id in order else len(order))


def keep(context: Context, records: list[Record]) -> None:
    """Store a recordset: as many records as fit, values capped. The count is that of all records."""
    kept: list[dict[str, str]] = []
    room = RECORDSET_BYTES
    for record in records:
        columns = {name: value[:LONGEST_VALUE] for name, value in record.fields.items() if value}
        columns |= {"sys_id": record.ref.id, "__kind__": record.ref.kind}
        columns |= {"__title__": record.title, "__url__": record.url}
        room -= sum(len(name) + len(value) for name, value in columns.items())
        if kept and room < 0:
            context.outcome["note"] = f"Only the first {len(kept)} of {len(records)} records were kept."
            break
        kept.append(columns)
    context.set(context.settings["recordset"], recordset(kept, len(records)))


class CrmScreenPop(CrmBlock):
    """Asks nobody: how a record opens is known from the account. It opens when the call rings at an agent."""

    class Settings(BlockSettings):
        account = AccountField()
        object_type = ObjectTypeField()
        object_id = TemplateField(
            label="Object identifier",
            required=False,
            help_text="For example $(item.callerId). Empty when the call comes: a new record, or the CRM's call page.",
        )
        address = TemplateField(
            label="Address",
            language="url",
            required=False,
            help_text="Instead of a record: an address such as $(GLOBAL:screenpopurl).",
        )

    def act(self, context: Context, account: IntegrationAccount) -> str:
        provider = connect(account)
        if not isinstance(provider, EmbedHost):
            raise CannotRun(f"{account.name} has no pages to open.")
        if context.settings["address"]:
            return self.pop(context, account, title=context.title, url=context.address("address"))
        record_id = context.text("object_id")
        if not record_id and context.interaction.caller.get("status") == "several":
            context.outcome["note"] = "Several people have this number: the record opens when the agent has chosen."
            return NEXT
        ref = RecordRef(context.object_type(), record_id) if record_id else None
        try:
            shown = provider.screen_pop(ref, self.facts(context))
        except IntegrationError as error:
            self.note_failure(context, str(error))
            raise
        return self.pop(
            context, account, title=shown.title, url=shown.url, entity=shown.entity, query=shown.query,
            relativeUrl=shown.relative_url, search=shown.search,
        )  # fmt: skip

    def facts(self, context: Context) -> CallFacts:
        """What the CRM's page may be told about the call."""
        interaction = context.interaction
        phone = interaction.customer_e164 or interaction.customer_number
        return CallFacts(phone=phone, name=str(interaction.caller.get("name", "")))

    def pop(self, context: Context, account: IntegrationAccount, *, title: str, url: str, **how: str) -> str:
        shown = {"account": str(account.public_id), "title": title, "url": url}
        shown |= {"entity": "", "query": "", "relativeUrl": "", "search": "", **how}
        if not (url or shown["relativeUrl"]):
            raise CannotRun("There is no address to open.")
        showing.screen_pop(context.interaction, shown)
        context.outcome["pop"] = shown
        return NEXT


class CallRecordPop(CrmScreenPop):
    """For CRMs whose account may choose to open the record of the call instead of the caller's."""

    class Settings(CrmScreenPop.Settings):
        interaction_record = TemplateField(
            label="Interaction record",
            required=False,
            help_text="Identifier of the record made for the call, for accounts that open that one.",
        )
        interaction_type = ObjectTypeField(label="Type of the interaction record")

    def facts(self, context: Context) -> CallFacts:
        made = context.text("interaction_record")
        ref = RecordRef(context.object_type("interaction_type"), made) if made else None
        return replace(super().facts(context), interaction=ref)


class NewRecordPop(CallRecordPop):
    """For CRMs that open a new record for an unknown caller, filled with what is known."""

    class Settings(CallRecordPop.Settings):
        values = FieldsField(label="Fields", required=False, initial=dict, help_text="To fill into a new record.")

    def facts(self, context: Context) -> CallFacts:
        fields = {name: str(value) for name, value in context.fields("values").items()}
        return replace(super().facts(context), fields=fields)
