"""Real PostgreSQL and Redis servers in a temporary folder on free ports, stopped at the end of the test session."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

START_SECONDS = 20.0
ROOM_IN_MEMORY = 2 * 1024**3
POSTGRES_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
}


class ServerMissing(RuntimeError):
    """A server's program is not on this machine."""


def fast_folder() -> str | None:
    """A folder in memory, where there is room: emptying fifty tables after a test is mostly work for the disk."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_IN_MEMORY:
        return str(memory)
    return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(what: str, condition: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Poll until the condition holds; raises TimeoutError that names `what`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.05)


def find_program(name: str) -> str:
    """Path of a server's program. Debian keeps PostgreSQL's outside the search path."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = shutil.which(name) or next((str(path) for path in versions), None)
    if not found:
        raise ServerMissing(f"{name} is not installed. As root on Debian, `make test` installs it.")
    return found


class Servers:
    """Starts each server at the first request for its address; as a context manager, stops them at the end."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="contactcenter-servers-", dir=fast_folder()))
        # PostgreSQL runs as another user and has to get through to its folder.
        self.folder.chmod(0o711)
        self._urls: dict[str, str] = {}
        self._stops: list[Callable[[], None]] = []

    def __enter__(self) -> "Servers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stop in reversed(self._stops):
            stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def postgres_url(self) -> str:
        if "postgres" not in self._urls:
            self._urls["postgres"] = self._start_postgres()
        return self._urls["postgres"]

    def redis_url(self) -> str:
        if "redis" not in self._urls:
            self._urls["redis"] = self._start_redis()
        return self._urls["redis"]

    def _start_postgres(self) -> str:
        port, data = free_port(), self.folder / "postgres"
        as_owner = self._owner(data)
        initdb = [*as_owner, find_program("initdb"), "-D", str(data), "--auth=trust", "--username=postgres"]
        subprocess.run([*initdb, "--encoding=UTF8", "--no-sync"], check=True, capture_output=True)
        settings = " ".join(f"-c {name}={value}" for name, value in POSTGRES_OPTIONS.items())
        control = [*as_owner, find_program("pg_ctl"), "-D", str(data), "-w", "-l", str(data / "server.log")]
        subprocess.run(
            [*control, "-o", f"{settings} -p {port} -k {data}", "start"], check=True, stdout=subprocess.DEVNULL
        )
        self._stops.append(
            lambda: void(subprocess.run([*control, "-m", "fast", "stop"], check=False, capture_output=True))
        )
        return f"postgres://postgres@127.0.0.1:{port}/postgres"

    def _owner(self, data: Path) -> list[str]:
        """PostgreSQL refuses to run as root: then its folder and processes belong to its own user."""
        data.mkdir()
        if os.geteuid() != 0:
            return []
        owner = pwd.getpwnam("postgres")
        os.chown(data, owner.pw_uid, owner.pw_gid)
        return ["runuser", "-u", "postgres", "--"]

    def _start_redis(self) -> str:
        port, folder = free_port(), self.folder / "redis"
        folder.mkdir()
        address = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
        command = [find_program("redis-server"), *address, "--save", "", "--appendonly", "no"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self._stops.append(lambda: stop(process))
        wait_for("the start of Redis", lambda: answers(port))
        return f"redis://127.0.0.1:{port}/0"


def stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def void(_: object) -> None:
    """For a callable that must return nothing."""
