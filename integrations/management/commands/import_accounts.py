"""`manage.py import_accounts FILE`: create and change accounts from YAML; `--dry-run` shows what would happen."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations import accounts_file


class Command(BaseCommand):
    help = "Creates and changes integration accounts from a YAML file. All of it is imported, or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="The file, or - for standard input.")
        parser.add_argument("--dry-run", action="store_true", help="Show the plan and change nothing.")

    def handle(self, *args: Any, file: str, dry_run: bool, **options: Any) -> None:
        try:
            steps = accounts_file.plan(read(file))
        except accounts_file.FileProblem as problem:
            raise CommandError(
                "Nothing was imported.\n" + "\n".join(f"  {line}" for line in problem.problems)
            ) from None
        for step in steps:
            self.stdout.write(str(step))
        if dry_run:
            self.stdout.write("Dry run: nothing was changed.")
            return
        accounts_file.apply(steps)
        self.stdout.write(f"Imported: {summary(steps)}.")


def read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise CommandError(f"{file} cannot be read: {reason}.") from None


def summary(steps: list[accounts_file.Step]) -> str:
    words = {"create": "created", "change": "changed", "keep": "unchanged"}
    return ", ".join(f"{sum(step.verb == verb for step in steps)} {word}" for verb, word in words.items())
