"""Who is calling, among 1,000,000 contacts: our look-up beside the bare indexed SELECT in the same run."""

import os
import random
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from benchmarks.report import ms, percentile, ratio, table  # noqa: E402
from contactcenter.callers import matching  # noqa: E402
from contactcenter.models import ContactCenter  # noqa: E402

CONTACTS = 1_000_000
SHARED = 10_000  # people behind one switchboard
LOOK_UPS = 4_000
SWITCHBOARD = "+12125550100"
BARE = """SELECT p.*, c.* FROM contactcenter_contactphone p JOIN contactcenter_contact c ON c.id = p.contact_id
          WHERE p.line = %s ORDER BY p.id LIMIT 41"""


def main() -> int:
    settings.DEBUG = False  # which would keep the text of every query
    ContactCenter.current()
    fill()
    chosen = random.Random(7)
    known = [number_of(chosen.randrange(CONTACTS)) for _ in range(LOOK_UPS)]
    kinds = {
        "known, E.164": known,
        "known, as typed": [f"({n[2:5]}) {n[5:8]}-{n[8:]}" for n in known],
        "unknown": [f"+49171{n[-7:]}" for n in known],
        "one of 10,000 behind a switchboard": [SWITCHBOARD] * (LOOK_UPS // 10),
    }
    rows = []
    for name, numbers in kinds.items():
        ours, bare = measured(numbers)
        with CaptureQueriesContext(connection) as queries:
            matching.match(numbers[0])
        o50, o99, b50, b99 = (percentile(times, share) for times in (ours, bare) for share in (0.5, 0.99))
        facts = [name, len(numbers), len(queries), ms(b50), ms(b99)]
        rows.append([*facts, ms(o50), ratio(o50, b50), ms(o99), ratio(o99, b99)])
    heads = ["number", "look-ups", "queries", "SELECT p50", "p99", "ours p50", "", "ours p99", ""]
    print(
        table("(e) Who is calling: match by phone among 1,000,000 contacts, in turn with the bare SELECT", heads, rows)
    )
    return 0


def measured(numbers: list[str]) -> tuple[list[float], list[float]]:
    """Seconds of each look-up, ours and the bare one, taken in turn so that both meet the same weather."""
    from contactcenter.phone import normalise

    ours, bare = [], []
    for number in (*numbers[:50], *numbers):
        line = normalise(number).line
        normalise.cache_clear()  # callers come once: nothing is warm but the database
        ours.append(timed(lambda number=number: matching.match(number)))
        bare.append(timed(lambda line=line: select(line)))
    return ours[50:], bare[50:]


def timed(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def select(line: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BARE, [line])
        cursor.fetchall()


def number_of(place: int) -> str:
    """A number of the United States for each contact, none twice."""
    return f"+1{415 + place // 800_000}{2_000_000 + place % 800_000:07}"


def fill() -> None:
    """Two statements on the server: a million rows through the ORM would take longer than the measurement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contactcenter_contact
              (id, first_name, last_name, company, email, title, position, segment, summary, messengers, status,
               created_at)
            SELECT n, 'Don', 'Goodliffe ' || n, 'Company ' || n, n || '@example.com', '', '', '', '', '', '', now()
            FROM generate_series(0, %s) AS n
            """,
            [CONTACTS - 1],
        )
        cursor.execute(
            """
            INSERT INTO contactcenter_contactphone (contact_id, number, e164, line, kind)
            SELECT n, number, number, number, 'business' FROM (
              SELECT n, '+1' || (415 + n / 800000) || lpad((2000000 + n %% 800000)::text, 7, '0') AS number
              FROM generate_series(0, %s) AS n) AS numbered
            UNION ALL
            SELECT n, %s, %s, %s, 'business' FROM generate_series(0, %s) AS n
            """,
            [CONTACTS - 1, SWITCHBOARD, SWITCHBOARD, SWITCHBOARD, SHARED - 1],
        )
        cursor.execute("ANALYZE contactcenter_contact")
        cursor.execute("ANALYZE contactcenter_contactphone")


if __name__ == "__main__":
    sys.exit(main())
