"""Starts the processes of the demo, watches them, and stops every one of them, whatever happens.

Each child leads a process group of its own, so that its children stop with it and Ctrl-C reaches the supervisor
alone. What a child prints goes to a file; its last lines are shown when it dies."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

STOP_SECONDS = 5.0
POLL_SECONDS = 0.2
LAST_LINES = 15
# A child that dies this often within this time will not get better.
MOST_RESTARTS = 3
RESTART_WINDOW = 60.0
PR_SET_PDEATHSIG = 1


class GivenUp(Exception):
    """A child does not stay alive. The message names it and shows its last lines."""


@dataclass
class Child:
    name: str
    command: list[str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    deaths: list[float] = field(default_factory=list)

    def start(self, environment: dict[str, str]) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command lines
                self.command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent if sys.platform == "linux" else None,
            )

    def ask_to_stop(self) -> None:
        """The child stops what it started itself, so it alone is asked."""
        if self.process is not None and self.alive():
            self.process.terminate()

    def signal_group(self, number: int) -> None:
        """To the child and all that it started; harmless when they are gone."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def last_lines(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"    {line}" for line in lines[-LAST_LINES:])


def die_with_parent() -> None:
    """Linux ends the child when the supervisor is killed and cannot do it itself."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Use as a context manager: leaving it stops everything."""

    def __init__(self, folder: Path, environment: dict[str, str], say: Callable[[str], None]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.environment = environment
        self.say = say
        self.children: list[Child] = []
        self.stopping = False

    def __enter__(self) -> "Supervisor":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def start(self, name: str, command: list[str]) -> None:
        log = self.folder / f"{name}.log"
        log.unlink(missing_ok=True)
        child = Child(name, command, log)
        self.children.append(child)
        child.start(self.environment)

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> bool:
        """False when `seconds` pass first, or somebody asks to stop. Raises `GivenUp`."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.stopping or time.monotonic() > deadline:
                return False
            self.revive()
            time.sleep(POLL_SECONDS / 4)
        return True

    def watch(self) -> None:
        """Stay until somebody asks to stop. Raises `GivenUp`."""
        while not self.stopping:
            self.revive()
            time.sleep(POLL_SECONDS)

    def revive(self) -> None:
        """Start again what died."""
        for child in self.children:
            if child.process is not None and not child.alive() and not self.stopping:
                self._restart(child, child.process.returncode)

    def _restart(self, child: Child, code: int) -> None:
        now = time.monotonic()
        child.deaths = [at for at in child.deaths if now - at < RESTART_WINDOW] + [now]
        child.signal_group(signal.SIGKILL)
        if len(child.deaths) > MOST_RESTARTS:
            raise GivenUp(f'The process "{child.name}" does not stay alive. Its last lines:\n{child.last_lines()}')
        self.say(f'The process "{child.name}" ended (exit code {code}) and is started again. See {child.log}')
        child.start(self.environment)

    def stop(self) -> None:
        """Ask every child to stop, and end every group that is still there after a few seconds."""
        self.stopping = True
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        while any(child.alive() for child in self.children) and time.monotonic() < deadline:
            time.sleep(0.05)
        for child in self.children:
            child.signal_group(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()
