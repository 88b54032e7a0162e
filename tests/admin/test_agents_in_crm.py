"""Agents in this CRM: who is whom, by which rule, chosen by hand where nothing tells; the table out and in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contactcenter.agents_in_crm import checks
from contactcenter.models import Agent, AgentCheck, AgentCrmUser, AgentMatch
from integrations.models import IntegrationAccount
from tests.factories import AccountFactory, AgentFactory, UserFactory
from tests.integrations.providers.conftest import Vendor, make_account, simulators, vendor  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The messages that would wake the workers."""
    found: list[Any] = []
    monkeypatch.setattr("contactcenter.admin.agent_mapping.nudge", lambda task, *args: found.append(task))
    return found


@pytest.fixture
def site(vendor: Callable[[str], Vendor]) -> Vendor:  # noqa: F811 - the fixture above
    return vendor("servicenow")


@pytest.fixture
def account(site: Vendor, transactional_db: None) -> IntegrationAccount:
    AgentFactory(login="agent1", user__first_name="Ava", user__last_name="Martin")
    AgentFactory(login="zoe", user__first_name="Zoe", user__last_name="Zimmer", employee_id="E-99")
    return make_account()


def url(account: IntegrationAccount, more: str = "") -> str:
    return f"/admin/integrations/integrationaccount/{account.pk}/agents/{more}"


def page(console: Client, account: IntegrationAccount, more: str = "") -> str:
    answer = console.get(url(account, more))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_before_the_first_check_the_page_says_so(console: Client, account: IntegrationAccount) -> None:
    text = page(console, account)
    assert "Nobody was looked up yet" in text and text.count("Not checked") >= 2


def test_check_now_asks_once_and_the_page_follows_it(
    console: Client, account: IntegrationAccount, sent: list[Any]
) -> None:
    for _ in range(2):
        console.post(url(account, "check/"))
    assert (AgentCheck.objects.count(), len(sent)) == (1, 2)
    assert "data-live" in page(console, account)
    checks.work()
    fragment = console.get(url(account), headers={"x-fragment": "1"}).content.decode()
    assert "data-live=" not in fragment and "1 agent has no user there." in fragment
    text = page(console, account)
    assert "Matched" in text and "by e-mail" in text and "Missing there" in text


def test_the_list_is_filtered_and_searched(console: Client, account: IntegrationAccount) -> None:
    checks.ask(account, "ada")
    checks.work()
    assert "Zimmer" in page(console, account, "?status=missing")
    assert "Ava Martin</a>" not in page(console, account, "?status=missing")
    assert "Zimmer" in page(console, account, "?q=E-99")
    assert "No agent fits" in page(console, account, "?q=nobody")
    assert page(console, account, "?status=nonsense&p=99&q=%25") is not None


def test_a_user_is_searched_in_the_crm_and_chosen(console: Client, account: IntegrationAccount, site: Vendor) -> None:
    zoe = Agent.objects.get(user__username="zoe")
    text = page(console, account, f"{zoe.pk}/?q=Ben")
    ben = site.user("agent2")["sys_id"]
    assert "Ben Clarke" in text and ben in text
    console.post(url(account, f"{zoe.pk}/"), {"user": ben})
    row, match = AgentCrmUser.objects.get(), AgentMatch.objects.get(agent=zoe)
    assert (row.vendor_id, row.vendor_name, match.status) == (ben, "Ben Clarke", "by_hand")
    assert "Set by hand" in page(console, account)
    console.post(url(account, f"{zoe.pk}/"), {"remove": "yes"})
    assert (AgentCrmUser.objects.count(), AgentMatch.objects.count()) == (0, 0)


def test_a_user_who_is_not_there_is_refused_and_another_can_be_chosen(
    console: Client, account: IntegrationAccount, site: Vendor
) -> None:
    zoe = Agent.objects.get(user__username="zoe")
    answer = console.post(url(account, f"{zoe.pk}/"), {"user": "f" * 32}, follow=True)
    assert "no active user with this id" in answer.content.decode()
    assert AgentCrmUser.objects.count() == 0
    console.post(url(account, f"{zoe.pk}/"), {"user": site.user("agent2")["sys_id"]})
    assert AgentCrmUser.objects.count() == 1


def test_a_crm_that_is_away_is_said_on_the_page(console: Client, account: IntegrationAccount, site: Vendor) -> None:
    zoe = Agent.objects.get(user__username="zoe")
    site.fault("server_error", times=20)
    assert "The CRM could not be asked." in page(console, account, f"{zoe.pk}/?q=Ben")
    site.healthy()
    assert "Ben Clarke" in page(console, account, f"{zoe.pk}/?q=Ben")


def test_the_table_goes_out_and_comes_in_and_errors_are_listed(
    console: Client, account: IntegrationAccount, sent: list[Any]
) -> None:
    exported = b"".join(console.get(url(account, "table/")).streaming_content)
    assert exported.startswith(b"agent,crm_user_id,")
    wrong = SimpleUploadedFile("t.csv", b"agent,crm_user_id\nnobody,1\nzoe,abc\n")
    answer = console.post(url(account, "table/"), {"table": wrong})
    assert answer.status_code == 422
    assert "Line 2:" in answer.content.decode() and AgentCrmUser.objects.count() == 0
    right = SimpleUploadedFile("t.csv", b"agent,crm_user_id\nzoe,abc\n")
    done = console.post(url(account, "table/"), {"table": right}, follow=True).content.decode()
    assert "Set in the table: 1." in done
    assert AgentCheck.objects.count() == 1 and len(sent) == 1
    assert console.post(url(account, "table/"), {}, follow=True).status_code == 200


def test_who_may_only_look_changes_nothing(client: Client, account: IntegrationAccount) -> None:
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_integrationaccount"))
    client.force_login(user)
    text = page(client, account)
    assert "agents/check/" not in text and "Import" not in text and ">Choose<" not in text
    for more in ("check/", "table/", f"{AgentFactory().pk}/"):
        assert client.post(url(account, more)).status_code == 403
    client.force_login(UserFactory(is_staff=True))
    assert client.get(url(account)).status_code == 403


def test_an_account_without_users_has_no_such_page(console: Client, db: None) -> None:
    assert console.get(url(AccountFactory(provider="zapier", name="Zapier"))).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_agents(console: Client, account: IntegrationAccount) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(console, account)
        return len(captured)

    checks.ask(account, "ada")
    checks.work()
    few = queries()
    AgentFactory.create_batch(60)
    checks.ask(account, "ada")
    checks.work()
    assert queries() <= few
    assert "Page 1 of 2" in page(console, account)


def test_the_first_page_and_the_account_say_how_many_are_without_user(
    console: Client, account: IntegrationAccount
) -> None:
    checks.ask(account, "ada")
    checks.work()
    assert "1 agent has no user in" in console.get("/admin/").content.decode()
    text = console.get(f"/admin/integrations/integrationaccount/{account.pk}/change/").content.decode()
    assert "Agents in this CRM" in text and url(account) in text
