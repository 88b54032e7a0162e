"""`manage.py demo`: everything at once, to try out. What goes wrong is told in one sentence, without a traceback."""

import json
import os
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from contactcenter.demo.history import load_history
from contactcenter.demo.load import is_loaded, load
from contactcenter.demo.messengers import set_webhooks
from contactcenter.demo.processes import MANAGE, commands
from contactcenter.demo.supervisor import GivenUp, Supervisor
from contactcenter.demo.truth import telling_truth
from integrations.tcp import listen_problem

START_SECONDS = 60.0
CALL = """curl -X POST {web}/api/v1/calls/events -H "Authorization: Bearer demo-telephony-token" \\
       -H "Content-Type: application/json" \\
       -d '{{"call_id": "1", "event": "offered", "from": "+14155550132", "to": "+14155550100"}}'"""
READY = """
Ready: {web}/

  Administration  {web}/admin/
                  admin / admin, supervisor / supervisor
  Agent Desktop   {web}/agentdesktop/
                  agent1 / agent1 ... agent5 / agent5
  In ServiceNow   {simulators}/servicenow/
                  the simulated page with the desktop in it: click the phone
  In Zendesk      {simulators}/zendesk/agent/dashboard
                  the same in Zendesk's agent workspace; a call to +14155550102
  In Salesforce   {simulators}/salesforce/lightning/page/home
                  the same in Lightning, with a switch to Classic
  As a customer   {simulators}/messenger_telegram/
                  write to the agents, with words or a picture
  Simulators      {simulators}/
                  what arrived, and faults to switch on

  A call from Don Goodliffe, as a telephone system reports it:
  {call}
  To +14155550101 it runs the Salesforce scenario: {simulators}/salesforce/
  To +14155550102 it runs the Zendesk scenario:    {simulators}/zendesk/
  (every call needs a call_id of its own)

Data and logs are in {var}. Ctrl-C stops everything.
"""


class Command(BaseCommand):
    help = "Starts web, worker with scheduler, feeds and simulators on demo data, and stops them on Ctrl-C."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo runs with DEBUG on only: its keys and log-ins are published.")
        need_writable(settings.VAR_DIR)
        need_free_port("PORT", settings.PORT)
        need_free_port("SIMULATOR_PORT", settings.SIMULATOR_PORT)
        self._prepare_database()
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with Supervisor(settings.VAR_DIR / "log", environment, self.stderr.write) as supervisor:
            self._run(supervisor)
        self.stdout.write("Stopped.")

    def _prepare_database(self) -> None:
        """Migrate and load what is missing; on later starts only look."""
        try:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                self.stdout.write("Making the database (once) ...")
                call_command("migrate", verbosity=0, interactive=False)
            if not is_loaded():
                load()
                load_history()
        except DatabaseError as error:
            raise CommandError(
                f"The database cannot be used: {error}. See docs/operations.md, Troubleshooting."
            ) from None
        finally:
            connections.close_all()

    def _run(self, supervisor: Supervisor) -> None:
        os.chdir(MANAGE.parent)
        try:
            for name, command in commands(settings.PORT, settings.SIMULATOR_PORT).items():
                supervisor.start(name, command)
            if not supervisor.wait_until(everything_answers, START_SECONDS) and not supervisor.stopping:
                raise CommandError(
                    f"Not ready after {START_SECONDS:.0f} seconds: {reasons()} Logs: {supervisor.folder}"
                )
            if not supervisor.stopping:
                set_webhooks()
                self.stdout.write(welcome())
            with telling_truth():
                supervisor.watch()
        except GivenUp as error:
            raise CommandError(str(error)) from None


def welcome() -> str:
    web, simulators = settings.PUBLIC_URL, settings.SIMULATOR_URL
    return READY.format(web=web, simulators=simulators, var=settings.VAR_DIR, call=CALL.format(web=web))


def need_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        raise CommandError(
            f"The folder {folder} cannot be written to ({error.strerror}). Set VAR_DIR to a folder that can."
        ) from None


def need_free_port(name: str, port: int) -> None:
    problem = listen_problem("127.0.0.1", port)
    if problem:
        raise CommandError(
            f"Port {port} cannot be used: {problem}. Stop what uses it, or choose another one: {name}=..."
        )


def everything_answers() -> bool:
    return answer(f"http://127.0.0.1:{settings.SIMULATOR_PORT}/")[0] == 200 and readiness()[0] == 200


def readiness() -> tuple[int, bytes]:
    return answer(f"http://127.0.0.1:{settings.PORT}/readyz")


def reasons() -> str:
    """What `/readyz` says is missing."""
    try:
        return " ".join(json.loads(readiness()[1])["reasons"])
    except (ValueError, KeyError):
        return "the web process does not answer."


def answer(url: str) -> tuple[int, bytes]:
    """Status and body; status 0 while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own addresses
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""
