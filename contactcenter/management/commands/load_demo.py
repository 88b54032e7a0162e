"""Loads the demo's users, service, contacts and simulated accounts."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from contactcenter.demo.load import load


class Command(BaseCommand):
    help = "Adds the demo data that is missing; what is there stays as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo's log-ins and tokens are published. They are not loaded while DEBUG is off.")
        load()
        self.stdout.write("The demo data is loaded.")
