"""Check all: the buttons on the list, and a page that tells the truth at every moment of a check."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.diagnosis import check_runs
from integrations.models import CheckResult, CheckRun, Health, IntegrationAccount
from tests.factories import AccountFactory, UserFactory

LIST = "/admin/integrations/integrationaccount/"
CHECK = f"{LIST}check/"


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The messages that would wake the workers."""
    found: list[str] = []
    monkeypatch.setattr("integrations.admin.checking.work_on_checks_soon", lambda: found.append("work"))
    return found


@pytest.fixture
def reader(client: Client, db: None) -> Client:
    """May look at accounts and change nothing."""
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_integrationaccount"))
    client.force_login(user)
    return client


def finish(run: CheckRun, **outcomes: tuple[str, bool | None, str]) -> None:
    """Results by the account's name: health before, whether it works, the sentence."""
    for name, (before, ok, message) in outcomes.items():
        run.results.filter(account__name=name).update(
            before=before, ok=ok, message=message, finished_at=timezone.now(), who="" if ok else "the vendor"
        )


def test_check_all_asks_for_every_enabled_account_and_shows_the_run(console: Client, sent: list[str]) -> None:
    AccountFactory.create_batch(3)
    AccountFactory(name="Off", enabled=False)
    answer = console.post(CHECK, follow=True)
    run = CheckRun.objects.get()
    assert answer.redirect_chain == [(f"{CHECK}{run.pk}/", 302)]
    assert (run.asked_by, run.results.count(), sent) == ("admin", 3, ["work"])
    assert "0 of 3 accounts tested" in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "names"),
    [("?q=north", {"North"}), ("?health__exact=failing", {"South"}), ("?type=wfm", {"West"}),
     ("?simulated__exact=0", {"South"})],
)  # fmt: skip
def test_check_all_respects_search_and_filters(console: Client, query: str, names: set[str]) -> None:
    AccountFactory(name="North", properties={"client_id": "north"})
    AccountFactory(name="South", health=Health.FAILING, simulated=False)
    AccountFactory(name="West", provider="wfm_http", properties={})
    assert f"check/{query}" in console.get(LIST + query).content.decode()
    console.post(CHECK + query)
    assert {row.account.name for row in CheckResult.objects.all()} == names


def test_the_selected_are_checked_and_nothing_can_be_deleted_by_the_dozen(console: Client) -> None:
    one, _two = AccountFactory.create_batch(2)
    page = console.get(LIST).content.decode()
    assert "Check the selected" in page and "delete_selected" not in page
    console.post(LIST, {"action": "check_selected", "_selected_action": [one.pk], "index": 0})
    assert CheckResult.objects.get().account == one


def test_a_second_person_joins_the_check_and_is_told(console: Client) -> None:
    AccountFactory()
    check_runs.ask(IntegrationAccount.objects.all(), "ben")
    page = console.post(CHECK, follow=True).content.decode()
    assert "A check was under way already, asked for by ben." in page
    assert CheckRun.objects.count() == 1


def test_without_accounts_nothing_begins(console: Client, sent: list[str]) -> None:
    assert "There is no enabled account to check." in console.post(CHECK, follow=True).content.decode()
    assert (CheckRun.objects.count(), sent) == (0, [])


def test_a_filter_that_makes_no_sense_checks_nothing(console: Client) -> None:
    AccountFactory()
    console.post(f"{CHECK}?health__exact__bogus=1")
    assert CheckRun.objects.count() == 0


def test_asking_needs_the_right_to_change_and_a_post(reader: Client, db: None) -> None:
    AccountFactory()
    assert reader.post(CHECK).status_code == 403
    assert reader.get(CHECK).status_code == 405
    page = reader.get(LIST).content.decode()
    assert "Check all" not in page and "Check the selected" not in page
    run = check_runs.ask(IntegrationAccount.objects.all(), "ben")
    assert reader.get(f"{CHECK}{run.pk}/").status_code == 200


def test_the_page_says_who_failed_who_recovered_and_who_has_to_act(console: Client) -> None:
    for name in ("Fine", "Fell", "Sick", "Healed", "Off", "Next"):
        AccountFactory(name=name)
    run = check_runs.ask(IntegrationAccount.objects.all(), "ada")
    finish(
        run,
        Fine=("ok", True, "Connection is valid"),
        Fell=("ok", False, "The vendor <b>refuses</b> us."),
        Sick=("failing", False, "Still away."),
        Healed=("needs_authorisation", True, "Connection is valid (ada)"),
        Off=("ok", None, "Disabled, so it calls nobody and was not tested."),
    )
    page = console.get(f"{CHECK}{run.pk}/").content.decode()
    assert "5 of 6 accounts tested, 2 fail, 1 works again" in page
    order = ["Newly failing", "Fell", "Still failing", "Sick", "Recovered", "Healed", "Working", "Fine"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert "&lt;b&gt;refuses" in page and "The vendor has to act" in page
    assert "data-live=" in page
    finish(run, Next=("ok", True, "Connection is valid"))
    page = console.get(f"{CHECK}{run.pk}/").content.decode()
    assert "6 of 6 accounts tested" in page and "data-live=" not in page


def test_the_fragment_is_the_same_part_of_the_page(console: Client) -> None:
    AccountFactory(name="One")
    run = check_runs.ask(IntegrationAccount.objects.all(), "ada")
    fragment = console.get(f"{CHECK}{run.pk}/", headers={"X-Fragment": "1"})
    assert fragment.content.decode().startswith('<div class="check" data-live=')
    assert "no-store" in fragment["Cache-Control"]


def test_a_check_that_nobody_works_on_says_so(console: Client) -> None:
    AccountFactory()
    run = check_runs.ask(IntegrationAccount.objects.all(), "ada")
    assert "Is a worker running?" not in console.get(f"{CHECK}{run.pk}/").content.decode()
    CheckRun.objects.update(started_at=timezone.now() - timedelta(minutes=5))
    assert "Is a worker running?" in console.get(f"{CHECK}{run.pk}/").content.decode()


def test_the_page_costs_the_same_queries_for_three_and_for_five_hundred(console: Client) -> None:
    def queries(run: CheckRun) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert console.get(f"{CHECK}{run.pk}/").status_code == 200
        return len(seen)

    AccountFactory.create_batch(3)
    run = check_runs.ask(IntegrationAccount.objects.all(), "ada")
    queries(run)
    few = queries(run)
    AccountFactory.create_batch(497)
    assert check_runs.ask(IntegrationAccount.objects.all(), "ada") == run
    assert run.results.count() == 500
    assert queries(run) == few


def test_a_broker_that_is_away_does_not_lose_the_check(
    console: Client, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    from integrations import tasks

    def away(**options: Any) -> None:
        raise ConnectionError

    AccountFactory()
    monkeypatch.setattr("integrations.admin.checking.work_on_checks_soon", tasks.work_on_checks_soon)
    monkeypatch.setattr(tasks.work_on_checks, "apply_async", away)
    assert console.post(CHECK).status_code == 302
    assert CheckResult.objects.filter(finished_at=None).count() == 1
    assert caplog.text.count("The broker is away") == 1


def test_an_empty_list_offers_nothing_to_check(console: Client) -> None:
    page = console.get(LIST).content.decode()
    assert "No account yet." in page
    assert "Check all" not in page and "Check the selected" not in page
