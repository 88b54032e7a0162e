"""For operators: does this process live, can the product work, and how much is waiting.

None of the three needs a log-in and none shows more than states and counts; keep `/metrics` inside your network all
the same (docs/operations.md)."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ..celery import app
from ..models import Heartbeat
from .figures import metric_lines

# A scheduler that turned longer ago than this is taken for dead. It leaves a sign of life every two seconds.
OLDEST_TURN = timedelta(seconds=15)
BROKER_SECONDS = 2.0

Check = Callable[[], str]


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Asks nothing of anybody else, so a database that is away restarts no web process."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Everything that calls need is there: 200, else 503 with the reasons in words."""
    checks = {name: outcome(check) for name, check in CHECKS.items()}
    reasons = [reason for reason in checks.values() if reason]
    body = {
        "status": "unavailable" if reasons else "ok",
        "reasons": reasons,
        "checks": {name: reason or "ok" for name, reason in checks.items()},
    }
    response = JsonResponse(body, status=503 if reasons else 200)
    response._has_been_logged = True  # type: ignore[attr-defined]  # probes come every few seconds and say it already
    return response


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Counts in the text format of Prometheus."""
    return HttpResponse("\n".join(metric_lines()) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def outcome(check: Check) -> str:
    """Why a check fails, in words; empty when it does not."""
    try:
        return check()
    except DatabaseError:
        return "It could not be looked up, because the database does not answer."


def database_fault() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"The database does not answer ({type(error).__name__})."
    return ""


def migrations_fault() -> str:
    return "" if migrated() else "The database lacks migrations of this version: run `manage.py migrate`."


_seen_migrated = False


def migrated() -> bool:
    """Whether all migrations are applied; remembered once true, since code and migrations come together."""
    global _seen_migrated
    if not _seen_migrated:
        executor = MigrationExecutor(connection)
        _seen_migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _seen_migrated


def broker_fault() -> str:
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        folder = Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]))
        usable = folder.is_dir() and os.access(folder, os.W_OK)
        return "" if usable else f"The message broker's folder {folder} is missing or cannot be written to."
    try:
        with app.connection_for_write(connect_timeout=BROKER_SECONDS) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_SECONDS)
    except Exception as error:  # each broker's library has exceptions of its own
        return f"The message broker does not answer ({type(error).__name__})."
    return ""


def scheduler_fault() -> str:
    return turn_fault("scheduler", "The scheduler", "Start a worker with the scheduler")


def feeds_fault() -> str:
    return turn_fault("feeds", "The feeds process", "Start `manage.py run_feeds`")


def turn_fault(name: str, title: str, remedy: str) -> str:
    """Whether a process that nobody can call has turned lately."""
    at = Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
    if at is None:
        return f"{title} has never run. {remedy}."
    age = timezone.now() - at
    if age > OLDEST_TURN:
        return f"{title} last turned {int(age.total_seconds())} seconds ago. {remedy}."
    return ""


CHECKS: dict[str, Check] = {
    "database": database_fault,
    "migrations": migrations_fault,
    "broker": broker_fault,
    "scheduler": scheduler_fault,
    "feeds": feeds_fault,
}
