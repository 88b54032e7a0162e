"""*Check all*: every account once, whoever asks and whatever dies; what the rows say is what happened."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from integrations.diagnosis import check_runs
from integrations.fields import Sealed
from integrations.models import CheckResult, CheckRun, Health, IntegrationAccount

from .conftest import make_plain
from .local_server import Answer, LocalServer
from .throwaway import Plain

pytestmark = pytest.mark.django_db(transaction=True)
ME = Answer(body={"name": "Ada"})


class Breaking(Plain):
    """A provider with a mistake in its code."""

    key = "breaking"

    def probes(self) -> Any:
        raise KeyError("name")


@pytest.fixture
def well(plain: IntegrationAccount, server: LocalServer) -> IntegrationAccount:
    server.on("/me", ME)
    return plain


def everything() -> Any:
    return IntegrationAccount.objects.all()


def sentence_of(account: IntegrationAccount) -> tuple[bool | None, str]:
    result = CheckResult.objects.get(account=account)
    return result.ok, result.message


def test_every_account_gets_its_verdict_and_the_run_ends(well: IntegrationAccount, server: LocalServer) -> None:
    server.on("/refused/me", Answer(401, {"error": "no"}))
    refused = make_plain(f"{server.address}/refused", name="Refused")
    idle = make_plain(server.address, name="Idle", enabled=False)
    run = check_runs.ask(everything(), "ada")
    assert check_runs.work() == 3
    assert sentence_of(well) == (True, "It works (Ada)")
    assert sentence_of(refused)[0] is False
    assert CheckResult.objects.get(account=refused).who == "you"
    assert sentence_of(idle) == (None, "Disabled, so it calls nobody and was not tested.")
    run.refresh_from_db()
    assert run.open is None and run.finished_at is not None
    well.refresh_from_db()
    assert well.health == Health.OK
    assert check_runs.work() == 0


def test_accounts_that_cannot_even_be_tested_are_told_in_words(
    well: IntegrationAccount, register_provider: Any, server: LocalServer
) -> None:
    register_provider(Breaking)
    broken = make_plain(server.address, name="Broken")
    IntegrationAccount.objects.filter(pk=broken.pk).update(provider="breaking")
    orphan = make_plain(server.address, name="Orphan")
    IntegrationAccount.objects.filter(pk=orphan.pk).update(provider="vanished")
    locked = make_plain(server.address, name="Locked")
    IntegrationAccount.objects.filter(pk=locked.pk).update(secrets=Sealed("v1:nonsense"))
    check_runs.ask(everything(), "ada")
    check_runs.work()
    assert sentence_of(broken) == (False, "The test itself broke off. The log of the worker says why.")
    assert sentence_of(orphan) == (False, 'There is no provider "vanished" in this version.')
    assert "cannot be decrypted" in sentence_of(locked)[1]
    assert sentence_of(well)[0] is True


def test_two_people_who_ask_at_once_share_one_run(well: IntegrationAccount, server: LocalServer) -> None:
    make_plain(server.address, name="Second")
    runs: list[CheckRun] = []

    def press(name: str) -> None:
        try:
            runs.append(check_runs.ask(everything(), name))
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(name,)) for name in ("ada", "ben", "cleo", "dan")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({run.pk for run in runs}) == 1
    assert CheckResult.objects.count() == 2
    assert check_runs.work() == 2
    assert len(server.arrived) == 2


def test_many_workers_test_each_account_once(well: IntegrationAccount, server: LocalServer) -> None:
    for number in range(11):
        make_plain(server.address, name=f"More {number}")
    check_runs.ask(everything(), "ada")
    tested: list[int] = []

    def lane() -> None:
        try:
            tested.append(check_runs.work())
        finally:
            connection.close()

    threads = [threading.Thread(target=lane) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(tested) == 12
    assert len(server.arrived) == 12
    assert CheckRun.objects.get().open is None


def test_what_a_dead_worker_held_is_tested_by_the_next_one(well: IntegrationAccount) -> None:
    check_runs.ask(everything(), "ada")
    now = timezone.now()
    CheckResult.objects.update(lease_owner="dead", leased_until=now + timedelta(seconds=60), attempts=1)
    assert check_runs.work() == 0
    assert CheckRun.objects.get().open is True
    CheckResult.objects.update(leased_until=now - timedelta(seconds=1))
    assert check_runs.work() == 1
    assert sentence_of(well)[0] is True


def test_a_test_that_takes_every_worker_down_is_given_up(well: IntegrationAccount, server: LocalServer) -> None:
    check_runs.ask(everything(), "ada")
    CheckResult.objects.update(attempts=check_runs.MOST_ATTEMPTS)
    assert check_runs.work() == 1
    assert sentence_of(well) == (
        False, "The test did not come to an end, three times. The log of the worker may say why."
    )  # fmt: skip
    assert server.arrived == []


def test_who_asks_again_during_a_run_has_finished_accounts_tested_again(
    well: IntegrationAccount, server: LocalServer
) -> None:
    slow = make_plain(server.address, name="Slow")
    run = check_runs.ask(everything(), "ada")
    # The worker was stopped between the two.
    CheckResult.objects.filter(account=slow).update(leased_until=timezone.now() + timedelta(seconds=60))
    check_runs.work()
    assert sentence_of(well)[0] is True
    IntegrationAccount.objects.filter(pk=well.pk).update(health=Health.FAILING)
    again = check_runs.ask(IntegrationAccount.objects.filter(pk=well.pk), "ben")
    assert again == run
    result = CheckResult.objects.get(account=well)
    assert (result.finished_at, result.ok, result.message, result.before) == (None, None, "", Health.FAILING)
    assert check_runs.work() == 1
    assert sentence_of(well)[0] is True


def test_silent_vendors_do_not_take_every_worker(well: IntegrationAccount, server: LocalServer) -> None:
    for number in range(check_runs.MOST_AT_ONCE):
        make_plain(server.address, name=f"Silent {number}")
    check_runs.ask(everything(), "ada")
    silent = CheckResult.objects.filter(account__name__startswith="Silent")
    silent.update(leased_until=timezone.now() + timedelta(seconds=50))
    assert check_runs.work() == 0
    silent.filter(account__name="Silent 0").update(leased_until=None)
    assert check_runs.work() == 2


def test_a_lane_makes_room_for_others_in_time(well: IntegrationAccount) -> None:
    check_runs.ask(everything(), "ada")
    assert check_runs.work(seconds=0) == 0
    assert check_runs.work() == 1


def test_old_runs_are_forgotten_and_open_ones_are_not(well: IntegrationAccount) -> None:
    old = timezone.now() - check_runs.KEPT - timedelta(hours=1)
    CheckRun.objects.create(asked_by="ada", open=None, finished_at=old)
    run = check_runs.ask(everything(), "ben")
    CheckRun.objects.filter(pk=run.pk).update(started_at=old)
    assert check_runs.prune() == 1
    assert CheckRun.objects.get() == run
