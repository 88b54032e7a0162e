"""Callers by phone and agents by e-mail or user name, in a directory where hardly two numbers are written alike."""

import pytest

from integrations.errors import Rejected
from integrations.models import IntegrationAccount
from integrations.providers.servicenow import ServiceNow
from tests.integrations.providers.conftest import Vendor, make_account


@pytest.fixture
def crm(account: IntegrationAccount) -> ServiceNow:
    provider: ServiceNow = account.connect()
    return provider


def names(crm: ServiceNow, e164: str, received: str = "") -> list[str]:
    return sorted(person.title for person in crm.find_by_phone(e164, received or e164).people)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+14155550132", ["Don Goodliffe"]),  # (415) 555-0132
        ("+14155550133", ["Beth Anglin"]),  # +1 415 555 0133
        ("+14155550143", ["Beth Anglin"]),  # 415.555.0143, mobile
        ("+14155550134", ["Carla Reyes"]),  # 4155550134
        ("+14155550135", ["Dan Okafor"]),  # 1-415-555-0135
        ("+14155550145", ["Dan Okafor"]),  # +1 (415) 555-0145, mobile
        ("+14155550137", ["Fred Larsen"]),  # +1 415 555 0137 ext. 22
        ("+14155550147", ["Fred Larsen"]),  # 415 555 0147, home
        ("+493090182010", ["Greta Vogel"]),  # +49 30 901820 10
        ("+493090182011", ["Hans Winter"]),  # 030 / 901820-11, of a German user
        ("+493090182012", ["Hans Winter"]),  # +49 (0)30 901820 12
        ("+81355550101", ["Ichiro Tanaka"]),  # +81 3-5555-0101
        ("+81355550102", ["Kaoru Sato"]),  # 03-5555-0102, of a Japanese user
        ("+14155550151", ["Mia Berg"]),  # a customer contact
        ("+14155550136", ["Ella Shaw", "Evan Shaw"]),  # a shared line
        ("+14155550199", []),
    ],
)
def test_a_caller_is_found_however_the_number_is_written(crm: ServiceNow, number: str, expected: list[str]) -> None:
    assert names(crm, number) == expected


def test_the_query_as_sent_is_kept_for_the_explanation(crm: ServiceNow, servicenow: Vendor) -> None:
    matches = crm.find_by_phone("+14155550132", "4155550132")
    sent = [
        exchange["query"].get("sysparm_query") for exchange in servicenow.arrived() if "sys_user" in exchange["path"]
    ]
    assert sent == [matches.query]  # one request is enough for the usual spellings
    assert matches.query.startswith("active=true^phoneIN+14155550132,")
    assert servicenow.warnings() == []


def test_the_second_question_is_asked_only_when_the_first_finds_nobody(crm: ServiceNow, servicenow: Vendor) -> None:
    matches = crm.find_by_phone("+14155550137", "+14155550137")
    sent = [e["query"]["sysparm_query"] for e in servicenow.arrived() if "sys_user" in e["path"]]
    assert [("IN" in query, "LIKE0137" in query) for query in sent] == [(True, False), (False, True)]
    assert matches.query == sent[-1]


def test_users_who_left_are_not_callers(crm: ServiceNow, servicenow: Vendor) -> None:
    servicenow.change("sys_user", servicenow.user("don.goodliffe")["sys_id"], active="false")
    assert names(crm, "+14155550132") == []


def test_an_over_broad_answer_does_not_make_somebody_the_caller(
    crm: ServiceNow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The instance ignores what it does not understand: here every condition on a phone."""
    monkeypatch.setattr("integrations.providers.servicenow.people.encoded.any_of", lambda *a: "no_such_columnINx")
    assert names(crm, "+14155550132") == ["Don Goodliffe"]
    assert names(crm, "+14155550199") == []


def test_the_accounts_country_decides_for_numbers_without_a_country(servicenow: Vendor, transactional_db: None) -> None:
    user = servicenow.user("hans.winter")["sys_id"]
    servicenow.change("sys_user", user, country="")
    assert names(make_account().connect(), "+493090182011") == []
    IntegrationAccount.objects.all().delete()
    assert names(make_account(default_country="DE").connect(), "+493090182011") == ["Hans Winter"]


@pytest.mark.parametrize("number", ["", "anonymous", "sip:unknown@host"])
def test_a_caller_without_a_number_is_nobody(crm: ServiceNow, servicenow: Vendor, number: str) -> None:
    assert crm.find_by_phone("", number).people == ()


def test_a_number_cannot_smuggle_a_condition(crm: ServiceNow, servicenow: Vendor) -> None:
    assert names(crm, "+14155550199", "1^ORactive=true^NQuser_name=admin") == []
    with pytest.raises(Rejected, match="script"):
        crm.find_by_phone("", "javascript:gs.getUserName()1")


def test_an_agent_is_found_by_email_then_by_user_name(crm: ServiceNow, servicenow: Vendor) -> None:
    agent = servicenow.user("agent1")
    by_mail = crm.find_agent(email="Agent1@Example.com", login="somebody")
    by_name = crm.find_agent(email="other@example.com", login="AGENT1")
    assert by_mail is not None and by_name is not None
    assert by_mail.id == by_name.id == agent["sys_id"]
    assert by_mail.name == "Ava Martin"
    assert crm.find_agent(email="nobody@example.com", login="nobody") is None
    assert crm.find_agent(email="", login="") is None


def test_an_agent_is_asked_for_once(crm: ServiceNow, servicenow: Vendor) -> None:
    crm.find_agent(email="agent1@example.com", login="agent1")
    servicenow.forget_requests()
    assert crm.find_agent(email="agent1@example.com", login="agent1") is not None
    assert servicenow.arrived() == []


def test_the_user_name_alone_decides_where_the_account_says_so(servicenow: Vendor, transactional_db: None) -> None:
    crm = make_account(agent_map_key="user_name").connect()
    assert crm.find_agent(email="agent1@example.com", login="nobody") is None
    assert crm.find_agent(email="", login="agent1") is not None


def test_with_the_mapping_table_only_nobody_is_looked_up(servicenow: Vendor, transactional_db: None) -> None:
    crm = make_account(agent_map_key="mapping").connect()
    assert crm.find_agent(email="agent1@example.com", login="agent1") is None
    assert servicenow.arrived() == []


def test_two_users_with_one_address_are_nobody(crm: ServiceNow, servicenow: Vendor) -> None:
    servicenow.change("sys_user", servicenow.user("agent2")["sys_id"], email="agent1@example.com")
    found = crm.find_agent(email="agent1@example.com", login="agent1")
    assert found is not None and found.id == servicenow.user("agent1")["sys_id"]  # by user name
    assert crm.find_agent(email="agent1@example.com", login="nobody") is None


def test_an_inactive_agent_is_not_assigned(crm: ServiceNow, servicenow: Vendor) -> None:
    servicenow.change("sys_user", servicenow.user("agent1")["sys_id"], active="false")
    assert crm.find_agent(email="agent1@example.com", login="agent1") is None
