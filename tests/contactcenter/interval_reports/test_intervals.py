"""Days and intervals tile, wherever and whenever clocks are changed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactcenter.reports.intervals import day_window, interval_at, midnight, whole_day

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Havana",
    "America/Santiago", "Africa/Cairo", "Asia/Kathmandu",
)  # fmt: skip
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29), 15, 92),
    ("Europe/Berlin", date(2026, 10, 25), 15, 100),
    ("Europe/Berlin", date(2026, 10, 25), 30, 50),
    ("Europe/Berlin", date(2026, 3, 29), 60, 23),
    ("America/New_York", date(2026, 3, 8), 15, 92),
    ("America/New_York", date(2026, 11, 1), 15, 100),
    ("Australia/Lord_Howe", date(2026, 10, 4), 15, 94),
    ("Australia/Lord_Howe", date(2026, 4, 5), 15, 98),
    ("Australia/Lord_Howe", date(2026, 4, 5), 30, 49),
    ("Asia/Kolkata", date(2026, 3, 29), 15, 96),
    ("UTC", date(2026, 3, 29), 60, 24),
    ("America/Havana", date(2026, 11, 1), 15, 100),  # midnight comes twice
    ("America/Santiago", date(2026, 9, 6), 15, 92),  # midnight is left out
]


@pytest.mark.parametrize(("zone", "day", "minutes", "count"), CHANGES)
def test_a_day_has_as_many_intervals_as_its_hours_hold(zone: str, day: date, minutes: int, count: int):
    window = day_window(day, ZoneInfo(zone), minutes)
    assert window is not None and window.count == count
    assert {window.length(n) for n in range(count)} == {minutes * 60}
    assert window.local(0).date() == day


def test_an_hour_that_comes_twice_is_told_apart_by_utc_only():
    window = day_window(date(2026, 10, 25), ZoneInfo("Europe/Berlin"), 15)
    assert window is not None
    labels = [f"{window.local(n):%H:%M}" for n in range(window.count)]
    assert labels.count("02:15") == 2
    assert list(window.borders) == sorted(set(window.borders))
    assert [datetime.fromtimestamp(window.borders[n], UTC).hour for n, at in enumerate(labels) if at == "02:15"] == [
        0,
        1,
    ]


def test_a_change_of_half_an_hour_cuts_an_hour_short_instead_of_shifting_all_that_follow():
    window = day_window(date(2026, 4, 5), ZoneInfo("Australia/Lord_Howe"), 60)
    assert window is not None
    assert [f"{window.local(n):%H:%M}" for n in range(4)] == ["00:00", "01:00", "01:30", "02:00"]
    assert sorted({window.length(n) for n in range(window.count)}) == [1800, 3600]


zones = st.sampled_from(ZONES).map(ZoneInfo)
days = st.dates(date(2015, 1, 1), date(2037, 12, 31))


@given(zones, days, st.sampled_from((15, 30, 60)))
def test_the_intervals_of_a_day_tile_it_and_days_follow_each_other(zone: ZoneInfo, day: date, minutes: int):
    window = day_window(day, zone, minutes)
    whole = whole_day(day, zone)
    assert window is not None and whole is not None
    assert (window.start, window.end) == whole.borders
    assert window.end == midnight(day + timedelta(days=1), zone)
    assert all(0 < window.length(n) <= minutes * 60 for n in range(window.count))
    assert {window.local(n).date() for n in range(window.count)} == {day}


@given(zones, days, st.sampled_from((15, 30, 60)), st.integers(-90_000, 90_000), st.integers(0, 180_000))
def test_the_parts_of_a_stretch_sum_up_to_what_lies_in_the_day(
    zone: ZoneInfo, day: date, minutes: int, offset: int, length: int
):
    window = day_window(day, zone, minutes)
    assert window is not None
    start = window.start + offset
    parts = window.split(start, start + length)
    inside = max(min(start + length, window.end) - max(start, window.start), 0)
    assert sum(seconds for _index, seconds in parts) == inside
    assert [index for index, _seconds in parts] == sorted({index for index, _seconds in parts})
    assert all(0 < seconds <= window.length(index) for index, seconds in parts)


@given(zones, st.integers(1_420_070_400, 2_145_916_800), st.sampled_from((15, 30, 60)))
def test_every_moment_lies_in_exactly_one_interval(zone: ZoneInfo, moment: int, minutes: int):
    window = interval_at(moment, zone, minutes)
    assert window.count == 1 and window.start <= moment < window.end


def test_intervals_that_are_not_over_are_left_out():
    zone = ZoneInfo("UTC")
    noon = datetime(2026, 5, 4, 12, 7, tzinfo=UTC).timestamp()
    window = day_window(date(2026, 5, 4), zone, 15, until=noon)
    assert window is not None and window.end == datetime(2026, 5, 4, 12, tzinfo=UTC).timestamp()
    assert day_window(date(2026, 5, 5), zone, 15, until=noon) is None
    assert whole_day(date(2026, 5, 4), zone, until=noon) is None
