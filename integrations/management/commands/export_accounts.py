"""`manage.py export_accounts`: every account as YAML, with references in place of secrets."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations import accounts_file
from integrations.models import IntegrationAccount


class Command(BaseCommand):
    help = "Writes all integration accounts as YAML. Secrets are references to environment variables, never values."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", metavar="FILE", help="Write to this file instead of standard output.")
        parser.add_argument("names", nargs="*", metavar="NAME", help="Only these accounts.")

    def handle(self, *args: Any, names: list[str], output: str | None, **options: Any) -> None:
        accounts = list(IntegrationAccount.objects.filter(**({"name__in": names} if names else {})))
        missing = sorted(set(names) - {account.name for account in accounts})
        if missing:
            raise CommandError(f"There is no account {', '.join(missing)}.")
        text, warnings = accounts_file.dump(accounts)
        for warning in warnings:
            self.stderr.write(f"Warning: {warning}")
        if output is None:
            self.stdout.write(text, ending="")
            return
        try:
            Path(output).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from None
