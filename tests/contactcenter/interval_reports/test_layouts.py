"""Files byte by byte: against kept ones, in every layout, split, guarded, and the same on both databases."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contactcenter.models.reports import Kind
from contactcenter.reports import layouts, runs
from contactcenter.reports.layouts import PRESETS, Look, guarded
from tests.factories import ServiceFactory

from .day import DAY, content, report, small_day

GOLDEN = Path(__file__).parent / "golden"
ROOT = Path(__file__).resolve().parents[3]
LOOKS: dict[str, dict[str, Any]] = {
    "calabrio": {},
    "eleveo": PRESETS["eleveo"],
    "local": {
        "delimiter": "\t", "header": True, "date_format": "%d.%m.%Y", "decimal_separator": ",", "decimals": 2,
        "line_end": "lf", "byte_order_mark": True, "start_columns": "local_utc", "ids": "employee",
    },
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("kind", Kind.values)
def test_the_file_is_byte_by_byte_the_kept_one(kind: str, look: str):
    """`GOLDEN=write pytest ...` writes them anew."""
    small_day()
    made = content(report(kind=kind, **{"ids": "code", **LOOKS[look], "zero_rows": False}))
    path = GOLDEN / f"{kind}-{look}.csv"
    if os.environ.get("GOLDEN") == "write":
        path.write_bytes(made)
    assert made == path.read_bytes()


def test_the_columns_of_calabrio_come_in_their_order():
    start = ["interval", "date_from", "time"]
    assert layouts.header(Kind.QUEUE, Look()) == [
        *start, "queue", "queue_name", "offd_direct_call_cnt", "overflow_in_call_cnt", "aband_call_cnt",
        "overflow_out_call_cnt", "answ_call_cnt", "queued_and_answ_call_dur", "queued_and_aband_call_dur",
        "talking_call_dur", "wrap_up_dur", "queued_answ_longest_que_dur", "queued_aband_longest_que_dur",
        "avg_avail_member_cnt", "ans_servicelevel_cnt", "wait_dur", "aband_short_call_cnt", "aband_within_sl_cnt",
    ]  # fmt: skip
    assert layouts.header(Kind.AGENT_QUEUE, Look()) == [
        *start, "agent_id", "agent_name", "queue", "queue_name", "talking_call_dur", "wrap_up_dur", "answ_call_cnt",
        "transfer_out_call_cnt",
    ]  # fmt: skip
    assert layouts.header(Kind.AGENT, Look()) == [
        *start, "agent_id", "agent_name", "avail_dur", "tot_work_dur", "pause_dur", "wait_dur", "admin_dur",
        "direct_out_call_cnt", "direct_out_call_dur", "direct_in_call_cnt", "direct_in_call_dur",
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_long_report_is_cut_into_files_of_whole_rows_each_with_the_header():
    for number in range(12):
        ServiceFactory(code=f"queue-{number}")
    made = report(**{**PRESETS["eleveo"], "largest_file": 20_000})
    files = runs.written(made, DAY)
    assert len(files) > 3 and all(len(file.content) <= 20_000 for file in files)
    tables = [list(csv.reader(io.StringIO(file.content.decode(), newline=""))) for file in files]
    assert {tuple(table[0]) for table in tables} == {tuple(layouts.header(Kind.QUEUE, runs.look_of(made.layout())))}
    assert sum(len(table) - 1 for table in tables) == sum(file.rows for file in files) == 12 * 92
    whole = report(**{**PRESETS["eleveo"], "name": "whole", "largest_file": 0})
    assert [row for table in tables for row in table[1:]] == list(
        csv.reader(io.StringIO(content(whole).decode(), newline=""))
    )[1:]


@pytest.mark.django_db
def test_a_report_without_rows_is_an_empty_file():
    (file,) = runs.written(report(kind=Kind.AGENT), DAY)
    assert (file.content, file.rows) == (b"", 0)


@pytest.mark.django_db
def test_names_cannot_break_a_line_or_a_column():
    ServiceFactory(name='A;"B"\r\n' + "x" * 60, code="odd")
    line = content(report(zero_rows=True)).split(b"\r\n")[0]
    cells = next(csv.reader([line.decode()], delimiter=";"))
    assert len(cells) == 21 and cells[4].startswith('A;"B" xxx') and len(cells[4]) == 50


def test_formulas_are_text_for_people_and_nothing_else_changes():
    look = Look()
    made = b"\xef\xbb\xbf15;=1+1;@x;-5;+4;\tz;Support;0\r\n"
    assert guarded(made, look) == b"\xef\xbb\xbf15;'=1+1;'@x;'-5;'+4;'\tz;Support;0\r\n"
    plain = b'15;20260329;"a;b";0\r\n'
    assert guarded(plain, look) == plain


DUMP = """
import django, hashlib, json, sys
django.setup()
from django.core.management import call_command
from django.test.utils import setup_test_environment
call_command("migrate", verbosity=0)
from contactcenter.models.reports import Kind
from tests.contactcenter.interval_reports.day import content, report, small_day
small_day()
made = {kind: content(report(name=kind, kind=kind, ids="code", decimals=3)) for kind in Kind.values}
print(json.dumps({kind: [hashlib.sha256(text).hexdigest(), len(text)] for kind, text in made.items()}))
"""


def in_a_process(database: str, folder: Path) -> dict[str, Any]:
    environment = {**os.environ, "DATABASE_URL": database, "VAR_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    environment |= {"DJANGO_SETTINGS_MODULE": "contactcenter.settings"}
    done = subprocess.run([sys.executable, "-c", DUMP], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def test_sqlite_and_postgresql_give_the_same_bytes(tmp_path: Path, postgres_url: str):
    name = f"reports_{os.getpid()}"
    subprocess.run(["psql", postgres_url, "-qc", f"CREATE DATABASE {name}"], check=True)
    there = in_a_process(f"{postgres_url.rpartition('/')[0]}/{name}", tmp_path)
    here = in_a_process(f"sqlite:///{tmp_path}/reports.sqlite3", tmp_path)
    assert here == there
    assert min(size for _digest, size in here.values()) > 100
