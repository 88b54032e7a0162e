"""Agents among the users of all five CRMs, many at once, against their simulators."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations.agent_match import AgentFacts, Finding, Status, find
from integrations.capabilities import UserDirectory
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount
from tests.factories import AccountFactory
from tests.integrations.providers import salesforce, zendesk
from tests.integrations.providers.conftest import Vendor, make_account
from tests.integrations.providers.test_osvc import DOORS

AVA = AgentFacts("agent1@example.com", "agent1", "E-01")


def connect(key: str, **properties: Any) -> Any:
    IntegrationAccount.objects.all().delete()  # names are unique
    if key == "servicenow":
        return make_account(**properties).connect()
    if key == "salesforce":
        return salesforce.connect(**properties)
    if key == "zendesk":
        return zendesk.connect(**properties)
    defaults, secrets = DOORS[key]
    return AccountFactory(provider=key, properties={**defaults, **properties}, secrets=secrets).connect()


# Staff accounts of Oracle have no employee number.
WITH_EMPLOYEE_NUMBERS = ("servicenow", "salesforce", "zendesk")
CRMS = (*WITH_EMPLOYEE_NUMBERS, "oracle_service_cloud", "rightnow")


@pytest.fixture(params=CRMS)
def crm(request: pytest.FixtureRequest, vendor: Callable[[str], Vendor], transactional_db: None) -> tuple[str, Vendor]:
    return request.param, vendor(request.param)


def found(directory: UserDirectory, *people: AgentFacts) -> list[Finding]:
    return find(directory, people)


def test_everybody_is_found_by_e_mail_in_few_requests(crm: tuple[str, Vendor]) -> None:
    key, vendor = crm
    people = [AgentFacts(f"Agent{n}@example.com", f"agent{n}") for n in range(1, 6)]
    strangers = [AgentFacts(f"stranger{n}@example.com", f"stranger{n}") for n in range(60)]
    directory = connect(key)
    found(directory, AVA)  # signs in
    vendor.forget_requests()
    results = found(directory, *people, *strangers)
    assert [r.user.name if r.user else "" for r in results[:5]] == [
        "Ava Martin", "Ben Clarke", "Chiyo Mori", "David Stein", "Emma Rossi",
    ]  # fmt: skip
    assert all("Written differently" in r.note for r in results[:5])
    assert {r.status for r in results[5:]} == {Status.MISSING}
    assert len(vendor.arrived()) <= 6


@pytest.mark.parametrize("crm", WITH_EMPLOYEE_NUMBERS, indirect=True)
def test_the_employee_id_decides_where_the_account_says_so(crm: tuple[str, Vendor]) -> None:
    key, _vendor = crm
    directory = connect(key, agent_map_key="employee_id")
    [ava, nobody] = found(directory, AgentFacts("other@example.com", "x", "e-01"), AgentFacts("agent2@example.com"))
    assert ava.user is not None and (ava.user.name, ava.key) == ("Ava Martin", "employee_id")
    assert nobody.status == Status.MISSING


def test_the_table_is_checked_by_id(crm: tuple[str, Vendor]) -> None:
    key, _vendor = crm
    [ava] = connect(key).users_like("Ava Martin")
    directory = connect(key, agent_map_key="mapping")
    results = found(directory, AgentFacts(user_id=ava.id), AgentFacts(user_id="no such id"), AVA)
    assert [r.status for r in results] == [Status.BY_HAND, Status.MISSING, Status.MISSING]


@pytest.mark.parametrize("text", ["ava", "agent1@", "Martin"])
def test_a_person_searches_by_a_part_of_the_name_or_address(crm: tuple[str, Vendor], text: str) -> None:
    key, _vendor = crm
    names = [user.name for user in connect(key).users_like(text)]
    assert "Ava Martin" in names or key == "zendesk"  # whose search knows whole words only


@pytest.mark.parametrize("text", ["", "  ", "'", '"', "^", "%", "_", "\\", "x' OR 1=1", "zz^ORactive=true"])
def test_an_odd_search_finds_nobody_it_should_not(crm: tuple[str, Vendor], text: str) -> None:
    key, _vendor = crm
    users = connect(key).users_like(text)
    assert all(text.strip().casefold() in f"{u.name} {u.login} {u.email}".casefold() for u in users) or len(users) <= 40


def test_odd_values_are_asked_for_without_harm(crm: tuple[str, Vendor]) -> None:
    key, _vendor = crm
    odd = [AgentFacts(f"o'brien{c}@example.com", f"x{c}y") for c in "'\"\\^,%;"]
    results = found(connect(key), AVA, *odd)
    assert results[0].status == Status.MATCHED
    assert {r.status for r in results[1:]} == {Status.MISSING}


def test_a_refusal_is_an_error_and_the_next_attempt_succeeds(crm: tuple[str, Vendor]) -> None:
    key, vendor = crm
    directory = connect(key)
    found(directory, AVA)
    vendor.fault("server_error", times=20)
    with pytest.raises(IntegrationError):
        found(directory, AVA)
    vendor.healthy()
    assert found(directory, AVA)[0].status == Status.MATCHED


def test_two_staff_accounts_with_one_address_are_told(vendor: Callable[[str], Vendor], transactional_db: None) -> None:
    vendor("oracle_service_cloud")
    [result] = found(connect("oracle_service_cloud"), AgentFacts("team@example.com", "somebody"))
    assert result.status == Status.AMBIGUOUS and "Shared One" in result.note


@pytest.mark.parametrize(("key", "email"), [("zendesk", "suspended@example.com"), ("salesforce", "gone@example.com")])
def test_a_user_who_may_not_log_in_is_not_active(
    key: str, email: str, vendor: Callable[[str], Vendor], transactional_db: None
) -> None:
    vendor(key)
    assert found(connect(key), AgentFacts(email, "nobody"))[0].status == Status.INACTIVE
    assert connect(key).find_agent(email=email, login="nobody") is None


def test_an_inactive_servicenow_user_is_told(vendor: Callable[[str], Vendor], transactional_db: None) -> None:
    site = vendor("servicenow")
    site.change("sys_user", site.user("agent1")["sys_id"], active="false")
    assert found(connect("servicenow"), AVA)[0].status == Status.INACTIVE


def test_the_federation_id_is_salesforces_own(vendor: Callable[[str], Vendor], transactional_db: None) -> None:
    vendor("salesforce")
    directory = connect("salesforce", agent_map_key="federation")
    [result] = found(directory, AgentFacts("nobody@example.com", "agent2"))
    assert result.user is not None and (result.user.name, result.key) == ("Ben Clarke", "federation_id")
