"""A day's files of a large centre (100 queues, 1,000 agents, 50,000 calls), beside bare SQL that only adds up.

Both read the same rows. The SQL knows nothing of transfers, names, zero rows or files, and answers with fewer columns:
it is what the database alone needs."""

import os
import resource
import sys
from datetime import date, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks.report import median, ratio, table  # noqa: E402
from contactcenter.models import Agent, Report, Service  # noqa: E402
from contactcenter.models.reports import Kind  # noqa: E402
from contactcenter.reports import runs  # noqa: E402

SERVICES, AGENTS, CALLS, DAYS = 100, 1000, 50_000, 3
SERVED = 3  # queues of an agent
DAY = date(2026, 3, 2)
ROUNDS = 3

CALLS_SQL = """
    SELECT service_id, floor(extract(epoch FROM offered_at) / 900) AS slot, count(*), count(answered_at),
           sum(floor(extract(epoch FROM answered_at)) - floor(extract(epoch FROM queued_at))),
           sum(floor(extract(epoch FROM ended_at)) - floor(extract(epoch FROM answered_at))),
           sum(floor(extract(epoch FROM completed_at)) - floor(extract(epoch FROM ended_at))),
           max(answered_at - queued_at)
    FROM contactcenter_interaction WHERE offered_at >= %s AND offered_at < %s GROUP BY 1, 2
"""
TALKS_SQL = """
    SELECT agent_id, service_id, floor(extract(epoch FROM offered_at) / 900) AS slot, count(*),
           sum(floor(extract(epoch FROM ended_at)) - floor(extract(epoch FROM answered_at))),
           sum(floor(extract(epoch FROM completed_at)) - floor(extract(epoch FROM ended_at)))
    FROM contactcenter_interaction WHERE offered_at >= %s AND offered_at < %s AND answered_at IS NOT NULL
    GROUP BY 1, 2, 3
"""
STATES_SQL = """
    SELECT agent_id, slot, state,
           sum(least(extract(epoch FROM ended_at), 900 * slot + 900)
               - greatest(extract(epoch FROM began_at), 900 * slot))
    FROM contactcenter_agentstatechange,
         generate_series(floor(extract(epoch FROM began_at) / 900), floor(extract(epoch FROM ended_at) / 900)) AS slot
    WHERE ended_at > %s AND began_at < %s GROUP BY 1, 2, 3
"""
AGENT_DAY_SQL = """
    SELECT agent_id, state, sum(floor(extract(epoch FROM ended_at)) - floor(extract(epoch FROM began_at)))
    FROM contactcenter_agentstatechange WHERE ended_at > %s AND began_at < %s GROUP BY 1, 2
"""
BARE: dict[str, tuple[str, ...]] = {
    Kind.QUEUE: (CALLS_SQL, STATES_SQL),
    Kind.AGENT_QUEUE: (TALKS_SQL,),
    Kind.AGENT: (STATES_SQL,),
    Kind.AGENT_DAY: (AGENT_DAY_SQL,),
}


def main() -> int:
    fill()
    rows = []
    for kind in (Kind.AGENT_DAY, Kind.QUEUE, Kind.AGENT_QUEUE, Kind.AGENT):
        report = Report(name=kind, kind=kind, account_name="bench", time_zone="UTC")
        report.save()
        (file,) = runs.written(report, DAY)
        ours = median(lambda report=report: runs.written(report, DAY), ROUNDS)
        bare = median(lambda kind=kind: add_up(kind), ROUNDS)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        size = f"{len(file.content) / 1e6:.1f} MB"
        rows.append([kind, file.rows, size, f"{bare:.2f} s", f"{ours:.2f} s", ratio(ours, bare), f"{peak:.0f} MB"])
    heads = ["report", "rows", "file", "bare SQL", "file made", "", "memory at most"]
    print(table(f"Reports: a day of {SERVICES} queues, {AGENTS} agents, {CALLS} calls", heads, rows))
    return 0


def add_up(kind: str) -> None:
    with connection.cursor() as cursor:
        for statement in BARE[kind]:
            cursor.execute(statement, [f"{DAY}T00:00Z", f"{DAY + timedelta(days=1)}T00:00Z"])
            cursor.fetchall()


