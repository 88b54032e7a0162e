"""Who is calling, and why we think so.

The answer is a dictionary kept on the interaction: {"name", "rule", "received", "normalised", "query", "candidates",
"status"}. `rule` is a full sentence for the agent. `status` is "looking_up", "matched", "several", "none", "rejected"
(the agent said that it is nobody of them), "anonymous" or "failed". Each candidate is {"name", "detail", "account",
"kind", "id", "url"}; "account" is the public id of a CRM account, or "contacts" for our own contacts."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from integrations import catalogue
from integrations.capabilities import PhoneMatches, Record
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount
from integrations.phone.match import same

from .. import interactions
from ..models import Agent, CallerChoice, Contact, ContactCenter, ContactPhone, Interaction
from ..phone import PhoneNumber, normalise

CONTACTS = "contacts"
OUR_CONTACTS = "the contacts of this contact centre"
MOST_CANDIDATES = 20
# Numbers read for them: a contact may have the line more than once, with and without an extension.
MOST_NUMBERS = 2 * MOST_CANDIDATES + 1
# What is shown of a contact, and what else a contact needs to be one.
SHOWN = ("e164", *(f"contact__{name}" for name in ("first_name", "last_name", "company", "email")))
Caller = dict[str, Any]
Candidate = dict[str, str]


# -- our own contacts


def identify(interaction: Interaction) -> None:
    """Look the caller up among our contacts and note the result on the interaction, which the caller saves."""
    region = ContactCenter.current().default_region
    interaction.caller = match(interaction.customer_number, region, looking_further=_asks_crm(interaction))
    phone = normalise(interaction.customer_number, region)
    interaction.customer_e164 = "" if phone.anonymous else phone.plain
    if interaction.caller["status"] == "matched":
        _link(interaction, interaction.caller["candidates"][0])


def ask_around(interaction: Interaction) -> None:
    """Have caller-data systems asked about a number that nobody else knows, and about contacts of ours, whose blank
    fields they may fill. The interaction must be saved."""
    from . import caller_data

    if interaction.caller.get("status") in ("none", "failed") or interaction.contact_id is not None:
        caller_data.soon(interaction)


def _asks_crm(interaction: Interaction) -> str:
    """Who the scenario will ask, for the sentence that the agent reads until the answer is there."""
    scenario = interaction.service.scenario if interaction.service else None
    if scenario is None or interaction.direction == Interaction.Direction.OUTBOUND:
        return ""
    kinds = [str(block.get("kind", "")) for block in scenario.definition.get("blocks", [])]
    asked = (kind.removesuffix("_search") for kind in kinds if kind.endswith("_search"))
    return next((catalogue.BY_KEY[name].label for name in asked if name in catalogue.BY_KEY), "")


def match(number: str, region: str = "", *, looking_further: str = "") -> Caller:
    """Who of our contacts has this number. Never raises, whatever the text is.

    `region` (ISO code) is the country of numbers without a country code; the contact centre's where it is left out.
    `looking_further` names who will be asked next: without a match of ours the status is then "looking_up"."""
    phone = normalise(number, region or ContactCenter.current().default_region)
    if phone.anonymous:
        return _caller(phone, status="anonymous", rule="The caller withheld the number, so nobody could be looked up.")
    found = [_contact_candidate(contact) for contact in _contacts(phone)]
    if not found and looking_further:
        return _caller(phone, status="looking_up", rule=f"Looking for {phone.display} in {looking_further}.")
    return _judge(phone, found, source=CONTACTS, where=OUR_CONTACTS, matching=phone.display)


def _contacts(phone: PhoneNumber) -> list[Contact]:
    """People with this line, one index and one query; those whose extension is another are left out."""
    if not phone.line:
        return []
    rows = ContactPhone.objects.filter(line=phone.line).select_related("contact").only(*SHOWN).order_by("id")
    if phone.extension:
        rows = rows.filter(Q(e164=phone.key) | ~Q(e164__contains=";ext="))
    found = {row.contact_id: row.contact for row in rows[:MOST_NUMBERS]}
    return sorted(found.values(), key=lambda c: (c.last_name, c.first_name, c.pk))


def _contact_candidate(contact: Contact) -> Candidate:
    return _candidate(str(contact), CONTACTS, "contact", str(contact.pk), detail=contact.company)


# -- the customer records of a CRM


@transaction.atomic
def matched_by_crm(
    interaction: Interaction, account: IntegrationAccount, matches: PhoneMatches, *, region: str = ""
) -> Caller:
    """Keep what a CRM found for the caller's number, and show it to the agent. Brings `interaction` up to date.

    One person is the caller. Of several, the one that an agent chose for this number before is preferred; otherwise
    the agent chooses (`choose`). Where the CRM has nobody, a match among our own contacts stays."""
    fresh = interactions.locked(interaction.pk)
    region = region or ContactCenter.current().default_region
    phone = normalise(fresh.customer_number, region)
    candidates = [_record_candidate(account, record) for record in matches.people]
    matching = _as_stored(matches.people[0], phone, region) if len(matches.people) == 1 else phone.display
    found = _judge(phone, candidates, source=str(account.public_id), where=account.name, matching=matching)
    found["query"] = matches.query
    if found["status"] == "none" and fresh.caller.get("status") == "matched":
        found = {**fresh.caller, "query": matches.query}
    _keep(interaction, fresh, found)
    ask_around(fresh)
    return found


@transaction.atomic
def look_up_failed(interaction: Interaction, account: IntegrationAccount, error: IntegrationError) -> Caller:
    """The CRM could not be asked: the call goes on, and the agent is told why nobody is named."""
    fresh = interactions.locked(interaction.pk)
    if fresh.caller.get("status") == "matched":
        return _keep(interaction, fresh, fresh.caller)
    phone = normalise(fresh.customer_number, ContactCenter.current().default_region)
    rule = f"{account.name} could not be asked for {phone.display}: {error.message}"
    found = _keep(interaction, fresh, _caller(phone, status="failed", rule=rule))
    ask_around(fresh)
    return found


@transaction.atomic
def is_contact(interaction: Interaction, contact: Contact, known_by: str) -> None:
    """A scenario has identified our contact: it belongs to the interaction, and names the caller where nobody has.
    Brings `interaction` up to date."""
    fresh = interactions.locked(interaction.pk)
    fresh.contact = contact
    found = fresh.caller
    if found.get("status") not in ("matched", "several"):
        candidate = _contact_candidate(contact)
        rule = f"{known_by} is that of {candidate['name']} in {OUR_CONTACTS}."
        named = {"name": candidate["name"], "rule": rule, "candidates": [candidate], "status": "matched"}
        blank = _caller(normalise(fresh.customer_number, ContactCenter.current().default_region), status="", rule="")
        found = {**blank, **found, **named}
    changed = fresh.caller != found
    fresh.caller = found
    fresh.save(update_fields=["contact", "caller"])
    if changed:
        interactions.tell(fresh)
    interaction.contact, interaction.caller = contact, found


def named_by(interaction: Interaction, contact: Contact, source: str) -> Caller:
    """A caller-data system knew the number: its contact is the caller. The interaction must be locked."""
    phone = normalise(interaction.customer_number, ContactCenter.current().default_region)
    candidate = _contact_candidate(contact)
    rule = f"{source} says that {phone.display} belongs to {candidate['name']}. Nobody here knew the number before."
    found = _caller(phone, status="matched", rule=rule, name=candidate["name"], candidates=[candidate])
    return _keep(interaction, interaction, found)


def _record_candidate(account: IntegrationAccount, record: Record) -> Candidate:
    detail = next((record.fields[name] for name in ("company", "email") if record.fields.get(name)), "")
    name = record.title or record.ref.id
    return _candidate(name, str(account.public_id), record.ref.kind, record.ref.id, detail=detail, url=record.url)


def _as_stored(record: Record, phone: PhoneNumber, region: str) -> str:
    """The caller's number as the record spells it."""
    spelled = (value for value in record.fields.values() if phone.e164 and same(value, phone.key, region))
    return next(spelled, phone.display)


