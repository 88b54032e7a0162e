"""Which user of a CRM our agents are: by one rule, for everybody, once a day, told once per change."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from contactcenter.agents_in_crm import checks, reports
from contactcenter.models import AgentCheck, AgentCrmUser, AgentMatch, ContactCenter
from integrations import agent_match
from integrations.agent_match import AgentFacts, Status
from integrations.capabilities import CrmUser, UserDirectory
from integrations.errors import AuthenticationFailed, RateLimited, Unavailable
from integrations.models import Health, IntegrationAccount
from integrations.providers import registry
from tests.contactcenter.fake_crm import FakeCrm
from tests.factories import AccountFactory, AgentFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
MORNING = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


class Staff(FakeCrm, UserDirectory):
    """A CRM whose users are the list `people`; `failures` are raised first, one a request."""

    key = "fake_staff"
    people: list[CrmUser] = []
    failures: list[Exception] = []
    asked: list[tuple[str, int]] = []

    def agent_keys(self) -> tuple[str, ...]:
        return ("email", "login")

    def users_with(self, key: str, values: Any) -> list[CrmUser]:
        Staff.asked.append((key, len(values)))
        if Staff.failures:
            raise Staff.failures.pop(0)
        return list(Staff.people)  # more than was asked for, as vendors do

    def users_like(self, text: str) -> list[CrmUser]:
        return [user for user in Staff.people if text in user.name]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[IntegrationAccount]:
    monkeypatch.setitem(registry(), "fake_staff", Staff)
    Staff.people, Staff.failures, Staff.asked = [], [], []
    yield AccountFactory(provider="fake_staff", name="CRM", simulated=False)


def user(number: int, **more: Any) -> CrmUser:
    values = {"login": f"agent{number}", "email": f"agent{number}@example.com", **more}
    return CrmUser(f"u{number}", f"User {number}", **values)


def agents(count: int) -> list[Any]:
    return [AgentFactory(login=f"agent{n}") for n in range(1, count + 1)]


def check(account: IntegrationAccount, by: str = "ada") -> AgentCheck:
    row = checks.ask(account, by)
    checks.work()
    row.refresh_from_db()
    return row


def statuses(account: IntegrationAccount) -> dict[str, str]:
    rows = AgentMatch.objects.filter(account=account)
    return dict(rows.values_list("agent__user__username", "status"))


# -- the rule


def judged(people: list[CrmUser], key: str = "email", **facts: str) -> agent_match.Finding:
    return agent_match.judge(AgentFacts(**facts), key, people)


def test_the_one_active_user_with_the_address_is_the_agent() -> None:
    found = judged([user(1), user(2)], email="agent1@example.com")
    assert (found.status, found.user, found.note) == (Status.MATCHED, user(1), "")


def test_another_spelling_is_a_match_and_is_told() -> None:
    found = judged([user(1, email="Agent1@Example.com")], email="agent1@example.com")
    assert (found.status, found.note) == (Status.MATCHED, "Written differently there: Agent1@Example.com.")


def test_two_users_with_one_address_are_nobody_and_both_are_named() -> None:
    twins = [user(1), user(2, email="agent1@example.com")]
    found = judged(twins, email="agent1@example.com", login="somebody")
    assert (found.status, found.user) == (Status.AMBIGUOUS, None)
    assert "User 1, User 2" in found.note


def test_of_two_users_with_one_address_the_user_name_decides_and_that_is_told() -> None:
    twins = [user(1), user(2, email="agent1@example.com")]
    found = judged(twins, email="agent1@example.com", login="agent2")
    assert found.user == twins[1] and "the user name decides" in found.note


def test_a_user_who_left_is_told_and_an_active_one_with_the_same_address_counts() -> None:
    gone = user(1, active=False)
    assert judged([gone], email="agent1@example.com").status == Status.INACTIVE
    back = CrmUser("u9", "User 9", "agent1b", "agent1@example.com")
    assert judged([gone, back], email="agent1@example.com").user == back


def test_an_agent_without_an_address_is_not_everybody_without_one() -> None:
    assert judged([user(1, email=""), user(2, email="")]).status == Status.MISSING


# -- a check


def test_a_check_says_of_every_agent_who_they_are_there(account: IntegrationAccount) -> None:
    agents(5)
    Staff.people = [
        user(1),
        user(2, email="x@example.com"),
        user(3, active=False),
        user(4),
        user(40, email="AGENT4@example.com"),
    ]
    row = check(account)
    assert statuses(account) == {
        "agent1": "matched", "agent2": "matched", "agent3": "inactive", "agent4": "matched", "agent5": "missing",
    }  # fmt: skip
    assert AgentMatch.objects.get(agent__user__username="agent2").key == "login"
    assert (row.open, row.total, row.done, row.error) == (None, 5, 5, "")
    assert sorted(row.problems.values()) == ["inactive", "missing"]


def test_the_table_comes_first_and_is_checked_too(account: IntegrationAccount) -> None:
    first, second, third = agents(3)
    Staff.people = [user(1), user(2, active=False), user(7)]
    AgentCrmUser.objects.create(agent=first, account=account, vendor_id="u7")
    AgentCrmUser.objects.create(agent=second, account=account, vendor_id="u2")
    AgentCrmUser.objects.create(agent=third, account=account, vendor_id="vanished")
    check(account)
    assert statuses(account) == {"agent1": "by_hand", "agent2": "inactive", "agent3": "missing"}
    assert "mapping table is gone" in AgentMatch.objects.get(agent=third).note


def test_a_thousand_agents_need_a_few_requests_and_queries(
    account: IntegrationAccount, django_assert_max_num_queries: Any
) -> None:
    users = UserFactory.create_batch(1000)
    from contactcenter.models import Agent

    Agent.objects.bulk_create(Agent(user=each, extension=str(20_000 + n)) for n, each in enumerate(users))
    Staff.people = [CrmUser(f"u{n}", each.username, each.username, each.email) for n, each in enumerate(users)]
    checks.ask(account, "ada")
    with django_assert_max_num_queries(200):
        assert checks.work() == 1000
    assert AgentMatch.objects.filter(status="matched").count() == 1000
    assert len(Staff.asked) == 10  # by e-mail alone, a hundred at a time


def test_agents_who_are_gone_leave_the_list(account: IntegrationAccount) -> None:
    first, second = agents(2)
    check(account)
    first.user.is_active = False
    first.user.save()
    row = check(account)
    assert statuses(account) == {"agent2": "missing"}
    assert row.problems == {str(second.pk): "missing"}


def test_the_status_keeps_its_age_and_a_change_begins_anew(account: IntegrationAccount) -> None:
    agents(1)
    check(account)
    since = AgentMatch.objects.get().since
    check(account)
    assert AgentMatch.objects.get().since == since
    Staff.people = [user(1)]
    check(account)
    assert AgentMatch.objects.get().since > since


def test_whoever_asks_while_one_is_under_way_joins_it(account: IntegrationAccount) -> None:
    assert checks.ask(account, "ada") == checks.ask(account, "ben")
    assert AgentCheck.objects.count() == 1


# -- vendors that are slow, wrong or away


def test_a_vendor_that_is_away_is_waited_for_and_the_check_goes_on(account: IntegrationAccount) -> None:
    agents(1)
    Staff.people, Staff.failures = [user(1)], [Unavailable("No answer within 20 seconds.")]
    row = check(account)
    assert (row.open, row.error) == (True, "No answer within 20 seconds.")
    assert checks.work() == 0  # not before its time
    AgentCheck.objects.update(not_before=timezone.now())
    assert checks.work() == 1
    row.refresh_from_db()
    assert (row.open, row.error) == (None, "")
    assert statuses(account) == {"agent1": "matched"}


def test_a_vendor_that_wants_us_to_wait_is_obeyed(account: IntegrationAccount) -> None:
    agents(1)
    Staff.failures = [RateLimited("Slower.", retry_after=240)]
    row = check(account)
    assert timedelta(seconds=200) < row.not_before - timezone.now() <= timedelta(seconds=240)


def test_a_refused_log_in_ends_the_check_and_the_last_findings_stay(account: IntegrationAccount) -> None:
    agents(1)
    Staff.people = [user(1)]
    check(account)
    Staff.failures = [AuthenticationFailed("The password is wrong.")]
    row = check(account)
    assert (row.open, row.error) == (None, "The password is wrong.")
    assert statuses(account) == {"agent1": "matched"}
    account.refresh_from_db()
    assert account.health in (Health.FAILING, Health.NEEDS_AUTHORISATION)
    assert check(account).error == ""


def test_a_vendor_that_stays_away_is_given_up(account: IntegrationAccount) -> None:
    agents(1)
    Staff.failures = [Unavailable("Away.") for _ in range(20)]
    row = checks.ask(account, "ada")
    for _ in range(10):
        AgentCheck.objects.update(not_before=None)
        checks.work()
    row.refresh_from_db()
    assert (row.open, row.error) == (None, "Away.")


def test_a_worker_that_dies_is_followed_by_another_where_it_stood(
    account: IntegrationAccount, monkeypatch: Any
) -> None:
    monkeypatch.setattr(checks, "BATCH", 2)
    agents(5)
    Staff.people = [user(n) for n in range(1, 6)]
    row = checks.ask(account, "ada")
    assert checks.work(seconds=0.0001) == 2
    AgentCheck.objects.update(lease_owner="dead", leased_until=timezone.now() + timedelta(seconds=60))
    assert checks.work() == 0
    AgentCheck.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert checks.work() == 3
    row.refresh_from_db()
    assert (row.open, row.done) == (None, 5)


def test_a_worker_that_lost_its_lease_writes_nothing(account: IntegrationAccount, monkeypatch: Any) -> None:
    agents(1)

    def stolen(self: Any, key: str, values: Any) -> list[CrmUser]:
        AgentCheck.objects.update(lease_owner="somebody else")
        return [user(1)]

    monkeypatch.setattr(Staff, "users_with", stolen)
    checks.ask(account, "ada")
    assert checks.work(seconds=0.001) == 0
    assert AgentMatch.objects.count() == 0


def test_a_mistake_in_the_code_ends_the_check_in_words(account: IntegrationAccount) -> None:
    agents(1)
    Staff.failures = [KeyError("name")]
    assert "log of the worker" in check(account).error
    assert check(account).error == ""


def test_an_account_that_was_switched_off_is_said(account: IntegrationAccount) -> None:
    checks.ask(account, "ada")
    IntegrationAccount.objects.update(enabled=False)
    checks.work()
    assert "switched off" in AgentCheck.objects.get().error


# -- once a day


def test_each_account_is_checked_once_a_day_by_the_contact_centres_clock(account: IntegrationAccount) -> None:
    ContactCenter.objects.update_or_create(pk=1, defaults={"time_zone": "America/Sao_Paulo"})
    assert checks.ask_daily(MORNING) == 0  # three in the morning there
    later = MORNING + timedelta(hours=8)
    assert checks.ask_daily(later) == 1
    assert checks.ask_daily(later) == 0
    checks.work()
    assert checks.ask_daily(later + timedelta(hours=2)) == 0
    assert str(AgentCheck.objects.get().day) == "2026-03-02"
    assert checks.ask_daily(later + timedelta(days=1)) == 1


def test_a_persons_check_is_not_disturbed_and_todays_follows(account: IntegrationAccount) -> None:
    checks.ask(account, "ada")
    assert checks.ask_daily(MORNING) == 0
    checks.work()
    assert checks.ask_daily(MORNING) == 1


def day(number: int) -> AgentCheck:
    checks.ask_daily(MORNING + timedelta(days=number))
    checks.work()
    reports.tell()
    found: AgentCheck = AgentCheck.objects.filter(day__isnull=False).latest("day")
    return found


@pytest.fixture
def administrator(db: None) -> Any:
    return UserFactory(username="ada", email="ada@example.com", is_staff=True, is_superuser=True)


def test_a_change_is_told_once_and_its_end_once(account: IntegrationAccount, administrator: Any) -> None:
    _first, second = agents(2)
    Staff.people = [user(1)]
    report = day(0)
    assert (report.appeared, report.resolved) == ([str(second.pk)], [])
    assert [m.subject for m in mail.outbox] == ["CRM: 1 more of your agents without a user"]
    assert "agent2" in mail.outbox[0].body and "missing there" in mail.outbox[0].body
    assert "ada@example.com" in str(mail.outbox[0].to)
    assert (day(1).appeared, len(mail.outbox)) == ([], 1)
    Staff.people = [user(1), user(2)]
    assert (day(2).resolved, len(mail.outbox)) == ([str(second.pk)], 2)
    assert day(3).resolved == [] and len(mail.outbox) == 2


def test_a_persons_check_between_does_not_swallow_the_news(account: IntegrationAccount, administrator: Any) -> None:
    agents(1)
    Staff.people = [user(1)]
    day(0)
    Staff.people = []
    check(account)
    assert mail.outbox == []
    assert len(day(1).appeared) == 1 and len(mail.outbox) == 1


def test_a_day_on_which_the_vendor_was_away_is_not_a_day_without_users(
    account: IntegrationAccount, administrator: Any
) -> None:
    agents(1)
    Staff.people = [user(1)]
    day(0)
    Staff.failures = [AuthenticationFailed("No.")]
    assert day(1).error == "No."
    assert (day(2).appeared, mail.outbox) == ([], [])


def test_a_mail_server_that_is_away_is_tried_again(
    account: IntegrationAccount, administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents(1)
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", lambda self: (_ for _ in ()).throw(OSError("away")))
        report = day(0)
    assert (report.told_at, mail.outbox) == (None, [])
    assert reports.tell() == 1
    assert reports.tell() == 0
    assert len(mail.outbox) == 1


def test_nobody_is_woken_for_a_simulated_account(account: IntegrationAccount, administrator: Any) -> None:
    IntegrationAccount.objects.update(simulated=True)
    agents(1)
    assert len(day(0).appeared) == 1
    assert mail.outbox == []


def test_old_checks_are_forgotten_but_not_the_one_to_compare_with(account: IntegrationAccount) -> None:
    agents(1)
    day(0)
    check(account)
    AgentCheck.objects.update(finished_at=timezone.now() - timedelta(days=200))
    assert checks.prune() == 1
    assert AgentCheck.objects.get().day is not None
