"""What is kept of a feed minute by minute, and what its page makes of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from time_machine import travel

from contactcenter.feeds import alerts, dispatch, history
from contactcenter.feeds.counters import count_failure, count_picture, count_skip, count_success
from contactcenter.feeds.figures import cell_length, figures, percentile, runs
from contactcenter.feeds.history import BOUNDS, COLUMNS, delays
from contactcenter.models import ContactCenter, FeedAlert, FeedMinute, FeedState
from integrations.capabilities import AgentSnapshot, Pushed, RecordingFeed, Snapshot, WorkforceFeed
from integrations.errors import Cause, Unavailable
from integrations.models import IntegrationAccount
from integrations.providers import registry
from tests.factories import AccountFactory, AdminFactory, FeedStateFactory

pytestmark = pytest.mark.django_db
START = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
ERROR = Unavailable("The receiver is away.", cause=Cause.UNREACHABLE)


def at(seconds: float) -> Any:
    return travel(START + timedelta(seconds=seconds), tick=False)


def picture(*ages: float, taken: float) -> Snapshot:
    """Agents who entered their states at these seconds after the start."""
    agents = (
        AgentSnapshot(f"a{n}", None, None, None, None, None, "READY", None, START + timedelta(seconds=age))
        for n, age in enumerate(ages)
    )
    return Snapshot(START + timedelta(seconds=taken), tuple(agents), ())


@pytest.fixture
def feed() -> FeedState:
    made: FeedState = FeedStateFactory(interval=10, quiet_since=START)
    return made


def fresh(feed: FeedState) -> FeedState:
    return FeedState.objects.select_related("account").get(pk=feed.pk)


def push(feed: FeedState, seconds: float, *changed: float) -> None:
    with at(seconds):
        count_picture(fresh(feed), picture(*changed, taken=seconds), Pushed("full", len(changed), 100))


def fail(feed: FeedState, *moments: float) -> None:
    for seconds in moments:
        with at(seconds):
            count_failure(fresh(feed), ERROR)


# -- counting


def test_a_minute_is_one_row_however_many_ticks_it_has(feed):
    for seconds in (0, 10, 20):
        push(feed, seconds)
    fail(feed, 30)
    with at(40):
        count_skip(fresh(feed), 2)
    push(feed, 60)
    rows = list(FeedMinute.objects.order_by("minute").values_list("sent", "failed", "skipped"))
    assert rows == [(3, 1, 2), (1, 0, 0)]


def test_keeping_the_history_costs_one_statement_per_tick(feed):
    push(feed, 0)
    loaded = fresh(feed)
    with at(10), CaptureQueriesContext(connection) as queries:
        count_success(loaded)
    about = [q["sql"] for q in queries if "feedminute" in q["sql"]]
    assert len(about) == 1 and about[0].startswith("UPDATE")


def test_the_delay_is_from_the_change_to_the_wire(feed):
    push(feed, 0, -500)
    push(feed, 10, -500, 3.5, 9)
    row = FeedMinute.objects.get()
    assert row.longest_delay == 6.5
    assert (row.within_1, row.within_8) == (1, 1)
    assert sum(getattr(row, column) for column in COLUMNS) == 2


def test_a_change_waits_through_failed_updates(feed):
    push(feed, 0)
    fail(feed, 10, 20)
    push(feed, 30, 5)
    assert FeedMinute.objects.get().longest_delay == 25


def test_the_first_picture_says_nothing_about_delays_and_a_clock_set_back_makes_none_negative():
    assert delays(picture(1, 2, taken=5), None, START) == []
    assert delays(picture(9, taken=5), START, START + timedelta(seconds=5)) == [0.0]


def test_a_gap_is_kept_from_the_last_success_to_the_next(feed):
    push(feed, 0)
    fail(feed, 10, 20, 30)
    push(feed, 40)
    row = FeedMinute.objects.get()
    assert (row.gap_seconds, row.gap_from, row.gap_until) == (40, START, START + timedelta(seconds=40))


def test_an_update_that_is_a_little_late_is_no_gap(feed):
    push(feed, 0)
    push(feed, 14.9)
    assert FeedMinute.objects.get().gap_seconds == 0


def test_the_time_in_which_an_account_is_disabled_is_no_gap(feed):
    push(feed, 0)
    account = feed.account
    for enabled, seconds in ((False, 5), (True, 3600)):
        with at(seconds):
            account.enabled = enabled
            account.save()
            dispatch.dispatch_due(timezone.now(), lambda *work: None)
    push(feed, 3601)
    assert not FeedMinute.objects.filter(gap_seconds__gt=0).exists()


def test_a_deleted_account_leaves_no_row_behind(feed):
    loaded = fresh(feed)
    IntegrationAccount.objects.all().delete()
    history.note(loaded, START, sent=1)
    assert not FeedMinute.objects.exists()


def test_minutes_of_more_than_a_week_ago_are_forgotten(feed):
    push(feed, 0)
    with at(6 * 86_400):
        assert history.prune() == 0
    with at(8 * 86_400):
        assert history.prune() == 1


# -- figures


def test_the_strip_shows_order_failures_gaps_and_silence(feed):
    for seconds in range(0, 60, 10):
        push(feed, seconds)
    fail(feed, 60)
    push(feed, 61)
    fail(feed, 70, 130)
    push(feed, 190)
    with at(200):
        found = figures(fresh(feed), timedelta(minutes=10), timezone.now())
    assert [(run.kind, run.length) for run in found.runs] == [("none", 6), ("ok", 1), ("gap", 3)]
    assert [gap.seconds for gap in found.gaps] == [129]
    assert (found.sent, found.failed, found.minutes_in("gap")) == (8, 3, 3)


def test_a_gap_that_lasts_is_shown_and_grows(feed):
    push(feed, 0)
    with at(300):
        (gap,) = figures(fresh(feed), timedelta(hours=2), timezone.now()).gaps
    assert (gap.ended, gap.seconds) == (None, 300)


def test_a_disabled_account_has_no_gap_now(feed):
    push(feed, 0)
    IntegrationAccount.objects.update(enabled=False)
    with at(300):
        assert figures(fresh(feed), timedelta(hours=2), timezone.now()).gaps == []


@pytest.mark.parametrize(
    ("interval", "hours", "minutes"), [(10, 2, 1), (10, 24, 12), (3600, 2, 90), (60, 2, 2), (10, 168, 84)]
)
def test_a_cell_is_long_enough_for_an_update_to_be_certain_in_it(interval, hours, minutes):
    assert cell_length(interval, timedelta(hours=hours)) == timedelta(minutes=minutes)


def test_percentiles_come_from_the_counts():
    counts = dict.fromkeys(COLUMNS, 0) | {"within_1": 50, "within_5": 49, "within_30": 1}
    values = list(counts.values())
    assert percentile(values, 0.5, 25.0) == 1.0
    assert percentile(values, 0.99, 25.0) == 5.0
    assert percentile(values, 1.0, 25.0) == 25.0
    assert percentile([0] * len(COLUMNS), 0.5, 0.0) is None
    assert percentile([0] * len(BOUNDS) + [4], 0.5, 1000.0) == 800.0


def test_cells_of_one_kind_are_joined():
    assert [tuple(run) for run in runs(["ok", "ok", "gap", "ok"])] == [("ok", 0, 2), ("gap", 2, 1), ("ok", 3, 1)]


# -- alerts


@pytest.fixture
def real(feed: FeedState) -> FeedState:
    IntegrationAccount.objects.update(simulated=False, name="Our WFM")
    ContactCenter.current()
    ContactCenter.objects.update(feed_alert_after=3)
    AdminFactory(username="ada", email="ada@example.com")
    return feed


def told() -> list[str]:
    mail.outbox.clear()
    alerts.tell()
    return [message.subject for message in mail.outbox]


def test_administrators_are_told_once_and_again_when_it_works(real):
    fail(real, 10, 20)
    assert told() == []
    fail(real, 30, 40, 50)
    assert told() == ["Our WFM: 3 updates have failed"]
    assert "The receiver is away." in mail.outbox[0].body and f"/{real.account_id}/feed/" in mail.outbox[0].body
    assert told() == []
    push(real, 60)
    assert told() == ["Our WFM: the feed works again"]
    assert "12:00:00" in mail.outbox[0].body
    push(real, 70)
    assert told() == []


def test_after_a_recovery_the_next_failure_is_told_again(real):
    fail(real, 10, 20, 30)
    push(real, 40)
    fail(real, 50, 60, 70)
    assert told() == [
        "Our WFM: 3 updates have failed",
        "Our WFM: the feed works again",
        "Our WFM: 3 updates have failed",
    ]


def test_a_failure_now_and_then_wakes_nobody(real):
    for start in range(0, 300, 30):
        fail(real, start + 1, start + 2)
        push(real, start + 3)
    assert FeedAlert.objects.count() == 0


def test_nobody_is_told_when_it_is_switched_off_or_simulated(real):
    ContactCenter.objects.update(feed_alert_after=0)
    fail(real, *range(40))
    ContactCenter.objects.update(feed_alert_after=3)
    IntegrationAccount.objects.update(simulated=True)
    fail(real, *range(40, 50))
    push(real, 60)
    assert FeedAlert.objects.count() == 0


@pytest.mark.parametrize(("own", "failures", "mails"), [(2, 2, 1), (5, 4, 0), (0, 40, 0), (None, 3, 1)])
def test_an_account_may_have_a_limit_of_its_own(real, own, failures, mails):
    real.account.properties["alert_after_failed_updates"] = own
    real.account.simulated = False
    real.account.save()
    fail(real, *range(failures))
    assert len(told()) == mails


def test_every_feed_offers_a_limit_of_its_own():
    feeds = [p for p in registry().values() if issubclass(p, (WorkforceFeed, RecordingFeed))]
    assert len(feeds) >= 7
    for provider in feeds:
        assert "alert_after_failed_updates" in provider.Properties.advanced, provider.key


def test_a_mail_server_that_is_away_is_tried_again(real, monkeypatch):
    fail(real, 10, 20, 30)
    with monkeypatch.context() as patched:

        def refuse(*_: Any) -> None:
            raise OSError("away")

        patched.setattr("django.core.mail.EmailMessage.send", refuse)
        assert told() == []
    assert told() == ["Our WFM: 3 updates have failed"]


def test_without_an_address_the_news_waits(real):
    fail(real, 10, 20, 30)
    for user in list(get_user_model().objects.all()):
        user.email = ""
        user.save()
    assert told() == []
    AdminFactory(username="bea", email="bea@example.com")
    assert told() == ["Our WFM: 3 updates have failed"]


def test_old_news_is_forgotten(real):
    fail(real, 10, 20, 30)
    with at(100 * 86_400):
        assert alerts.prune() == 1


def test_accounts_without_agents_to_tell_keep_their_own_counts():
    other = FeedStateFactory(account=AccountFactory(provider="nice"), interval=0)
    count_success(other, [0.2, 70.0])
    row = FeedMinute.objects.get()
    assert (row.sent, row.within_half, row.within_120, row.gap_seconds) == (1, 1, 1, 0)