def dialled_from(interaction: Interaction, record: dict[str, str]) -> None:
    """An outbound call from a record's page: that record is the customer. Must be the caller's own transaction."""
    account = IntegrationAccount.objects.filter(public_id=record["account"], enabled=True).first()
    if account is None:
        return
    title = record["title"] or normalise(interaction.customer_number).display
    candidate = _candidate(title, str(account.public_id), record["kind"], record["id"], url=record["url"])
    caller = {"name": candidate["name"], "candidates": [candidate], "status": "matched"}
    rule = f"You dialled from {candidate['name']} in {account.name}."
    _keep(interaction, interaction, {**interaction.caller, **caller, "rule": rule})


# -- the agent's choice


def choose(interaction: Interaction, index: int, agent: Agent) -> Candidate:
    """The agent says which candidate calls; remembered for the next call of the number. `IndexError` for a wrong
    index. The interaction must be locked; it is saved, the desktop is told by the caller of this function."""
    if index < 0:
        raise IndexError(index)
    chosen: Candidate = interaction.caller.get("candidates", [])[index]
    region = ContactCenter.current().default_region
    phone = normalise(interaction.customer_number, region)
    rule = f"You chose {chosen['name']} among {len(interaction.caller['candidates'])} with the number {phone.display}."
    interaction.caller = {**interaction.caller, "name": chosen["name"], "rule": rule, "status": "matched"}
    _unlink(interaction)
    _link(interaction, chosen)
    interaction.save(update_fields=["caller", "records", "contact"])
    if phone.line:
        _remember(phone, chosen, agent)
    return chosen


