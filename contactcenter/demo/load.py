"""Writes `data.yaml` into the database. Repeating it adds what is missing and leaves alone what is there."""

import json
from pathlib import Path
from typing import Any

import yaml
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from contactcenter.admin.groups import ensure_supervisors
from contactcenter.agent_states import SYSTEM_REASONS
from contactcenter.lists import imports
from contactcenter.lists.mapping import FieldMapping
from contactcenter.models import (
    Agent,
    ApiToken,
    CallingList,
    Contact,
    ContactCenter,
    Disposition,
    KnowledgeTopic,
    ListImport,
    NotReadyReason,
    Scenario,
    Service,
    ServiceMessenger,
    ServiceNumber,
    Team,
)
from integrations.models import IntegrationAccount
from integrations.providers import registry

FOLDER = Path(__file__).parent
LIBRARY = FOLDER.parent / "scenarios" / "library"
# Passwords equal to the name need no protection; Django strengthens them at the first log-in.
ROUNDS = 1000

Row = dict[str, Any]


def data() -> Row:
    """The content of `data.yaml`."""
    loaded: Row = yaml.safe_load((FOLDER / "data.yaml").read_text())
    return loaded


def is_loaded() -> bool:
    """Whether the demo was loaded into this database before, whatever became of its rows since."""
    return User.objects.filter(username="agent1").exists()


@transaction.atomic
def load() -> None:
    """All demo data. Raises `ValidationError` where an account of `data.yaml` does not fit its provider."""
    wanted = data()
    load_centre(wanted["centre"])
    load_reasons(wanted["reasons"])
    services = [load_service(row) for row in wanted["services"]]
    load_dispositions(wanted["dispositions"])
    team = Team.objects.get_or_create(name=wanted["team"])[0]
    chat_service = load_chat_service(wanted["chat_service"])
    for row in wanted["users"]:
        load_user(row, team, [*services, chat_service])
    for row in wanted["contacts"]:
        load_contact(row)
    for row in wanted["accounts"]:
        load_account(row)
    load_calling_list(wanted["calling_list"])
    connect_messengers(chat_service, wanted["chat_service"]["messengers"])
    for row in wanted["topics"]:
        KnowledgeTopic.objects.get_or_create(title=row["title"], defaults={"text": row["text"], "published": True})
    if not ApiToken.objects.filter(name=wanted["api_token"]["name"]).exists():
        ApiToken.issue(wanted["api_token"]["name"], wanted["api_token"]["value"])


def load_centre(row: Row) -> None:
    if not ContactCenter.objects.exists() or not is_loaded():
        ContactCenter(**row).save()


def load_reasons(rows: list[Row]) -> None:
    for position, row in enumerate(rows):
        values = {"name": row["name"], "is_break": row.get("break", False), "position": position}
        NotReadyReason.objects.get_or_create(key=row["key"], defaults=values)
    for position, (key, name) in enumerate(SYSTEM_REASONS.items(), start=100):
        values = {"name": name, "is_system": True, "position": position}
        NotReadyReason.objects.get_or_create(key=key, defaults=values)


def load_service(row: Row) -> Service:
    scenario = load_scenario(row["scenario"], row["library"])
    values = {"name": row["name"], "scenario": scenario, "recordings": row.get("recordings", "refused")}
    service, is_new = Service.objects.get_or_create(code=row["code"], defaults=values)
    if is_new:
        ServiceNumber.objects.create(service=service, number=row["number"])
    return service


def load_dispositions(rows: list[Row]) -> None:
    for position, row in enumerate(rows):
        values = {"name": row["name"], "position": position, "list_result": row.get("list_result", "done")}
        Disposition.objects.get_or_create(code=row["code"], defaults=values)


def load_chat_service(row: Row) -> Service:
    values = {"name": row["name"], "media": Service.Media.CHAT}
    return Service.objects.get_or_create(code=row["code"], defaults=values)[0]


def connect_messengers(service: Service, names: list[str]) -> None:
    for account in IntegrationAccount.objects.filter(name__in=names):
        ServiceMessenger.objects.get_or_create(account=account, defaults={"service": service})


def load_scenario(name: str, file: str) -> Scenario:
    """The scenario from the library, published."""
    definition = json.loads((LIBRARY / f"{file}.json").read_text())
    scenario = Scenario.objects.get_or_create(name=name, defaults={"definition": definition})[0]
    scenario.publish()
    return scenario


def load_user(row: Row, team: Team, services: list[Service]) -> None:
    values = {
        "first_name": row["first"],
        "last_name": row["last"],
        "email": row["email"],
        "is_staff": row.get("staff", False) or row.get("superuser", False),
        "is_superuser": row.get("superuser", False),
        "password": published_password(row["name"]),
    }
    user, is_new = User.objects.get_or_create(username=row["name"], defaults=values)
    if is_new and "staff" in row:
        user.groups.add(ensure_supervisors())
    if is_new and "extension" in row:
        employee = row.get("employee_id", "")
        agent = Agent.objects.create(user=user, extension=row["extension"], employee_id=employee, team=team)
        if "staff" not in row:
            agent.services.add(*services)


def published_password(name: str) -> str:
    hasher = PBKDF2PasswordHasher()
    return hasher.encode(name, hasher.salt(), iterations=ROUNDS)


def load_contact(row: Row) -> None:
    values = {"first_name": row["first"], "last_name": row["last"], "company": row["company"]}
    contact, is_new = Contact.objects.get_or_create(email=row["email"], defaults=values)
    if is_new:
        contact.phones.create(number=row["phone"])


def load_calling_list(row: Row) -> None:
    """The list, and its import as if somebody had just asked for it: the workers find it when they start."""
    account = IntegrationAccount.objects.filter(name=row["account"]).first()
    values = {"service": Service.objects.get(code=row["service"]), "account": account, "statuses": row["statuses"]}
    found, is_new = CallingList.objects.get_or_create(name=row["name"], defaults=values)
    if not is_new or account is None:
        return
    columns = account.connect().columns(row["query"])
    run = ListImport.objects.create(
        calling_list=found, source=CallingList.Source.QUERY, query=row["query"], columns=list(columns), asked_by="demo"
    )
    imports.start(run, FieldMapping.load(row["mapping"]))


def load_account(row: Row) -> None:
    """A simulated account with checked properties."""
    if IntegrationAccount.objects.filter(name=row["name"]).exists():
        return
    account = IntegrationAccount(
        name=row["name"], provider=row["provider"], simulated=True, is_default=row.get("default", False)
    )
    properties = registry()[row["provider"]].Properties
    account.apply({**properties.defaults(), **row["properties"]}, row["secrets"])
    try:
        account.full_clean()
    except ValidationError as error:
        raise ValidationError(f'Account "{row["name"]}" of the demo data: {"; ".join(error.messages)}') from error
    account.save()
