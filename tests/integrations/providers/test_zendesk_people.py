"""Callers by phone and agents by e-mail, in a directory where hardly two numbers are written alike."""

import pytest

from integrations.capabilities import RecordRef
from integrations.errors import RateLimited
from integrations.providers.zendesk import Zendesk
from integrations.providers.zendesk.people import patterns
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.zendesk import connect, person, sent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def crm(zendesk: Vendor) -> Zendesk:
    return connect()


def names(crm: Zendesk, e164: str, received: str = "") -> list[str]:
    return sorted(found.title for found in crm.find_by_phone(e164, received or e164).people)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+14155550132", ["Don Goodliffe"]),  # +14155550132; somebody in New York ends in 555 0132 too
        ("+14155550133", ["Beth Anglin"]),  # 415.555.0133
        ("+14155550143", ["Beth Anglin"]),  # a further number, which her profile does not show
        ("+14155550134", ["Carla Reyes"]),  # (415) 555-0134
        ("+14155550145", ["Dan Okafor"]),  # +1 (415) 555-0145, a further number
        ("+14155550136", ["Ella Shaw", "Evan Shaw"]),  # a shared line
        ("+14155550137", ["Fred Larsen"]),  # +14155550137x22
        ("+493090182010", ["Greta Vogel"]),  # +49 30 90182010
        ("+81355550101", ["Ichiro Tanaka"]),  # +81 3-5555-0101
        ("+14155550171", ["Nora Lindqvist"]),  # 1-415-555-0171
        ("+12125550132", ["Otto Elsewhere"]),
        ("+14155550199", []),
    ],
)
def test_a_caller_is_found_however_the_number_is_written(crm: Zendesk, number: str, expected: list[str]) -> None:
    assert names(crm, number) == expected


def test_the_usual_case_is_one_request_and_the_query_is_kept(crm: Zendesk, zendesk: Vendor) -> None:
    matches = crm.find_by_phone("+14155550132", "4155550132")
    assert [exchange["query"]["query"] for exchange in zendesk.arrived()] == [matches.query]
    assert matches.query == "type:user role:end-user phone:*4155550132"
    assert matches.people[0].ref.kind == "user" and matches.people[0].fields["email"] == "don.goodliffe@example.com"
    assert zendesk.warnings() == []


def test_the_second_question_is_asked_only_when_the_first_finds_nobody(crm: Zendesk, zendesk: Vendor) -> None:
    matches = crm.find_by_phone("+14155550137", "+14155550137")
    asked = [exchange["query"]["query"].rpartition(":")[2] for exchange in sent(zendesk, "GET", "/search.json")]
    assert asked == ["*4155550137", "*4155550137*"]
    assert matches.query.endswith("phone:*4155550137*")


def test_a_number_without_a_country_is_of_the_accounts_country(zendesk: Vendor) -> None:
    assert names(connect(), "+493090182011") == []  # 030 / 901820-11
    german = connect_german()
    assert names(german, "+493090182011") == ["Hans Winter"]


def connect_german() -> Zendesk:
    from integrations.models import IntegrationAccount

    IntegrationAccount.objects.all().delete()
    return connect(default_country="DE")


def test_agents_and_deleted_users_are_no_callers(crm: Zendesk, zendesk: Vendor) -> None:
    don = RecordRef("user", str(person(zendesk, "Don Goodliffe")["id"]))
    crm.update(don, {"role": "agent"})
    assert names(crm, "+14155550132") == []


@pytest.mark.parametrize("number", ["", "anonymous", "sip:unknown@host"])
def test_a_caller_without_a_number_is_nobody_and_nothing_is_asked(crm: Zendesk, zendesk: Vendor, number: str) -> None:
    assert crm.find_by_phone("", number).people == ()
    assert zendesk.arrived() == []


def test_a_number_cannot_smuggle_a_condition(crm: Zendesk, zendesk: Vendor) -> None:
    assert names(crm, "", '5550132" type:user role:admin') == []
    assert sent(zendesk, "GET", "/search.json")[0]["query"]["query"] == "type:user role:end-user phone:5550132"


def test_an_answer_that_is_too_broad_makes_nobody_the_caller(crm: Zendesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """All numbers that end in 0132, as if the search had shortened the question."""
    monkeypatch.setattr("integrations.providers.zendesk.people.patterns", lambda asked, region: ["*0132"])
    assert names(crm, "+14155550132") == ["Don Goodliffe"]
    assert names(crm, "+13105550132") == []


def test_further_numbers_are_read_for_a_few_only(
    crm: Zendesk, zendesk: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.providers.zendesk.people.patterns", lambda asked, region: ["*"])
    monkeypatch.setattr("integrations.providers.zendesk.people.patterns", lambda asked, region: ["*1*"])
    names(crm, "+14155550199")
    assert len(sent(zendesk, "GET", "/identities.json")) == 5


def test_patterns_hold_digits_and_asterisks_only() -> None:
    assert patterns("+390612345678", "US") == ["*0612345678", "*0612345678*"]  # Italy's leading zero belongs to it
    assert patterns("12-34", "US") == ["1234"]
    assert patterns("", "US") == []


def test_a_limit_is_passed_on_and_the_next_call_finds_the_caller(crm: Zendesk, zendesk: Vendor) -> None:
    zendesk.fault("rate_limit", options={"retry_after": 17})
    with pytest.raises(RateLimited) as limited:
        names(crm, "+14155550132")
    assert limited.value.retry_after == 17
    zendesk.healthy()
    assert names(crm, "+14155550132") == ["Don Goodliffe"]


# -- agents


def test_an_agent_is_found_by_e_mail_and_asked_for_once(crm: Zendesk, zendesk: Vendor) -> None:
    agent = crm.find_agent(email="Agent1@Example.com", login="agent1")
    assert agent is not None and (agent.name, agent.id) == ("Ava Martin", str(person(zendesk, "Ava Martin")["id"]))
    assert [e["query"]["query"] for e in zendesk.arrived()] == ['type:user email:"Agent1@Example.com"']
    zendesk.forget_requests()
    assert crm.find_agent(email="agent1@example.com", login="agent1") == agent
    assert zendesk.arrived() == []


@pytest.mark.parametrize(
    "email", ["nobody@example.com", "don.goodliffe@example.com", "suspended@example.com", "", 'x" role:admin "']
)
def test_a_customer_a_suspended_user_and_a_stranger_are_no_agents(crm: Zendesk, email: str) -> None:
    assert crm.find_agent(email=email, login="agent1") is None


def test_a_log_in_that_is_an_address_counts_where_the_e_mail_finds_nobody(crm: Zendesk) -> None:
    found = crm.find_agent(email="private@example.net", login="agent2@example.com")
    assert found is not None and found.name == "Ben Clarke"


# -- the button


def test_look_up_shows_who_would_call(crm: Zendesk) -> None:
    result = crm.look_up(phone="(415) 555-0136")
    assert result.ok and result.message == "2 customers with this number."
    assert dict(result.rows)["Ella Shaw"].startswith("415 555 0136, http")
    assert dict(result.rows)["Query"].endswith("phone:*4155550136")


def test_look_up_of_an_unknown_number_says_so(crm: Zendesk) -> None:
    assert crm.look_up(phone="+1 415 555 0199").message == "Nobody has this number."
    assert crm.look_up(phone="anonymous").rows == ()