def reject(interaction: Interaction) -> None:
    """The agent says that the person shown is not calling: nobody is, until the agent chooses; what was remembered is
    forgotten. `LookupError` where nobody is shown. The interaction must be locked; it is saved here."""
    caller = interaction.caller
    if caller.get("status") != "matched" or not caller.get("candidates"):
        raise LookupError("nobody is shown")
    phone = normalise(interaction.customer_number, ContactCenter.current().default_region)
    sources = {candidate["account"] for candidate in caller["candidates"]}
    CallerChoice.objects.filter(e164=_choice_key(phone), source__in=sources).delete()
    several = len(caller["candidates"]) > 1
    rule = f"You said that {caller['name']} is not calling." + (" Choose who is." if several else "")
    status, because = "several" if several else "rejected", str(caller.get("rule", ""))
    # `refused`: the reasons that the agent did not accept, so that what opened for them is not offered any more.
    refused = [*caller.get("refused", []), because]
    interaction.caller = {**caller, "name": "", "rule": rule, "status": status, "refused": refused}
    _unlink(interaction, because)
    interaction.save(update_fields=["caller", "records", "contact"])


def _choice_key(phone: PhoneNumber) -> str:
    return f"{phone.line};ext={phone.extension}"[:128] if phone.extension else phone.line


def _remember(phone: PhoneNumber, chosen: Candidate, agent: Agent) -> None:
    CallerChoice.objects.update_or_create(
        e164=_choice_key(phone),
        source=chosen["account"],
        defaults={
            "kind": chosen["kind"],
            "record_id": chosen["id"],
            "name": chosen["name"][:200],
            "chosen_by": agent.user,
        },
    )


