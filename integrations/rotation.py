"""Everything encrypted, put under the first key while the product runs.

Rows are read in batches by primary key, and each value is replaced only where it is still the one that was read: what
somebody saves meanwhile stays. Values under the first key are passed over, so a run that was stopped is simply started
again. Processes that still hold an old value may write it back, therefore passes are made until one finds nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models

from .fields import EncryptedField, Sealed, SecretUnreadable

BATCH = 200
MOST_PASSES = 5

Model = type[models.Model]


@dataclass(slots=True)
class Tally:
    """What one pass found: `done` encrypted again, `current` under the first key already, `missed` changed by somebody
    else meanwhile, `unreadable` by any key, each as a sentence without values."""

    done: int = 0
    current: int = 0
    missed: int = 0
    unreadable: list[str] = field(default_factory=list)


def encrypted_columns() -> Iterator[tuple[Model, str]]:
    """Every encrypted column of every installed app."""
    for model in apps.get_models():
        for column in model._meta.concrete_fields:
            if isinstance(column, EncryptedField):
                yield model, column.name


def passes(*, dry_run: bool) -> Iterator[Tally]:
    """Go over everything until nothing is left under an older key, once for a dry run. Yields each pass's tally."""
    for _number in range(1 if dry_run else MOST_PASSES):
        tally = Tally()
        for model, column in encrypted_columns():
            _column(model, column, tally, dry_run=dry_run)
        yield tally
        if not tally.done and not tally.missed:
            return


def batches(model: Model, column: str) -> Iterator[list[tuple[Any, Sealed]]]:
    """Primary keys and values of a column that hold something; each batch is a query of its own."""
    filled = model._default_manager.exclude(**{column: Sealed("")}).order_by("pk").values_list("pk", column)
    batch = list(filled[:BATCH])
    while batch:
        yield batch
        batch = list(filled.filter(pk__gt=batch[-1][0])[:BATCH])


def _column(model: Model, column: str, tally: Tally, *, dry_run: bool) -> None:
    for batch in batches(model, column):
        for pk, sealed in batch:
            if sealed.is_current:
                tally.current += 1
                continue
            try:
                rotated = sealed.rotated()
            except SecretUnreadable:
                tally.unreadable.append(f"Cannot be read by any key: {describe(model, pk)}, {column}.")
                continue
            replaced = dry_run or replace(model, pk, column, before=sealed, after=rotated)
            tally.done += bool(replaced)
            tally.missed += not replaced


def replace(model: Model, pk: Any, column: str, *, before: Sealed, after: Sealed) -> int:
    """Rows changed: none when the value is another one by now."""
    return model._default_manager.filter(**{"pk": pk, column: before}).update(**{column: after})


def describe(model: Model, pk: Any) -> str:
    """A row by its name; rows that belong to an account by the account's."""
    row = model._default_manager.filter(pk=pk).first()
    account = getattr(row, "account", None)
    return f'{model._meta.verbose_name} "{account or row}"'
