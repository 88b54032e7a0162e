"""`manage.py rotate_secrets`: encrypt everything again under the first key of FIELD_ENCRYPTION_KEYS.

A key is replaced in three steps: put the new one in front and restart every process, run this, take the old one out."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from integrations import rotation


class Command(BaseCommand):
    help = (
        "Encrypts all stored secrets under the first key, while everything runs; may be stopped and started again. "
        "Exit status 1 when some cannot be read by any key, or when an older key is still in use."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say what can and what cannot be read.")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        done, last = 0, rotation.Tally()
        for number, last in enumerate(rotation.passes(dry_run=dry_run), 1):
            done += last.done
            if not dry_run:
                self.stdout.write(f"Pass {number}: {last.done} encrypted again, {last.current} under the first key.")
        for sentence in last.unreadable:
            self.stderr.write(sentence)
        self._conclude(done, last, dry_run=dry_run)

    def _conclude(self, done: int, last: rotation.Tally, *, dry_run: bool) -> None:
        if dry_run:
            self.stdout.write(
                f"Under the first key: {last.current}. Under an older one: {last.done}. "
                f"Unreadable: {len(last.unreadable)}."
            )
        else:
            self.stdout.write(f"Encrypted again: {done}. Unreadable: {len(last.unreadable)}.")
        old_in_use = not dry_run and bool(last.done or last.missed)
        if old_in_use:
            self.stderr.write(
                "Something still writes with an older key: a process was not restarted since the new key came. "
                "Restart it, then run this again. Keep the older key until then."
            )
        if last.unreadable or old_in_use:
            sys.exit(1)
