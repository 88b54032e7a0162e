"""When feeds are due, and what is sent then, against the simulated WFM receiver."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connections, transaction

from contactcenter.feeds import dispatch as feeds
from contactcenter.feeds import snapshots
from contactcenter.models import FeedState
from integrations import leases
from integrations.models import Health, IntegrationAccount
from tests.factories import AccountFactory, AgentFactory, FeedStateFactory
from tests.simulated import Simulators

pytestmark = pytest.mark.django_db
START = datetime.fromisoformat("2026-11-20T12:00:00+00:00")


class Hands:
    """Takes what the dispatcher hands out."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, int]] = []

    def __call__(self, task: Any, account_id: int, expires: float) -> None:
        self.taken.append((task.name.rsplit(".", 1)[1], account_id))

    def tasks(self) -> list[str]:
        names = [name for name, _ in self.taken]
        self.taken.clear()
        return names


@pytest.fixture
def hands() -> Hands:
    return Hands()


def wfm(**options: Any) -> IntegrationAccount:
    interval = options.pop("interval", 10)
    return AccountFactory(provider="wfm_http", properties={"periodic_update_interval": interval}, **options)


def nice(**options: Any) -> IntegrationAccount:
    properties = {"username": "demo-nice", "keep_alive_update_interval": options.pop("interval", 60)}
    secrets = {"password": "demo-nice-password"}
    return AccountFactory(provider="nice", properties=properties, secrets=secrets, **options)


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def dispatched(hands: Hands, *moments: float) -> list[tuple[float, str]]:
    """What is handed out at which second after the start."""
    found = []
    for moment in moments:
        feeds.dispatch_due(later(moment), hands)
        found += [(moment, name) for name in hands.tasks()]
    return found


# -- the dispatcher


def test_a_new_account_is_due_at_once_and_then_every_interval(hands):
    wfm(interval=10)

    assert dispatched(hands, 0, 0.25, 5, 9.75, 10, 10.25, 20) == [
        (0, "push_feed"),
        (10, "push_feed"),
        (20, "push_feed"),
    ]


def test_a_late_look_does_not_shift_the_ticks(hands):
    wfm(interval=10)
    dispatched(hands, 0)

    assert dispatched(hands, 10.2, 20.1, 30.2) == [(10.2, "push_feed"), (20.1, "push_feed"), (30.2, "push_feed")]
    assert FeedState.objects.get().due_at == later(40)


def test_a_clock_that_is_set_back_holds_nothing_up(hands):
    wfm(interval=10)

    assert dispatched(hands, 3600, 5, 6, 15) == [(3600, "push_feed"), (5, "push_feed"), (15, "push_feed")]


def test_a_lease_from_before_the_clock_was_set_back_holds_nothing_up(hands):
    wfm(interval=10)
    dispatched(hands, 3600)
    FeedState.objects.update(lease_owner="a worker that died", leased_until=later(3640))

    assert dispatched(hands, 5, 15) == [(5, "push_feed"), (15, "push_feed")]
    feed = FeedState.objects.get()
    assert feed.skipped == 0 and leases.claim(feed)


def test_a_lease_of_now_is_kept(hands):
    wfm(interval=10)
    dispatched(hands, 0)
    FeedState.objects.update(lease_owner="a worker", leased_until=later(50))

    assert dispatched(hands, 10) == [] and FeedState.objects.get().skipped == 1


def test_an_account_that_is_saved_after_the_clock_was_set_back_takes_its_new_interval(hands):
    account = wfm(interval=10)
    dispatched(hands, 3600)
    account.properties = {"periodic_update_interval": 60}
    account.save()
    type(account).objects.update(updated_at=later(4))
    dispatched(hands, 5)

    assert FeedState.objects.get().interval == 60


def test_a_recorder_whose_turn_was_planned_before_the_clock_was_set_back_gets_it(hands):
    nice(interval=0)
    assert dispatched(hands, 7200) == [(7200, "push_recording")]
    FeedState.objects.update(retry_at=later(7260))

    assert dispatched(hands, 5) == [(5, "push_recording")]


