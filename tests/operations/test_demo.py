"""`manage.py demo` as a person runs it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from contactcenter.demo.processes import MANAGE
from tests.servers import free_port, wait_for
from tests.stack import FOREIGN, answer

pytestmark = pytest.mark.processes
START_SECONDS = 60


class Demo:
    """One run. Its output is read from a file, so that nothing blocks."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port, self.simulator_port = free_port(), free_port()
        self.out = folder / "output.txt"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in FOREIGN},
            "VAR_DIR": str(folder / "var"),
            "PORT": str(self.port),
            "SIMULATOR_PORT": str(self.simulator_port),
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Demo":
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(MANAGE), "demo"], env=self.environment, stdout=out, stderr=subprocess.STDOUT
            )
        return self

    def run(self) -> int:
        """Start and wait for the end, which comes soon where something is wrong."""
        return self.start().wait()

    def wait(self) -> int:
        assert self.process
        return self.process.wait(START_SECONDS)

    def text(self) -> str:
        return self.out.read_text() if self.out.exists() else ""

    def wait_ready(self) -> None:
        wait_for("the ready line", lambda: "Ready:" in self.text() or self.ended(), START_SECONDS)
        assert not self.ended(), self.text()

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def family(self) -> list[psutil.Process]:
        """The demo and everything that descends from it."""
        assert self.process
        mine = psutil.Process(self.process.pid)
        return [mine, *mine.children(recursive=True)]

    def end(self, number: int) -> list[psutil.Process]:
        """Send a signal to the demo alone; whoever still lives when it has ended."""
        family = self.family()
        os.kill(family[0].pid, number)
        self.wait()
        return [process for process in family[1:] if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    run = Demo(tmp_path)
    yield run
    if not run.ended():
        for process in run.family():
            process.kill()
        run.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_it_says_that_it_is_ready_once_and_stops_every_process_when_asked(demo: Demo, number):
    demo.start().wait_ready()

    text = demo.text()
    assert text.count("Ready:") == 1
    for address in re.findall(r"https?://\S+?/(?=\s)", text):
        assert answer(address)[0] in (200, 302), address
    assert "agent1 / agent1" in text and "admin / admin" in text
    assert answer(f"http://127.0.0.1:{demo.port}/readyz")[0] == 200
    assert len(demo.family()) >= 5
    board = answer(f"http://127.0.0.1:{demo.simulator_port}/messenger_telegram/_board")[1].decode()
    assert f"http://127.0.0.1:{demo.port}/integrations/webhooks/" in board, "customers can write at once"

    assert demo.end(number) == []
    assert "Stopped." in demo.text()
    assert "Traceback" not in demo.text()


def test_the_second_start_is_quick_and_keeps_what_was_there(demo: Demo):
    demo.start().wait_ready()
    demo.end(signal.SIGINT)
    began = time.monotonic()

    demo.start().wait_ready()

    assert time.monotonic() - began < 15, "it takes less than five seconds on an idle machine"
    assert "Making the database" not in demo.text()
    assert demo.end(signal.SIGINT) == []


def test_a_process_that_dies_is_told_and_started_again(demo: Demo):
    demo.start().wait_ready()
    victim = next(process for process in demo.family() if "run_feeds" in process.cmdline())

    victim.kill()

    wait_for("the notice", lambda: '"feeds" ended' in demo.text(), 10)
    wait_for("a new process", lambda: any("run_feeds" in process.cmdline() for process in demo.family()), 10)
    assert demo.end(signal.SIGINT) == []


def test_killing_the_demo_leaves_nothing_behind(demo: Demo):
    demo.start().wait_ready()
    family = demo.family()

    os.kill(family[0].pid, signal.SIGKILL)
    demo.wait()

    _, alive = psutil.wait_procs(family[1:], timeout=15)
    assert alive == []


@pytest.mark.parametrize("name", ["PORT", "SIMULATOR_PORT"])
def test_a_port_in_use_is_one_sentence_and_the_demo_starts_when_it_is_free(demo: Demo, name):
    port = int(demo.environment[name])
    with socket.create_server(("127.0.0.1", port)):
        assert demo.run() == 1
    assert f"Port {port} cannot be used" in demo.text()
    assert f"{name}=" in demo.text()
    assert len(demo.text().strip().splitlines()) == 1

    demo.start().wait_ready()
    demo.end(signal.SIGINT)


def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path: Path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    demo = Demo(tmp_path, VAR_DIR=str(in_the_way / "var"))

    assert demo.run() == 1
    assert "cannot be written to" in demo.text() and "VAR_DIR" in demo.text()
    assert len(demo.text().strip().splitlines()) == 1


def test_a_database_that_cannot_be_used_is_one_sentence(demo: Demo):
    var = Path(demo.environment["VAR_DIR"])
    var.mkdir()
    (var / "contactcenter.sqlite3").write_text("this is no database, but a text that is long enough" * 100)

    assert demo.run() == 1
    assert "The database cannot be used" in demo.text()
    assert "Traceback" not in demo.text()


def test_it_does_not_start_with_debug_off(tmp_path: Path):
    demo = Demo(tmp_path, DEBUG="0")
    assert demo.run() == 1
    assert "DEBUG" in demo.text()
    assert "Traceback" not in demo.text()
