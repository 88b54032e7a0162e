"""Caller-data systems fill the contacts of callers whom nobody here knows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contactcenter import calls
from contactcenter.callers import caller_data, contact_fields, matching
from contactcenter.calls import CallReport
from contactcenter.models import CallerDataAnswer, Contact, Interaction
from integrations.capabilities import PhoneMatches
from integrations.field_mapping import TARGETS, Suggestion, label_of
from integrations.models import IntegrationAccount
from tests.factories import AccountFactory, AdminFactory, AgentFactory, ContactFactory, ServiceFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
AVA = "+12125550123"
MAPPING = [
    {"target": "contact.first_name", "name": "", "source": "first_name", "when": "keep"},
    {"target": "contact.last_name", "name": "", "source": "last_name", "when": "keep"},
    {"target": "contact.position", "name": "", "source": "occupation", "when": "overwrite"},
    {"target": "contact.emails[0].address", "name": "", "source": "email", "when": "keep"},
    {"target": "contact.phones[type=home].number", "name": "", "source": "phone.0.number", "when": "keep"},
    {"target": "contact.addresses[0].city", "name": "", "source": "address.0.city", "when": "keep"},
    {"target": "contact.social_links[0].url", "name": "", "source": "social_links.0.url", "when": "keep"},
    {"target": "contact.custom", "name": "carrier", "source": "phone.0.carrier", "when": "keep"},
]


@pytest.fixture
def next_caller(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("next_caller")


@pytest.fixture
def account(next_caller: Vendor) -> IntegrationAccount:
    made: IntegrationAccount = AccountFactory(
        provider="next_caller", name="Next Caller", is_default=True,
        properties={"username": "demo-nextcaller", "field_mapping": MAPPING},
        secrets={"password": "demo-nextcaller-password"},
    )  # fmt: skip
    made.full_clean()
    return made


def call(number: str = AVA, call_id: str = "c1", **more: Any) -> Interaction:
    if not ServiceFactory._meta.model.objects.exists():
        ServiceFactory(name="Support", code="support")
    report = {"call_id": call_id, "event": "offered", "from_number": number, "service": "support", **more}
    return calls.apply(CallReport(**report))


def test_an_unknown_caller_becomes_a_contact_with_what_the_mapping_says(account: IntegrationAccount) -> None:
    interaction = call()
    assert interaction.caller["status"] == "none"
    contact = caller_data.look_up(interaction.pk)
    assert contact is not None
    contact.refresh_from_db()
    assert (str(contact), contact.position, contact.email) == ("Ava Johnson", "Engineer", "ava.johnson@example.com")
    assert [phone.e164 for phone in contact.phones.all()] == [AVA], "the same number is not listed twice"
    assert contact.addresses.get().city == "Springfield"
    assert contact.social_links.get().url == "https://social.example/ava"
    assert str(contact.details.get()) == "carrier: Example Telecom"
    interaction.refresh_from_db()
    assert interaction.contact == contact
    assert (interaction.caller["status"], interaction.caller["name"]) == ("matched", "Ava Johnson")
    assert interaction.caller["rule"].startswith("Next Caller says that")


def test_the_agent_reads_the_name_when_it_comes(account: IntegrationAccount) -> None:
    agent = AgentFactory(state="READY", services=[ServiceFactory(name="Support", code="support")])
    interaction = call(agent=agent.login)
    caller_data.look_up(interaction.pk)
    assert agent.desktop_events.filter(kind="interaction").last().data["caller"]["name"] == "Ava Johnson"


def test_a_known_contact_keeps_what_it_has_and_gains_what_is_blank(account: IntegrationAccount) -> None:
    known = ContactFactory(first_name="Avery", last_name="", email="", position="Clerk", phones=[AVA])
    interaction = call()
    caller_data.look_up(interaction.pk)
    known.refresh_from_db()
    assert (known.first_name, known.last_name, known.position) == ("Avery", "Johnson", "Engineer")
    interaction.refresh_from_db()
    assert interaction.caller["rule"].startswith("Phone number matches"), "who we know keeps our reason"
    taken = {each["target"]: each["taken"] for each in CallerDataAnswer.objects.get().offered}
    assert taken["contact.first_name"] is False and taken["contact.last_name"] is True


def test_a_number_is_asked_once_in_thirty_days(account: IntegrationAccount, next_caller: Vendor) -> None:
    for number in (AVA, "+12125550199"):
        for call_id in ("a", "b"):
            caller_data.look_up(call(number, f"{number}-{call_id}").pk)
    assert len(next_caller.arrived()) == 2
    CallerDataAnswer.objects.update(asked_at=timezone.now() - timedelta(days=31))
    caller_data.look_up(call(AVA, "later").pk)
    assert len(next_caller.arrived()) == 3


def test_a_system_that_is_away_is_asked_at_the_next_call(account: IntegrationAccount, next_caller: Vendor) -> None:
    next_caller.fault("server_error")
    assert caller_data.look_up(call().pk) is None
    assert not CallerDataAnswer.objects.exists()
    account.refresh_from_db()
    assert account.health == "failing"
    next_caller.healthy()
    assert caller_data.look_up(call(call_id="c2").pk) is not None


def test_the_next_system_is_asked_where_the_first_knows_nobody(
    account: IntegrationAccount, vendor: Callable[[str], Vendor], next_caller: Vendor
) -> None:
    tdg = vendor("tdg")
    AccountFactory(
        provider="tdg", name="TDG", properties={"api_generation": "today", "field_mapping": []},
        secrets={"api_key": "demo-tdg-api-key"},
    )  # fmt: skip
    caller_data.look_up(call("+12125550187").pk)
    assert len(next_caller.arrived()) == 1 and len(tdg.arrived()) == 1


def test_whom_we_call_and_who_hides_is_never_looked_up(account: IntegrationAccount, monkeypatch: Any) -> None:
    asked: list[int] = []
    monkeypatch.setattr(caller_data, "nudge", lambda task, pk: asked.append(pk))
    agent = AgentFactory(state="READY", services=[ServiceFactory(name="Support", code="support")])
    call("anonymous", "hidden")
    call(
        "1001", "out", direction=Interaction.Direction.OUTBOUND, to_number=AVA, agent=agent.login
    )  # the vendors' terms forbid solicitation
    assert asked == []
    interaction = call(AVA, "in")
    assert asked == [interaction.pk]


def test_a_crm_is_asked_first(account: IntegrationAccount, monkeypatch: Any) -> None:
    asked: list[int] = []
    monkeypatch.setattr(caller_data, "nudge", lambda task, pk: asked.append(pk))
    interaction = call()
    asked.clear()
    Interaction.objects.update(caller={**interaction.caller, "status": "looking_up"})
    interaction.refresh_from_db()
    matching.ask_around(interaction)
    assert asked == []
    matching.matched_by_crm(interaction, account, PhoneMatches(people=()))
    assert asked == [interaction.pk]


def test_a_value_that_does_not_fit_is_left_out_and_the_others_are_taken(
    account: IntegrationAccount, monkeypatch: Any
) -> None:
    contact = ContactFactory(email="", phones=[AVA])
    offers = [
        Suggestion("contact.emails[0].address", "not an address"),
        Suggestion("contact.date_of_birth", "some day"),
        Suggestion("contact.shoe_size", "44"),
        Suggestion("contact.segment", "Gold"),
    ]
    told = [caller_data._offer(contact, each)["taken"] for each in offers]
    assert told == [False, False, False, True]
    contact.refresh_from_db()
    assert (contact.email, contact.date_of_birth, contact.segment) == ("", None, "Gold")


def test_every_target_of_the_mapping_can_be_written_and_read() -> None:
    contact = Contact.objects.create()
    values = {"date_of_birth": "1980-05-17", "address": "a@example.com", "url": "https://social.example/a"}
    paths = [path for _, choices in TARGETS for path, _ in choices]
    for number, path in enumerate(paths):
        part = path.rpartition(".")[2]
        target = f"{path}.vip" if path in ("contact.custom", "external") else path
        value = values.get(part, f"+1415555{1000 + number}" if part == "number" else f"value {number}")
        value = value.replace("a@", f"a{number}@").replace("/a", f"/a{number}")
        contact_fields.write(contact, target, value)
        assert contact_fields.read(contact, target), target
        assert label_of(target)
    assert contact.emails.count() and contact.phones.count() and contact.addresses.count() == 1


def test_erasing_a_contact_erases_what_was_asked(account: IntegrationAccount) -> None:
    caller_data.look_up(call().pk)
    Interaction.objects.update(contact=None)
    Contact.objects.get().delete()
    assert not CallerDataAnswer.objects.exists()


def test_the_page_of_the_contact_says_where_values_come_from(account: IntegrationAccount) -> None:
    contact = caller_data.look_up(call().pk)
    client = Client()
    client.force_login(AdminFactory())
    page = client.get(f"/admin/contactcenter/contact/{contact.pk}/change/").content.decode()
    assert "From caller-data systems" in page and "Emails by order: 1." in page