def test_ticks_missed_in_an_outage_are_dropped_and_never_made_up(hands):
    wfm(interval=10)
    dispatched(hands, 0)

    assert dispatched(hands, 3605, 3605.25, 3609.75, 3610) == [(3605, "push_feed"), (3610, "push_feed")]


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_at_the_same_moment_hand_out_each_tick_once():
    for interval in range(10, 20):
        account = AccountFactory(provider="nice")
        FeedStateFactory(
            account=account, due_at=START, interval=interval, session_open=True, planned_at=account.updated_at
        )
    hands, barrier = [Hands(), Hands()], threading.Barrier(2)

    def dispatch(mine: Hands) -> None:
        barrier.wait(5)
        feeds.dispatch_due(START, mine)
        connections.close_all()

    threads = [threading.Thread(target=dispatch, args=(mine,)) for mine in hands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    taken = [account_id for mine in hands for _, account_id in mine.taken]
    assert sorted(taken) == sorted(IntegrationAccount.objects.values_list("pk", flat=True))


def test_a_shorter_interval_counts_as_soon_as_the_account_is_saved(hands):
    account = wfm(interval=60)
    dispatched(hands, 0)
    account.properties = {"periodic_update_interval": 5}
    account.save()

    assert dispatched(hands, 1, 5, 9, 10) == [(5, "push_feed"), (10, "push_feed")]


def test_a_longer_interval_counts_as_soon_as_the_account_is_saved(hands):
    account = wfm(interval=5)
    dispatched(hands, 0)
    account.properties = {"periodic_update_interval": 60}
    account.save()

    assert dispatched(hands, 5, 10, 59.75, 60) == [(60, "push_feed")]


def test_saving_an_account_without_a_change_of_interval_keeps_its_ticks(hands):
    account = wfm(interval=10)
    dispatched(hands, 0)
    account.save()

    assert dispatched(hands, 4, 10, 20) == [(10, "push_feed"), (20, "push_feed")]


def test_a_disabled_account_gets_nothing_and_is_due_at_once_when_enabled_again(hands):
    account = wfm(interval=60)
    dispatched(hands, 0)
    account.enabled = False
    account.save()
    assert dispatched(hands, 30, 60, 120) == []

    account.enabled = True
    account.save()
    assert dispatched(hands, 125, 126, 180, 185) == [(125, "push_feed"), (185, "push_feed")]


def test_a_deleted_account_stops_and_a_push_under_way_does_no_harm(hands):
    account = wfm()
    dispatched(hands, 0)
    pk = account.pk
    account.delete()

    assert dispatched(hands, 10, 20) == []
    feeds.push(pk)


@pytest.mark.parametrize(("first", "second"), [("wfm_http", "wfm_aspect"), ("loxysoft", "loxysoft")])
def test_the_database_itself_refuses_a_second_account_of_the_kind(first, second):
    AccountFactory(provider=first, name="First")
    with pytest.raises(IntegrityError), transaction.atomic():
        IntegrationAccount(provider=second, name="Second").save()  # no form has looked at it


def test_a_tick_during_a_push_is_skipped_and_counted(hands):
    wfm(interval=10)
    dispatched(hands, 0)
    feed = FeedState.objects.get()
    leases.claim(feed, seconds=1)
    FeedState.objects.update(leased_until=later(10.5))

    assert dispatched(hands, 10, 20) == [(20, "push_feed")]
    feed.refresh_from_db()
    assert feed.skipped == 1


def test_a_keep_alive_is_due_every_interval_and_zero_switches_it_off(hands):
    nice(interval=60)
    assert [name for _, name in dispatched(hands, 0) if name == "send_keep_alive"] == ["send_keep_alive"]

    IntegrationAccount.objects.get().delete()
    nice(interval=0, name="silent")
    assert "send_keep_alive" not in [name for _, name in dispatched(hands, 100, 160, 220)]


def test_accounts_that_feed_nobody_are_left_alone(hands):
    AccountFactory(provider="servicenow")

    assert dispatched(hands, 0) == []
    assert not FeedState.objects.exists()


def test_looking_costs_the_same_few_queries_however_many_feeds_wait(hands, django_assert_num_queries):
    def more(number: int) -> None:
        for _ in range(number):
            account = AccountFactory(provider="nice")
            FeedStateFactory(
                account=account, due_at=later(60), interval=60, planned_at=account.updated_at, session_open=True
            )

    more(1)
    with django_assert_num_queries(10):
        feeds.dispatch_due(START, hands)
    more(30)
    with django_assert_num_queries(10):
        feeds.dispatch_due(START, hands)


@pytest.mark.parametrize(
    ("due", "interval", "now", "expected"),
    [(0, 10, 0, 10), (0, 10, 9.99, 10), (0, 10, 10, 20), (0, 10, 36, 40), (0, 0.5, 0.6, 1.0), (0, 7, 21, 28)],
)
def test_the_next_tick_is_the_first_one_after_now_on_the_old_grid(due, interval, now, expected):
    assert feeds.next_due(later(due), interval, later(now)) == later(expected)


# -- one push, against the simulated receiver


def test_a_push_brings_every_agent_to_the_receiver(hands, simulated: Simulators):
    account = wfm(interval=10)
    AgentFactory(login="ava", state="READY")
    AgentFactory(login="ben", state="LOGGED_OUT")
    dispatched(hands, 0)

    feeds.push(account.pk)

    board = simulated.board("wfm_http")
    assert [agent["login_id"] for agent in board["agents"]] == ["ava"]
    assert (board["last_type"], board["errors"], board["interval"]) == ("full", [], 10)
    feed = FeedState.objects.get()
    assert (feed.sent, feed.failed, feed.skipped, feed.sequence) == (1, 0, 0, 1)
    assert feed.last_sent_at is not None
    account.refresh_from_db()
    assert account.health == Health.OK


def test_an_agent_who_logs_out_is_gone_from_the_next_picture(hands, simulated: Simulators):
    account = wfm()
    ava = AgentFactory(login="ava", state="READY")
    dispatched(hands, 0)
    feeds.push(account.pk)
    ava.state = "LOGGED_OUT"
    ava.save()

    feeds.push(account.pk)

    assert simulated.board("wfm_http")["agents"] == []
    assert FeedState.objects.get().sequence == 2


@pytest.mark.parametrize("fault", ["server_error", "rate_limit", "bad_credentials", "reset", "redirect"])
def test_an_error_is_ignored_counted_and_shown_and_the_next_push_goes_through(hands, simulated: Simulators, fault):
    account = wfm()
    dispatched(hands, 0)
    simulated.fault("wfm_http", fault, times=1)

    feeds.push(account.pk)

    feed = FeedState.objects.get()
    assert (feed.sent, feed.failed, feed.consecutive_failures) == (0, 1, 1)
    assert feed.last_error and feed.last_failed_at
    account.refresh_from_db()
    assert account.health == Health.FAILING
    assert len(simulated.requests("wfm_http")) == 1, "a push is never repeated"

    feeds.push(account.pk)

    feed.refresh_from_db()
    assert (feed.sent, feed.failed, feed.consecutive_failures) == (1, 1, 0)
    account.refresh_from_db()
    assert account.health == Health.OK


def test_a_hundred_failures_make_a_hundred_requests_and_one_line_in_the_log(hands, simulated: Simulators, caplog):
    account = wfm(interval=10, name="Shift planner")
    dispatched(hands, 0)
    simulated.fault("wfm_http", "server_error")
    caplog.set_level("INFO")

    for _ in range(20):
        feeds.push(account.pk)

    assert len(simulated.requests("wfm_http")) == 20
    assert len([record for record in caplog.records if "Shift planner" in record.getMessage()]) == 1
    simulated.heal("wfm_http")
    feeds.push(account.pk)
    feeds.push(account.pk)
    assert len([record for record in caplog.records if "Shift planner" in record.getMessage()]) == 2


def test_never_two_pushes_of_one_account_in_flight(hands, simulated: Simulators):
    account = wfm()
    dispatched(hands, 0)

    with leases.held(FeedState.objects.get()) as owner:
        assert owner
        feeds.push(account.pk)

    assert simulated.requests("wfm_http") == []
    assert FeedState.objects.get().skipped == 1
    feeds.push(account.pk)
    assert FeedState.objects.get().sent == 1


def test_nothing_is_sent_when_our_own_data_cannot_be_read(hands, simulated: Simulators, monkeypatch):
    account = wfm()
    AgentFactory(state="READY")
    dispatched(hands, 0)

    def unreadable(*_: object) -> None:
        raise DatabaseError("the table is gone")

    with monkeypatch.context() as broken:
        broken.setattr(snapshots, "read_figures", unreadable)
        with pytest.raises(DatabaseError):
            feeds.push(account.pk)

    assert simulated.requests("wfm_http") == []
    feeds.push(account.pk)
    assert len(simulated.board("wfm_http")["agents"]) == 1


def test_a_push_for_a_disabled_account_sends_nothing(hands, simulated: Simulators):
    account = wfm()
    dispatched(hands, 0)
    account.enabled = False
    account.save()

    feeds.push(account.pk)

    assert simulated.requests("wfm_http") == []


@pytest.mark.parametrize("interval", [1, 5, 10, 19, 20, 60, 3600])
def test_the_lease_of_a_push_outlasts_its_time_limit(interval):
    longest_push = max(1.0, min(30.0, 0.8 * interval))

    assert feeds.lease_seconds(interval) > longest_push