def fill() -> None:
    services = Service.objects.bulk_create(Service(name=f"Queue {n}", code=f"queue-{n}") for n in range(SERVICES))
    users = get_user_model().objects.bulk_create(
        get_user_model()(username=f"agent{n}", first_name="Agent", last_name=f"Number {n}") for n in range(AGENTS)
    )
    people = Agent.objects.bulk_create(Agent(user=user, extension=str(1000 + n)) for n, user in enumerate(users))
    through = Agent.services.through
    through.objects.bulk_create(
        through(agent=agent, service=services[(n + step * 33) % SERVICES])
        for n, agent in enumerate(people)
        for step in range(SERVED)
    )
    facts = {
        "first": f"{DAY - timedelta(days=DAYS - 1)}T00:00Z", "service": services[0].pk, "agent": people[0].pk,
        "services": SERVICES, "agents": AGENTS, "calls": CALLS, "days": DAYS, "all": CALLS * DAYS,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # the foreign keys are right; checking takes minutes
        for statement in (FILL_CALLS, FILL_TRANSFERS, FILL_STATES):
            cursor.execute(statement, facts)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("ANALYZE")


# A call every 86,400 / CALLS seconds: 8 s of waiting, 180 s of talking, 30 s of after-call work; each tenth gives up.
FILL_CALLS = """
    INSERT INTO contactcenter_interaction
      (public_id, call_id, media, direction, state, service_id, agent_id, customer_number, customer_e164,
       service_number, caller, records, attached_data, notes, cause, offered_at, queued_at, answered_at, ended_at,
       completed_at)
    SELECT gen_random_uuid(), 'bench-' || n, 'voice', 'inbound',
           CASE WHEN n %% 10 = 0 THEN 'abandoned' ELSE 'completed' END,
           %(service)s + n %% %(services)s, CASE WHEN n %% 10 > 0 THEN %(agent)s + n %% %(agents)s END,
           '+14155550132', '+14155550132', '+14155550100', '{}', '{}', '{}', '', '', at, at,
           CASE WHEN n %% 10 > 0 THEN at + interval '8 s' END, at + interval '188 s', at + interval '218 s'
    FROM generate_series(0, %(all)s - 1) AS n,
         LATERAL (SELECT %(first)s::timestamptz + n * (interval '1 day' / %(calls)s) AS at) AS moments
"""
# Each twentieth call was given on from the next queue, with its history.
FILL_TRANSFERS = """
    INSERT INTO contactcenter_interactionevent (interaction_id, kind, key, at, recorded_at, agent_id, data)
    SELECT id, kind, kind || step, offered_at + step * interval '4 s', now(), agent_id,
           CASE kind WHEN 'transferred' THEN
             jsonb_build_object('queues', jsonb_build_array(%(service)s + (service_id + 1) %% %(services)s, service_id))
           ELSE '{}' END
    FROM contactcenter_interaction,
         (VALUES ('queued', 0), ('ringing', 1), ('answered', 2), ('transferred', 10), ('ringing', 11), ('answered', 12),
                 ('released', 47), ('completed', 54)) AS steps (kind, step)
    WHERE id %% 20 = 1 AND agent_id IS NOT NULL
"""
# Eight hours of each agent in stretches: Ready, Ringing, Busy, after-call work, again and again.
FILL_STATES = """
    INSERT INTO contactcenter_agentstatechange (agent_id, state, began_at, ended_at)
    SELECT %(agent)s + a, (ARRAY['READY', 'RINGING', 'BUSY', 'ACW'])[1 + n %% 4], at + n * interval '144.3 s',
           at + (n + 1) * interval '144.3 s'
    FROM generate_series(0, %(agents)s - 1) AS a, generate_series(0, 199) AS n, generate_series(0, %(days)s - 1) AS d,
         LATERAL (SELECT %(first)s::timestamptz + d * interval '1 day' + (a %% 16) * interval '1 hour' AS at) AS moments
"""

if __name__ == "__main__":
    sys.exit(main())
