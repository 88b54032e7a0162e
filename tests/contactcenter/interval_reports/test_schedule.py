"""What is due when: daily, after every interval, over changes of the clocks, after a pause, and with two schedulers."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction

from contactcenter.celery import schedule as beat
from contactcenter.models import Report, ReportRun
from contactcenter.reports import schedule

from .day import report

pytestmark = pytest.mark.django_db


def started(now: datetime, **values: Any) -> Report:
    made = report(**values)
    schedule.begin(made, now)
    made.save()
    return made


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def made_runs(made: Report) -> list[tuple[str, date, datetime | None]]:
    return list(made.runs.order_by("id").values_list("reason", "day", "start"))


def test_a_daily_report_is_made_at_the_first_run_time_after_its_day():
    made = started(moment("2026-05-04 10:00"), mode="daily")  # midnight UTC is 2 o'clock in Berlin
    assert schedule.next_run(made) == moment("2026-05-05 00:00")
    assert schedule.work(moment("2026-05-04 23:59")) == 0
    assert schedule.work(moment("2026-05-05 00:00")) == 1
    assert made_runs(made) == [("daily", date(2026, 5, 4), None)]
    assert schedule.work(moment("2026-05-05 00:01")) == 0


def test_the_run_time_is_that_of_its_own_zone_also_when_clocks_change():
    made = started(
        moment("2026-03-28 12:00"), mode="daily", run_time=time(2, 30), run_time_zone="Europe/Berlin",
    )  # fmt: skip
    # 2:30 is left out on the 29th: it is made when the clock has gone on for as long.
    assert schedule.day_due(made, date(2026, 3, 28)) == moment("2026-03-29 01:30")
    assert schedule.day_due(made, date(2026, 3, 29)) == moment("2026-03-30 00:30")
    assert schedule.day_due(made, date(2026, 10, 24)) == moment("2026-10-25 00:30")  # the first of two


def test_missed_days_are_made_one_by_one_and_each_once():
    made = started(moment("2026-05-04 10:00"), mode="daily")
    assert schedule.work(moment("2026-05-08 12:00")) == 4
    assert [day for _reason, day, _start in made_runs(made)] == [date(2026, 5, n) for n in (4, 5, 6, 7)]
    schedule.work(moment("2026-05-08 12:01"))
    assert ReportRun.objects.count() == 4


def test_every_interval_is_made_after_its_delay_and_the_day_again_at_night():
    made = started(moment("2026-05-04 10:07"), mode="continuous", interval=30, delay_minutes=45)
    assert schedule.next_run(made) == moment("2026-05-04 11:15")
    assert schedule.work(moment("2026-05-04 11:14")) == 0
    assert schedule.work(moment("2026-05-04 11:15")) == 1
    assert made_runs(made) == [("interval", date(2026, 5, 4), moment("2026-05-04 10:00"))]
    schedule.work(moment("2026-05-05 00:10"))
    reasons = [reason for reason, _day, _start in made_runs(made)]
    assert reasons.count("rebuild") == 1
    assert reasons.count("interval") == 26  # from 10:00 to 22:30 UTC
    starts = [start for reason, _day, start in made_runs(made) if reason == "interval"]
    assert len(set(starts)) == len(starts)


def test_without_the_nightly_rebuild_days_pass_unmade():
    made = started(moment("2026-05-04 10:07"), mode="continuous", nightly_rebuild=False)
    for hour in range(60):
        schedule.work(moment("2026-05-04 11:00") + timedelta(hours=hour))
    assert {reason for reason, _day, _start in made_runs(made)} == {"interval"}
    made.refresh_from_db()
    assert made.next_day == date(2026, 5, 6)


def test_a_long_day_has_a_hundred_intervals_and_each_its_run():
    made = started(moment("2026-10-24 22:00"), mode="continuous", delay_minutes=0, nightly_rebuild=False)
    for _ in range(5):
        schedule.work(moment("2026-10-25 23:00"))
    starts = [start for _reason, day, start in made_runs(made) if day == date(2026, 10, 25)]
    assert len(set(starts)) == 100


def test_a_report_that_is_switched_off_or_on_demand_makes_nothing():
    started(moment("2026-05-04 10:00"), name="off", mode="daily", enabled=False)
    started(moment("2026-05-04 10:00"), name="asked", mode="on_demand")
    assert schedule.work(moment("2026-06-01 00:00")) == 0
    assert {schedule.next_run(made) for made in Report.objects.all()} == {None}


def test_a_second_scheduler_that_saw_the_same_report_makes_no_second_run():
    made = started(moment("2026-05-04 10:00"), mode="daily")
    stale = Report.objects.get(pk=made.pk)
    now = moment("2026-05-05 00:00")
    assert schedule._next_day(made, now) == 1
    assert schedule._next_day(stale, now) == 1  # it goes on from where it is, and makes nothing
    assert ReportRun.objects.count() == 1
    made.refresh_from_db()
    assert made.next_day == date(2026, 5, 5)


def test_a_scheduler_that_dies_between_the_step_and_the_run_has_done_neither(monkeypatch: pytest.MonkeyPatch):
    made = started(moment("2026-05-04 10:00"), mode="daily")
    with monkeypatch.context() as broken:
        broken.setattr(ReportRun.objects, "get_or_create", lambda **values: 1 / 0)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            schedule.work(moment("2026-05-05 00:00"))
    made.refresh_from_db()
    assert made.next_day == date(2026, 5, 4) and not ReportRun.objects.exists()
    assert schedule.work(moment("2026-05-05 00:00")) == 1


def test_the_scheduler_starts_it_every_minute_and_late_messages_are_worthless():
    entry = beat()["work-on-reports"]
    assert entry["schedule"] == entry["options"]["expires"] == 60