def _remembered(phone: PhoneNumber, source: str, candidates: Sequence[Candidate]) -> tuple[Candidate, str] | None:
    """The candidate that an agent chose before, with the sentence that says so."""
    wanted = CallerChoice.objects.filter(e164=_choice_key(phone), source=source)
    choice = wanted.select_related("chosen_by").first() if phone.line else None
    if choice is None:
        return None
    for candidate in candidates:
        if (candidate["kind"], candidate["id"]) == (choice.kind, choice.record_id):
            who = (
                (choice.chosen_by.get_full_name() or choice.chosen_by.get_username())
                if choice.chosen_by
                else "an agent"
            )
            rule = (
                f"{_how_many(candidates)} people have the number {phone.display}; "
                f"{who} chose {candidate['name']} on {choice.chosen_at:%Y-%m-%d}."
            )
            return candidate, rule
    if len(candidates) <= MOST_CANDIDATES:  # of more, the CRM may not have told all
        choice.delete()  # the record is gone, or has another number now
    return None


def _how_many(candidates: Sequence[Candidate]) -> str:
    return str(len(candidates)) if len(candidates) <= MOST_CANDIDATES else f"More than {MOST_CANDIDATES}"


# -- shared


def _judge(phone: PhoneNumber, candidates: list[Candidate], *, source: str, where: str, matching: str) -> Caller:
    if not candidates:
        return _caller(phone, status="none", rule=f"Nobody in {where} has the number {phone.display}.")
    if len(candidates) == 1:
        rule = f"Phone number matches {matching} of {candidates[0]['name']} in {where}."
        return _caller(phone, status="matched", rule=rule, name=candidates[0]["name"], candidates=candidates)
    remembered = _remembered(phone, source, candidates)
    if remembered:
        candidate, rule = remembered
        ordered = [candidate, *(c for c in candidates if c is not candidate)]
        return _caller(phone, status="matched", rule=rule, name=candidate["name"], candidates=ordered)
    rule = f"{_how_many(candidates)} people in {where} have the number {phone.display}. Choose who is calling."
    return _caller(phone, status="several", rule=rule, candidates=candidates)


def _keep(interaction: Interaction, fresh: Interaction, caller: Caller) -> Caller:
    changed = fresh.caller != caller
    fresh.caller = caller
    if caller["status"] == "matched" and caller["candidates"]:
        _link(fresh, caller["candidates"][0])
    fresh.save(update_fields=["caller", "records", "contact"])
    if changed:
        interactions.tell(fresh)
    interaction.caller, interaction.records, interaction.contact = fresh.caller, fresh.records, fresh.contact
    return caller


def _link(interaction: Interaction, candidate: Candidate) -> None:
    """Tie the interaction to the caller's record: one of our contacts, or a record at a CRM."""
    if candidate["account"] == CONTACTS:
        interaction.contact = Contact.objects.filter(pk=int(candidate["id"])).first()
        return
    record = {"title": candidate["name"], **{k: candidate[k] for k in ("account", "kind", "id", "url")}}
    interaction.records = {**interaction.records, "caller": record}


def _unlink(interaction: Interaction, because: str = "") -> None:
    """Part the interaction from the caller's record, and from the pops that opened for that reason."""
    interaction.contact = None
    kept = {name: value for name, value in interaction.records.items() if name != "caller"}
    if because and "screen_pops" in kept:
        kept["screen_pops"] = [pop for pop in kept["screen_pops"] if pop.get("why") != because]
    interaction.records = kept


def _caller(
    phone: PhoneNumber, *, status: str, rule: str, name: str = "", candidates: list[Candidate] | None = None
) -> Caller:
    return {
        "name": name,
        "rule": rule,
        "received": phone.raw,
        "normalised": phone.e164,
        "query": "",
        "candidates": (candidates or [])[:MOST_CANDIDATES],
        "status": status,
    }


def _candidate(name: str, account: str, kind: str, record_id: str, *, detail: str = "", url: str = "") -> Candidate:
    return {"name": name, "detail": detail, "account": account, "kind": kind, "id": record_id, "url": url}
