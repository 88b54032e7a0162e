"""Where a run stands, stored by whoever holds its lease, together with the step that led there."""

from typing import Any

from django.db import connection, models, transaction

from contactcenter.models import ScenarioRun, ScenarioStep

POSITION = ("status", "block", "variables", "cursor", "due_at", "steps_taken", "error", "finished_at")


def save(run: ScenarioRun, owner: str) -> bool:
    """False, and nothing is stored, where the run is not ours any more."""
    position = {name: getattr(run, name) for name in POSITION}
    return bool(ScenarioRun.objects.filter(pk=run.pk, lease_owner=owner).update(**position))


def save_with_step(step: ScenarioStep, owner: str) -> bool:
    """The same with the new step, both or neither. PostgreSQL does it in one statement, which is its own transaction:
    every step of every call takes this way."""
    if connection.vendor == "postgresql":
        return _together(step, owner)
    with transaction.atomic():
        if not save(step.run, owner):
            return False
        step.save(force_insert=True)
        return True


def _together(step: ScenarioStep, owner: str) -> bool:
    run = step.run
    position = _prepared(run, POSITION)
    told = _prepared(step, [field.name for field in step._meta.concrete_fields if not field.primary_key])
    assignments, columns = ", ".join(f"{name} = %s" for name in position), ", ".join(told)
    sql = f"""
        WITH moved AS (
            UPDATE {run._meta.db_table} SET {assignments} WHERE id = %s AND lease_owner = %s RETURNING id
        )
        INSERT INTO {step._meta.db_table} ({columns}) SELECT {", ".join(["%s"] * len(told))} FROM moved
    """  # noqa: S608 - names of our own tables and columns
    with connection.cursor() as cursor:
        cursor.execute(sql, [*position.values(), run.pk, owner, *told.values()])
        return cursor.rowcount == 1


def _prepared(row: models.Model, names: tuple[str, ...] | list[str]) -> dict[str, Any]:
    """Quoted columns and what the database gets for them."""
    fields = [field for field in row._meta.concrete_fields if field.name in names]
    quote = connection.ops.quote_name
    return {quote(str(f.column)): f.get_db_prep_save(f.pre_save(row, True), connection) for f in fields}
