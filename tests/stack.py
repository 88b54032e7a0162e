"""The whole product as real processes, for tests that look at it from outside and kill parts of it.

stack.api("offered", "call-1")            what a telephony platform reports; the interaction that came back
stack.sim("/nice/_board")                 what a simulator knows
stack.rows("interaction")                 records of the simulated ServiceNow
stack.manage("test_account", "NICE demo") a command in the stack's environment; its standard output
stack.kill("worker"); stack.start("worker")
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import psycopg
import redis

from contactcenter.demo.processes import MANAGE, commands
from contactcenter.demo.supervisor import Child
from tests.servers import free_port, wait_for

NAMES = ("simulators", "web", "worker", "feeds")
TOKEN = "demo-telephony-token"
START_SECONDS = 60.0
STOP_SECONDS = 10.0
# From the caller's environment, these would point the stack at something else than its own folder.
FOREIGN = (
    "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "VAR_DIR", "PUBLIC_URL", "SIMULATOR_URL", "SECRET_KEY", "DEBUG",
    "DJANGO_ALLOW_ASYNC_UNSAFE",
)  # fmt: skip


class Stack:
    """One running product. `environment` adds to or overrides its settings."""

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str = "",
        redis_url: str = "",
        pool: str = "threads",
        environment: dict[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.port, self.simulator_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.simulator_url = f"http://localhost:{self.simulator_port}"
        self.environment = self._environment(database_url, redis_url, environment or {})
        lines = commands(self.port, self.simulator_port, pool=pool)
        self.children = {name: Child(name, lines[name], folder / f"{name}.log") for name in NAMES}

    def _environment(self, database_url: str, redis_url: str, more: dict[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        servers = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
        return {
            **kept,
            **{name: value for name, value in servers.items() if value},
            "VAR_DIR": str(self.folder),
            "PORT": str(self.port),
            "SIMULATOR_PORT": str(self.simulator_port),
            # Work of a killed process is taken over after this, and no test wants to wait for half a minute.
            "LEASE_SECONDS": "3",
            **more,
        }

    # -- processes

    def start(self, *names: str) -> None:
        """Start these processes (all without names) and wait until the product is ready, if all run."""
        for name in names or NAMES:
            self.children[name].start(self.environment)
        if all(child.alive() for child in self.children.values()):
            self.wait_ready()

    def kill(self, name: str) -> None:
        """kill -9, with everything that the process has started."""
        child = self.children[name]
        child.signal_group(signal.SIGKILL)
        self._reap(child)

    def stop(self, *names: str) -> None:
        """Ask to stop, in order; end what does not."""
        chosen = [self.children[name] for name in names or reversed(NAMES)]
        for child in chosen:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        while any(child.alive() for child in chosen) and time.monotonic() < deadline:
            time.sleep(0.05)
        for child in chosen:
            child.signal_group(signal.SIGKILL)
            self._reap(child)

    def _reap(self, child: Child) -> None:
        if child.process is not None:
            child.process.wait(STOP_SECONDS)

    def alive(self, name: str) -> bool:
        return self.children[name].alive()

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        self.wait("the start of the product", self.is_ready, seconds)

    def is_ready(self) -> bool:
        dead = [name for name in NAMES if self.children[name].process and not self.alive(name)]
        if dead:
            raise AssertionError(f"{', '.join(dead)} did not stay alive\n{self.logs()}")
        return self.get("/readyz")[0] == 200 and answer(f"{self.simulator_url}/")[0] == 200

    def log(self, name: str) -> str:
        path = self.children[name].log
        return path.read_text(errors="replace") if path.exists() else ""

    def logs(self) -> str:
        """The end of every log, for a failed test's message."""
        return "\n".join(f"== {name}\n{child.last_lines()}" for name, child in self.children.items())

    # -- what people and platforms do

    def manage(self, *arguments: str, check: bool = True) -> str:
        """Run a management command; its standard output. Fails the test when it fails, unless `check` is off."""
        done = subprocess.run(
            [sys.executable, str(MANAGE), *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def api(
        self,
        event: str,
        call_id: str,
        *,
        from_number: str = "+14155550132",
        to_number: str = "+14155550100",
        direction: str = "inbound",
        **more: Any,
    ) -> dict[str, Any]:
        """Report a telephony event; the interaction as answered. Fails the test on any other status than 200."""
        body = {
            "call_id": call_id,
            "event": event,
            "direction": direction,
            "from": from_number,
            "to": to_number,
            **more,
        }
        status, text = answer(
            f"{self.url}/api/v1/calls/events", body=body, headers={"Authorization": f"Bearer {TOKEN}"}
        )
        if status not in (200, 201):
            raise AssertionError(f"{event} of {call_id}: HTTP {status}: {text.decode(errors='replace')}")
        parsed: dict[str, Any] = json.loads(text)
        return parsed

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of one of the product's pages; status 0 when nobody answers."""
        return answer(f"{self.url}{path}")

    def sim(self, path: str, *, method: str = "", body: Any = None) -> Any:
        """JSON of a simulator's address, for example "/servicenow/_requests"."""
        status, text = answer(f"{self.simulator_url}{path}", method=method, body=body)
        if not 200 <= status < 300:
            raise AssertionError(f"{path}: HTTP {status}: {text[:500].decode(errors='replace')}")
        return json.loads(text) if text else None

    def rows(self, table: str, query: str = "") -> list[dict[str, Any]]:
        """Records of the simulated ServiceNow, as its administrator sees them, oldest first."""
        parameters = urlencode({"sysparm_query": query or "ORDERBYsys_created_on"})
        admin = {"Authorization": "Basic " + base64.b64encode(b"admin:admin").decode()}
        url = f"{self.simulator_url}/servicenow/api/now/table/{table}?{parameters}"
        status, text = answer(url, headers=admin)
        if status != 200:
            raise AssertionError(f"{table}: HTTP {status}: {text[:500].decode(errors='replace')}")
        found: list[dict[str, Any]] = json.loads(text)["result"]
        return found

    def wait(self, what: str, condition: Callable[[], bool], seconds: float = 15.0) -> None:
        """Poll until the condition holds; else fail with the logs."""
        try:
            wait_for(what, condition, seconds)
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from None


def answer(url: str, *, method: str = "", body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Status and body; status 0 when nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    every = {"Accept": "application/json", "Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data=data, headers=every, method=method or ("POST" if data else "GET"))
    try:
        with urllib.request.urlopen(request, timeout=15) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


# -- databases: migrated and loaded once per test session, copied for every stack


def sqlite_template(folder: Path) -> Path:
    """A folder with a database as `make demo` leaves it."""
    prepare(Stack(folder))
    return folder / "contactcenter.sqlite3"


def postgres_template(folder: Path, url: str) -> str:
    """Name of a database as `make demo` leaves it, to be copied."""
    name = f"template_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    prepare(Stack(folder, database_url=with_path(url, name)))
    return name


def prepare(stack: Stack) -> None:
    stack.manage("migrate", "--run-syncdb", "--verbosity", "0")
    stack.manage("load_demo")


@contextmanager
def embedded_stack(folder: Path, template: Path, **options: Any) -> Iterator[Stack]:
    """On SQLite and the folder broker."""
    shutil.copy(template, folder / template.name)
    yield from _running(Stack(folder, **options))


@contextmanager
def servers_stack(folder: Path, template: str, postgres_url: str, redis_url: str, **options: Any) -> Iterator[Stack]:
    """On PostgreSQL and Redis, with worker processes."""
    name = f"stack_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        redis.Redis.from_url(redis_url).flushall()
        stack = Stack(
            folder, database_url=with_path(postgres_url, name), redis_url=redis_url, pool="prefork", **options
        )
        yield from _running(stack)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _running(stack: Stack) -> Iterator[Stack]:
    try:
        stack.start()
        yield stack
    finally:
        for name in NAMES:
            stack.kill(name)


def with_path(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
