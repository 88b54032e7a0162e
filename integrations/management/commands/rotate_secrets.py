"""`manage.py rotate_secrets`: encrypt everything again under the first key of FIELD_ENCRYPTION_KEYS.

A key is replaced in three steps: put the new one in front, run this, take the old one out. Values that change while
this runs are left to the process that changed them, because it uses the new key already."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models

from integrations.fields import EncryptedField, Sealed, SecretUnreadable


class Command(BaseCommand):
    help = "Encrypts all stored secrets under the first key. Exit status 1 when some cannot be read by any key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say what can and what cannot be read.")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        done, unreadable = 0, 0
        for model, column in encrypted_columns():
            for pk, sealed in model._default_manager.values_list("pk", column).iterator():
                if not sealed:
                    continue
                try:
                    rotated = sealed.rotated()
                except SecretUnreadable:
                    unreadable += 1
                    self.stderr.write(f"Cannot be read by any key: {describe(model, pk)}, {column}.")
                    continue
                done += 1 if dry_run else replace(model, pk, column, before=sealed, after=rotated)
        self.stdout.write(f"{'Readable' if dry_run else 'Encrypted again'}: {done}. Unreadable: {unreadable}.")
        if unreadable:
            sys.exit(1)


def encrypted_columns() -> Iterator[tuple[type[models.Model], str]]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedField):
                yield model, field.name


def replace(model: type[models.Model], pk: Any, column: str, *, before: Sealed, after: Sealed) -> int:
    return model._default_manager.filter(**{"pk": pk, column: before}).update(**{column: after})


def describe(model: type[models.Model], pk: Any) -> str:
    """A row by its name; rows that belong to an account by the account's."""
    row = model._default_manager.filter(pk=pk).first()
    account = getattr(row, "account", None)
    return f'{model._meta.verbose_name} "{account or row}"'
