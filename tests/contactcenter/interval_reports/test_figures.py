"""What is counted, row by row, on a small day whose every call is known."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contactcenter.models import Agent, Interaction, ReportRoster, Service
from contactcenter.models.reports import Kind
from contactcenter.reports import figures, runs
from contactcenter.reports.figures import COLUMNS, Rules
from contactcenter.reports.intervals import Window, day_window, whole_day
from contactcenter.reports.roster import roster_for
from contactcenter.reports.visits import visits
from tests.factories import AgentFactory, AgentStateChangeFactory, InteractionFactory, ServiceFactory

from .day import BERLIN, DAY, at, call, content, report, shift, small_day, told

pytestmark = pytest.mark.django_db


def rows(kind: str, **rules: Any) -> dict[tuple[str, tuple[int, ...]], dict[str, Any]]:
    """(clock, who) -> figures that are not zero."""
    window = day_window(DAY, BERLIN, 15)
    assert window is not None
    table = figures.table(Rules(kind, **{"zero_rows": False, **rules}), window, DAY)
    names = COLUMNS[kind][1]
    return {
        (f"{window.local(row.index):%H:%M}", row.about): {
            name: value[0] if isinstance(value, tuple) else value
            for name, value in zip(names, row.figures, strict=True)
            if value and (not isinstance(value, tuple) or value[0])
        }
        for row in table.rows
    }


def test_waits_and_thresholds_are_counted_where_the_call_arrived():
    support, _sales = small_day()
    found = rows(Kind.QUEUE)
    assert found["03:00", (support.pk,)].items() >= {
        "offd_direct_call_cnt": 4, "answ_call_cnt": 1, "aband_call_cnt": 3, "queued_and_answ_call_dur": 21,
        "queued_and_aband_call_dur": 4 + 5 + 90, "talking_call_dur": 100, "wrap_up_dur": 10,
        "queued_answ_longest_que_dur": 21, "queued_aband_longest_que_dur": 90, "aband_short_call_cnt": 1,
        "aband_within_sl_cnt": 1,
    }.items()  # fmt: skip
    assert "ans_servicelevel_cnt" not in found["03:00", (support.pk,)]
    assert found["01:00", (support.pk,)]["talking_call_dur"] == 600  # all of it, although it ends after the interval
    assert found["01:00", (support.pk,)]["ans_servicelevel_cnt"] == 1


def test_a_transfer_counts_as_offered_in_both_queues():
    support, sales = small_day()
    found = rows(Kind.QUEUE)
    first, second = found["09:00", (support.pk,)], found["09:00", (sales.pk,)]
    assert (first["offd_direct_call_cnt"], first["answ_call_cnt"], first["talking_call_dur"]) == (1, 1, 120)
    assert (second["overflow_in_call_cnt"], second["answ_call_cnt"], second["talking_call_dur"]) == (1, 1, 150)
    assert (first.get("wrap_up_dur"), second["wrap_up_dur"], second["queued_and_answ_call_dur"]) == (None, 40, 30)
    assert "overflow_out_call_cnt" not in first


def test_a_call_that_leaves_unanswered_overflows_and_is_abandoned_elsewhere():
    support, sales = small_day()
    found = rows(Kind.QUEUE)
    assert found["10:00", (sales.pk,)].items() >= {"offd_direct_call_cnt": 1, "overflow_out_call_cnt": 1}.items()
    assert found["10:15", (support.pk,)].items() >= {
        "overflow_in_call_cnt": 1, "aband_call_cnt": 1, "queued_and_aband_call_dur": 10,
    }.items()  # fmt: skip


def test_by_the_end_calls_count_when_they_left_and_not_before():
    support, _sales = small_day()
    found = rows(Kind.QUEUE, attribution="end")
    assert found["01:15", (support.pk,)]["answ_call_cnt"] == 1
    assert "answ_call_cnt" not in found.get(("01:00", (support.pk,)), {})


def test_ready_and_available_agents_are_split_at_the_borders():
    support, sales = small_day()
    found = rows(Kind.QUEUE)
    assert found["00:45", (support.pk,)] == {"avg_avail_member_cnt": 1, "wait_dur": 1}
    assert found["01:00", (support.pk,)]["wait_dur"] == 612
    assert found["01:15", (support.pk,)]["avg_avail_member_cnt"] == 900
    assert [found[clock, (sales.pk,)]["wait_dur"] for clock in ("09:00", "09:15", "09:30", "09:45")] == [
        900,
        900,
        900,
        300,
    ]


def test_what_agents_did_in_queues():
    support, sales = small_day()
    ava, ben = Agent.objects.get(user__username="ava").pk, Agent.objects.get(user__username="ben").pk
    found = rows(Kind.AGENT_QUEUE)
    assert found["09:00", (ava, support.pk)] == {
        "talking_call_dur": 120, "answ_call_cnt": 1, "transfer_out_call_cnt": 1,
    }  # fmt: skip
    assert found["09:00", (ben, sales.pk)] == {"talking_call_dur": 150, "wrap_up_dur": 40, "answ_call_cnt": 1}
    assert found["01:00", (ava, support.pk)] == {"talking_call_dur": 600, "wrap_up_dur": 30, "answ_call_cnt": 1}


def test_how_agents_spent_their_time():
    small_day()
    ava, ben = Agent.objects.get(user__username="ava").pk, Agent.objects.get(user__username="ben").pk
    found = rows(Kind.AGENT)
    assert found["03:15", (ava,)] == {"tot_work_dur": 900, "avail_dur": 360, "pause_dur": 540}
    assert found["10:00", (ben,)] == {"tot_work_dur": 900, "pause_dur": 900, "admin_dur": 900}
    assert found["10:15", (ben,)] == {"tot_work_dur": 300, "pause_dur": 300, "admin_dur": 300}
    assert found["11:00", (ava,)] == {"direct_out_call_cnt": 2, "direct_out_call_dur": 50}
    assert found["11:00", (ben,)] == {"direct_in_call_cnt": 1, "direct_in_call_dur": 20}


def test_the_day_is_the_sum_of_its_intervals():
    small_day()
    window, day = day_window(DAY, BERLIN, 15), whole_day(DAY, BERLIN)
    assert window is not None and day is not None
    parts = figures.table(Rules(Kind.AGENT), window, DAY)
    whole = figures.table(Rules(Kind.AGENT_DAY), day, DAY)
    for row in whole.rows:
        own = [each.figures for each in parts.rows if each.about == row.about]
        assert len(own) == 92
        assert tuple(map(sum, zip(*own, strict=True))) == row.figures


def test_every_queue_has_a_row_for_every_interval_of_a_short_and_of_a_long_day():
    ServiceFactory(), ServiceFactory(enabled=False)
    made = report()
    for day, count in ((DAY, 92), (date(2026, 10, 25), 100), (date(2026, 5, 4), 96)):
        lines = content(made, day).split(b"\r\n")[:-1]
        assert len(lines) == 2 * count
        assert all(len(line.split(b";")) == 21 for line in lines)
        assert {line.split(b";")[5:] == [b"0"] * 16 for line in lines} == {True}


def test_chosen_queues_alone_are_reported():
    support, sales = small_day()
    made = report()
    made.services.set([sales])
    assert {line.split(b";")[3] for line in content(made).splitlines()} == {str(sales.pk).encode()}
    ava = Agent.objects.get(user__username="ava").pk
    assert not any(who == (ava,) for _clock, who in rows(Kind.AGENT, queues=frozenset({sales.pk})))
    assert any(who == (ava,) for _clock, who in rows(Kind.AGENT, queues=frozenset({support.pk})))


def test_a_caller_waits_from_the_first_ringing_and_not_from_the_scenario_or_the_one_who_declined():
    support, ava = ServiceFactory(service_level_seconds=20), AgentFactory(login="ava", open_stretch=False)
    made = call(support, at("09:00"), wait=40, talk=60, wrap=0, agent=ava)  # half a minute of announcements
    Interaction.objects.filter(pk=made.pk).update(queued_at=None, ringing_at=at("09:00:30"))
    moved = call(support, at("10:00"), wait=40, talk=None)
    told(moved, ("ringing", at("10:00:30"), ava, None), ("transferred", at("10:00:40"), None, [support.pk, None]))
    found = rows(Kind.QUEUE)
    assert found["09:00", (support.pk,)]["queued_and_answ_call_dur"] == 10
    assert found["09:00", (support.pk,)]["ans_servicelevel_cnt"] == 1
    (visit,) = (visit for visit in visits(whole(), "arrival") if visit.to_queue)
    assert visit.wait == 10


def whole() -> Window:
    window = whole_day(DAY, BERLIN)
    assert window is not None
    return window


def test_a_direct_call_that_is_given_on_counts_for_both_with_their_own_seconds():
    ava, ben = AgentFactory(login="ava", open_stretch=False), AgentFactory(login="ben", open_stretch=False)
    for direction, hour in (("inbound", 9), ("outbound", 10)):
        moved = call(None, at(f"{hour:02}:00"), wait=5, talk=295, wrap=0, agent=ben, direction=direction)
        told(
            moved,
            ("answered", at(f"{hour:02}:00:05"), ava, None),
            ("transferred", at(f"{hour:02}:01:05"), ava, [None, None]),
            ("answered", at(f"{hour:02}:01:15"), ben, None),
        )
    found = rows(Kind.AGENT)
    assert found["09:00", (ava.pk,)] == {"direct_in_call_cnt": 1, "direct_in_call_dur": 60}
    assert found["10:00", (ava.pk,)] == {"direct_out_call_cnt": 1, "direct_out_call_dur": 60}
    for clock in ("09:00", "10:00"):
        assert found[clock, (ben.pk,)] == {"direct_in_call_cnt": 1, "direct_in_call_dur": 225}


# -- late events


def test_a_call_that_ends_late_is_brought_by_the_rebuild_in_the_interval_of_its_arrival():
    support = ServiceFactory(service_level_seconds=20)
    open_call = InteractionFactory(service=support, offered_at=at("23:50"), queued_at=at("23:50"), state="queued")
    early = rows(Kind.QUEUE)
    assert early["23:45", (support.pk,)] == {"offd_direct_call_cnt": 1}
    open_call.answered_at, open_call.ended_at = at("23:50:09"), at("23:50:09") + timedelta(hours=1)
    open_call.completed_at, open_call.state = open_call.ended_at, "completed"
    open_call.save()
    late = rows(Kind.QUEUE)
    assert late["23:45", (support.pk,)].items() >= {"answ_call_cnt": 1, "talking_call_dur": 3600}.items()
    assert not rows(Kind.QUEUE, attribution="end")  # it ended on the next day


def test_an_open_stretch_reaches_to_the_end_of_the_window_and_closing_it_later_changes_nothing():
    agent = AgentFactory(open_stretch=False)
    stretch = AgentStateChangeFactory(agent=agent, began_at=at("23:00"), state="READY")
    before = rows(Kind.AGENT)
    assert sum(row["tot_work_dur"] for row in before.values()) == 3600
    stretch.ended_at = at("12:00", day=DAY + timedelta(days=2))
    stretch.save()
    assert rows(Kind.AGENT) == before


def test_a_transfer_inside_of_a_queue_stays_one_visit_with_two_agents():
    support = ServiceFactory()
    ava, ben = AgentFactory(open_stretch=False), AgentFactory(open_stretch=False)
    moved = call(support, at("09:00"), wait=5, talk=295, wrap=0, agent=ben)
    told(
        moved,
        ("answered", at("09:00:05"), ava, None),
        ("transferred", at("09:01:05"), ava, [support.pk, support.pk]),
        ("answered", at("09:01:15"), ben, None),
    )
    (row,) = rows(Kind.QUEUE).values()
    assert (row["offd_direct_call_cnt"], row["answ_call_cnt"], row["talking_call_dur"]) == (1, 1, 60 + 225)
    assert "overflow_in_call_cnt" not in row
    by_agent = rows(Kind.AGENT_QUEUE)
    assert by_agent["09:00", (ava.pk, support.pk)]["transfer_out_call_cnt"] == 1
    assert by_agent["09:00", (ben.pk, support.pk)] == {"talking_call_dur": 225, "answ_call_cnt": 1}


# -- the same bytes again


def test_renaming_and_moving_people_does_not_change_a_past_day():
    support, sales = small_day()
    made = {kind: report(name=kind, kind=kind) for kind in Kind.values}
    before = {kind: content(each) for kind, each in made.items()}
    Service.objects.filter(pk=support.pk).update(name="Renamed", service_level_seconds=1, enabled=False)
    ava = Agent.objects.get(user__username="ava")
    ava.services.set([sales])
    ava.user.last_name = "Married"
    ava.user.save()
    ServiceFactory(name="Another queue")
    after = {kind: content(each) for kind, each in made.items()}
    assert after == before
    assert ReportRoster.objects.count() == 1


def test_a_day_that_ends_later_in_another_zone_keeps_its_own_roster():
    small_day()
    east, west = report(name="east"), report(name="west", time_zone="America/Los_Angeles")
    content(east)
    late = ServiceFactory(name="Opened in the afternoon")  # the day was over in Berlin, and not in Los Angeles
    before = content(west)
    assert b"Opened in the afternoon" in before
    Service.objects.filter(pk=late.pk).update(name="Renamed later")
    assert content(west) == before
    assert b"Opened" not in content(east)


def test_a_queue_that_was_deleted_is_known_by_its_number():
    gone, support = ServiceFactory(), ServiceFactory()
    made = call(support, at("09:00"), wait=60)
    told(made, ("queued", at("09:00"), None, None), ("transferred", at("09:00:30"), None, [gone.pk, support.pk]))
    number = gone.pk
    gone.delete()
    lines = [line.split(b";") for line in content(report(zero_rows=False)).splitlines()]
    assert [cells[3:5] for cells in lines][0 if number < support.pk else 1] == [b"%d" % number, b"Queue %d" % number]


def test_the_roster_of_a_day_that_is_not_over_is_not_kept():
    today = datetime.now(BERLIN).date()
    made = report()
    window = runs.window_for(made, today)
    assert window is not None
    figures.table(runs.rules_of(made), window, today)
    assert not ReportRoster.objects.exists()
    assert roster_for(today, BERLIN).queues == {}


def test_the_number_of_queries_does_not_grow_with_the_day():
    small_day()
    window = day_window(DAY, BERLIN, 15)
    assert window is not None

    def queries(kind: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            figures.table(Rules(kind), window, DAY)
        return len(seen)

    figures.table(Rules(Kind.QUEUE), window, DAY)  # keeps the roster
    before = {kind: queries(kind) for kind in Kind.values}
    support = Service.objects.get(code="support")
    for number in range(30):
        agent = AgentFactory(open_stretch=False, services=[support])
        call(support, at("12:00") + timedelta(minutes=number), agent=agent)
        shift(agent, ("12:00", "READY"), ("13:00", "LOGGED_OUT"))
    assert {kind: queries(kind) for kind in Kind.values} == before
    assert max(before.values()) <= 9
