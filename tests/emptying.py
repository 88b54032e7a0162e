"""Emptying the database after a test that committed.

Django's flush empties every table and then makes all permissions, content types and groups anew, which takes longer
than most tests. They are the same for every test: they stay, and the rest is emptied where there is anything in it."""

from collections.abc import Sequence

from django.core.management import call_command
from django.db import connections, transaction
from django.test import TransactionTestCase

# What `migrate` leaves behind in an empty database.
LASTING = ("django_content_type", "auth_permission", "auth_group", "auth_group_permissions", "django_migrations")

_lasting: dict[str, list[int]] = {}


def install() -> None:
    TransactionTestCase._fixture_teardown = _teardown


def _teardown(case: TransactionTestCase) -> None:
    for alias in case._databases_names(include_mirrors=False):
        empty(alias)


def remember(alias: str = "default") -> None:
    """Call it while the database is as `migrate` has left it."""
    _lasting[alias] = _counts(alias)


def empty(alias: str) -> None:
    if _counts(alias) == _lasting[alias]:
        _delete(alias, [table for table in _filled(alias) if table not in LASTING])
        return
    call_command("flush", verbosity=0, interactive=False, database=alias, reset_sequences=False)


def _counts(alias: str) -> list[int]:
    return [int(row[0]) for row in _rows(alias, [f"SELECT count(*) FROM {table}" for table in LASTING])]


def _filled(alias: str) -> list[str]:
    tables = connections[alias].introspection.django_table_names(only_existing=True, include_views=False)
    found = _rows(alias, [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in tables])
    return [str(row[0]) for row in found]


def _rows(alias: str, queries: Sequence[str]) -> list[tuple]:
    with connections[alias].cursor() as cursor:
        cursor.execute(" UNION ALL ".join(queries))
        return cursor.fetchall()


def _delete(alias: str, tables: Sequence[str]) -> None:
    # Foreign keys are checked at the end of the transaction, so that any order will do.
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")
