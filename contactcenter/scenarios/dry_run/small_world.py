"""The world of a saved run that came in a file: just what the call needs, so that the file runs anywhere and means the
same everywhere, without a look at any database.

{"accounts": [{"name", "provider", "default", "properties"}], "agents": [{"login", "first_name", "last_name", "email",
"extension"}], "contacts": [{"first_name", "last_name", "company", "number"}], "service": {"name", "code"},
"dispositions": [{"code", "name"}], "region"}. Accounts have no secrets and lead to simulators or recorded answers."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model

from contactcenter.models import Agent, Contact, ContactCenter, ContactPhone, Disposition, Service
from contactcenter.phone import normalise
from integrations.models import IntegrationAccount

from . import world
from .calls import BadCall, Call

JSONDict = dict[str, Any]
NAMES = ("first_name", "last_name", "company")
PERSON = ("first_name", "last_name", "email")


def seen_by(call: Call, definition: JSONDict, recorded: list[JSONDict]) -> JSONDict:
    """What of this contact centre the call and its scenario touch."""
    agents = Agent.objects.filter(user__username=call.agent).select_related("user")
    service = Service.objects.filter(code=call.service).first()
    dispositions = Disposition.objects.filter(code=call.disposition)
    return {
        "region": ContactCenter.current().default_region,
        "accounts": [_account(account) for account in _accounts(definition, recorded, call)],
        "agents": [_agent(agent) for agent in agents],
        "contacts": _contacts(call),
        **({"service": {"name": service.name, "code": service.code}} if service else {}),
        **({"dispositions": [{"code": d.code, "name": d.name} for d in dispositions]} if dispositions else {}),
    }


def _accounts(definition: JSONDict, recorded: list[JSONDict], call: Call) -> list[IntegrationAccount]:
    """Those that answered, those that blocks name, and the default ones of the blocks' types."""
    from contactcenter.scenarios.blocks import BY_KIND

    blocks = definition.get("blocks", [])
    kinds = [BY_KIND.get(str(block.get("kind"))) for block in blocks]
    names = {each["account"] for each in recorded} | {block.get("settings", {}).get("account") for block in blocks}
    types = {kind.account_type for kind in kinds if kind and kind.account_type}
    found = IntegrationAccount.objects.filter(name__in=filter(None, {*names, call.page}))
    defaults = IntegrationAccount.objects.filter(type__in=types, enabled=True)
    return sorted({account.pk: account for account in (*found, *defaults)}.values(), key=lambda each: each.name)


def _account(account: IntegrationAccount) -> JSONDict:
    stored = {name: value for name, value in account.properties.items() if not name.startswith("_")}
    return {
        "name": account.name, "provider": account.provider, "default": account.is_default,
        "public_id": str(account.public_id), "properties": stored,
    }  # fmt: skip


def _contacts(call: Call) -> list[JSONDict]:
    """Our contacts with the caller's number."""
    line = normalise(call.number, ContactCenter.current().default_region).line
    phones = ContactPhone.objects.filter(line=line).select_related("contact") if line else []
    return [{**{name: getattr(p.contact, name) for name in NAMES}, "number": p.number} for p in phones]


def _agent(agent: Agent) -> JSONDict:
    person = {name: getattr(agent.user, name) for name in PERSON}
    return {"login": agent.login, **person, "extension": agent.extension}


# -- put together


def rows(given: JSONDict) -> world.Rows:
    """Rows for the shadow. Raises `BadCall` where the description cannot be read."""
    try:
        return _rows(given)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadCall(f'"world" cannot be read: {type(error).__name__} {error}.', "world") from None


def _rows(given: JSONDict) -> world.Rows:
    accounts = [_made_account(number, row) for number, row in enumerate(given.get("accounts", []), 1)]
    people: list[Model] = []
    agents: list[Model] = []
    for number, row in enumerate(given.get("agents", []), 1):
        names = {name: str(row.get(name, "")) for name in PERSON}
        people.append(get_user_model()(pk=number, username=str(row["login"]), **names))
        agents.append(Agent(pk=number, user_id=number, extension=str(row.get("extension") or number)))
    region = str(given.get("region") or "US")
    contacts, phones = _made_contacts(given.get("contacts", []), region)
    service = given.get("service") or {"name": world.SERVICE, "code": world.SERVICE_CODE}
    return [
        (ContactCenter, [ContactCenter(pk=1, default_region=region)]),
        (IntegrationAccount, [*accounts]),
        (get_user_model(), people),
        (Agent, agents),
        (Contact, contacts),
        (ContactPhone, phones),
        (Service, [Service(pk=1, name=str(service["name"]), code=str(service["code"]))]),
        (Disposition, [Disposition(name=str(d["name"]), code=str(d["code"])) for d in given.get("dispositions", [])]),
    ]


def _made_contacts(given: list[JSONDict], region: str) -> tuple[list[Model], list[Model]]:
    contacts: list[Model] = []
    phones: list[Model] = []
    for number, row in enumerate(given, 1):
        contacts.append(Contact(pk=number, **{name: str(row.get(name, "")) for name in NAMES}))
        phone = normalise(str(row["number"]), region)
        phones.append(ContactPhone(contact_id=number, number=phone.raw, e164=phone.key, line=phone.line))
    return contacts, phones


def _made_account(number: int, row: JSONDict) -> IntegrationAccount:
    account = IntegrationAccount(
        pk=number, name=str(row["name"]), provider=str(row["provider"]), is_default=bool(row.get("default")),
        properties=dict(row.get("properties") or {}), simulated=True,
    )  # fmt: skip
    if row.get("public_id"):
        account.public_id = row["public_id"]
    try:
        account._derive()
    except LookupError as error:
        raise BadCall(str(error), "world") from None
    world.without_secrets(account, simulated=True)
    return account
