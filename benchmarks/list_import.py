"""A CSV file of 100,000 people into a calling list: rows per second and memory, beside a bare csv reader with COPY.

Each is measured in a process of its own, because memory that was once taken is never seen to be given back."""

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")

PEOPLE = 100_000
MOST_MEGABYTES = 300
HEADING = ["First name", "Last name", "Phone", "City", "Customer number"]


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        write(path)
        runs = {name: measured(name, path) for name in ("ours", "bare")}
    from benchmarks.report import ratio, table

    rows = [
        [name, run["rows"], f"{run['upload']:.1f} s", f"{run['seconds']:.1f} s",
         f"{run['rows'] / run['seconds']:.0f}/s", f"{run['megabytes']:.0f} MB",
         f"{run['megabytes'] - run['before']:.0f} MB"]
        for name, run in (("product", runs["ours"]), ("bare csv + COPY", runs["bare"]))
    ]  # fmt: skip
    heads = ["import", "rows", "upload", "import", "rate", "peak memory", "above start"]
    print(table(f"(e) {PEOPLE:,} people into a calling list (aim: below {MOST_MEGABYTES} MB)", heads, rows))
    print(f"time: {ratio(runs['ours']['seconds'], runs['bare']['seconds'])} of bare")
    good = runs["ours"]["rows"] == PEOPLE and runs["ours"]["megabytes"] < MOST_MEGABYTES
    return 0 if good else 1


def measured(name: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.list_import", name, str(path)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return found


def write(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADING)
        writer.writerows(
            ["Person", f"Number {n}", f"+1212{2_000_000 + n}", "New York", f"C-{n:06}"] for n in range(PEOPLE)
        )


def ours(path: Path) -> dict[str, float]:
    """The product: upload, mapping, and the import as a worker does it."""
    from contactcenter.lists import imports, mapping
    from contactcenter.models import CallingList, ListImport, Service

    service = Service.objects.get_or_create(code="bench-list", defaults={"name": "Bench list"})[0]
    calling_list = CallingList.objects.create(name="Bench", service=service, region="US")
    before, began = megabytes(), time.perf_counter()
    with path.open("rb") as file:
        run = imports.draft_file(calling_list, file, path.name, path.stat().st_size, "bench")
    uploaded = time.perf_counter()
    imports.start(run, mapping.guess(run.columns))
    while ListImport.objects.get(pk=run.pk).status == "open":
        imports.work(run.pk)
    seconds = time.perf_counter() - uploaded
    return result(calling_list.rows.count(), uploaded - began, seconds, before)


def bare(path: Path) -> dict[str, float]:
    """What the database can take: every line into a table of texts, by COPY where there is PostgreSQL."""
    from django.db import connection

    before, began = megabytes(), time.perf_counter()
    with connection.cursor() as cursor, path.open(newline="", encoding="utf-8") as file:
        cursor.execute("CREATE TEMPORARY TABLE bare (a text, b text, c text, d text, e text)")
        reader = csv.reader(file)
        next(reader)
        if connection.vendor == "postgresql":
            with cursor.copy("COPY bare FROM STDIN") as copy:
                for line in reader:
                    copy.write_row(line)
        else:
            cursor.executemany("INSERT INTO bare VALUES (%s, %s, %s, %s, %s)", list(reader))
        seconds = time.perf_counter() - began
        cursor.execute("SELECT count(*) FROM bare")
        count = cursor.fetchone()[0]
    return result(count, 0.0, seconds, before)


def result(rows: int, upload: float, seconds: float, before: float) -> dict[str, float]:
    return {"rows": rows, "upload": upload, "seconds": seconds, "before": before, "megabytes": megabytes()}


def megabytes() -> float:
    """The most that this process has held at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    django.setup()
    if len(sys.argv) == 3:
        work = {"ours": ours, "bare": bare}[sys.argv[1]]
        print(json.dumps(work(Path(sys.argv[2]))))
        sys.exit(0)
    sys.exit(main())
