"""`manage.py test_account NAME`: the button *Test connection* from the command line."""

from argparse import ArgumentParser
from typing import Any

from .run_action import Command as RunAction


class Command(RunAction):
    help = "Tests an integration account. Exit status 0 when it works, 1 when not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="The account's name.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        super().handle(name=name, **{**options, "action": "test_connection", "values": [], "output": ""})
