"""`manage.py simulators`: the stand-ins for all vendors, on one port, until Ctrl-C."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from integrations import tcp


class Command(BaseCommand):
    help = "Starts the simulators of all vendors. GET / lists them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.SIMULATOR_PORT)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        from integrations.simulators.server import serve  # loads a web server that no other command needs

        if problem := tcp.listen_problem(host, port):
            raise CommandError(f"The simulators cannot listen: {problem}. Set SIMULATOR_PORT to a free port.")
        self.stdout.write(f"Simulators: http://{host}:{port}/ (Ctrl-C ends them)")
        serve(host, port, desktop_url=settings.PUBLIC_URL)
