"""Runs every check and test, phase after phase, and ends with a list of what failed and what was not run.

Real servers and a browser belong to the tests. As root on Debian this installs them; nothing is started by the system,
the tests start what they need on free ports in a temporary folder. Elsewhere it runs what the machine has, and says
plainly what it left out."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

# The project's folder has to be on the path first.
from tests import node  # noqa: E402
from tests.servers import Servers, find_program  # noqa: E402

PYTHON = sys.executable
POLICY = Path("/usr/sbin/policy-rc.d")
# Ours from the environment would make the tests run against somebody's real database.
OURS = (
    "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "PUBLIC_URL",
    "SIMULATOR_URL", "ALLOWED_HOSTS", "INTEGRATIONS_ALLOWED_NETWORKS", "DEBUG", "PORT", "SIMULATOR_PORT", "VAR_DIR",
    "LEASE_SECONDS", "DJANGO_SETTINGS_MODULE",
)  # fmt: skip
SLOW = "browser or processes"
# What is said to vendors and by their stand-ins does not depend on the database.
WIRE_ONLY = (
    "--ignore=tests/simulators",
    "--ignore=tests/integrations/providers",
    "--ignore=tests/integrations/test_provider_contract.py",
    # These bring a database of their own, in memory.
    "--ignore=tests/contactcenter/scenarios/dry_run/test_nothing_escapes.py",
    "--ignore=tests/contactcenter/scenarios/saved",
)
NO_TESTS = 5
# A test that stands still ends its process. In place of a new one, which gets no more work and is waited for for ever,
# the phase ends there and has failed.
ENDS_WITH_ITS_WORKER = "--max-worker-restart=0"


@dataclass(frozen=True)
class Part:
    """Something foreign that tests need: its Debian packages, the marker of those tests, how to see it is there."""

    name: str
    packages: tuple[str, ...]
    marker: str
    present: Callable[[], bool]


@dataclass
class Outcome:
    failed: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)


def has_program(name: str) -> bool:
    try:
        return bool(find_program(name))
    except RuntimeError:
        return False


def has_node_programs() -> bool:
    return has_program("node") and all(map(node.is_installed, node.FOLDERS))


def has_simplesamlphp() -> bool:
    return has_program("php") and Path("/usr/share/simplesamlphp/www").is_dir()


def has_chromium() -> bool:
    return any(Path(f"/usr/bin/{name}").exists() for name in ("chromium", "chromium-browser", "google-chrome"))


def has_proftpd() -> bool:
    return has_program("proftpd") and Path("/usr/lib/proftpd/mod_sftp.so").is_file()


PARTS = (
    Part("Chromium", ("chromium", "fonts-liberation"), "browser", has_chromium),
    Part("PostgreSQL", ("postgresql",), "postgres", lambda: has_program("initdb")),
    Part("Redis", ("redis-server",), "redis", lambda: has_program("redis-server")),
    Part("Flite", ("flite",), "flite", lambda: shutil.which("flite") is not None),
    Part("eSpeak NG", ("espeak-ng",), "espeak", lambda: shutil.which("espeak-ng") is not None),
    Part(
        "Node.js with a strict OAuth server, saml-idp and Zapier's platform core",
        () if shutil.which("npm") else ("nodejs", "npm"),
        "node",
        has_node_programs,
    ),
    Part("OpenSSH", ("openssh-server",), "openssh", lambda: has_program("sshd")),
    Part("ProFTPD", ("proftpd-core", "proftpd-mod-crypto"), "proftpd", has_proftpd),
    Part("SimpleSAMLphp", ("simplesamlphp", "php-cli", "php-xml", "php-mbstring"), "php", has_simplesamlphp),
)


# -- what the machine has


def install_parts() -> None:
    """Install what is missing, where we may. What stays missing is reported at the end."""
    install_packages()
    for folder in node.FOLDERS if shutil.which("npm") else ():
        if not node.is_installed(folder):
            quietly([*node.INSTALL, "--prefix", str(folder)], {**os.environ})


def install_packages() -> None:
    missing = [package for part in PARTS if not part.present() for package in part.packages]
    if not missing or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"Installing {', '.join(missing)} ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with nothing_autostarts():
        quietly(["apt-get", "update", "-qq"], environment)
        quietly(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], environment)


def quietly(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        print(f"{' '.join(command)} failed:\n{done.stderr.strip()[-800:]}", flush=True)


@contextmanager
def nothing_autostarts() -> Iterator[None]:
    """Debian asks this program whether a freshly installed server may be started."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


# -- phases


class Runner:
    """Runs phases in a clean environment and keeps their outcome."""

    def __init__(self) -> None:
        self.outcome = Outcome()
        self.environment = {name: value for name, value in os.environ.items() if name not in OURS}
        self.started = time.monotonic()

    def run(self, title: str, *command: str, extra: dict[str, str] | None = None, may_be_empty: bool = False) -> None:
        print(f"\n== {title} (after {time.monotonic() - self.started:.0f} s)", flush=True)
        done = subprocess.run(command, cwd=ROOT, env={**self.environment, **(extra or {})}, check=False)  # noqa: S603
        if done.returncode and not (may_be_empty and done.returncode == NO_TESTS):
            self.outcome.failed.append(title)

    def pytest(
        self, title: str, *arguments: str, extra: dict[str, str] | None = None, may_be_empty: bool = False
    ) -> None:
        self.run(title, PYTHON, "-m", "pytest", "-q", *arguments, extra=extra, may_be_empty=may_be_empty)


def lint(runner: Runner) -> None:
    runner.run("ruff check", PYTHON, "-m", "ruff", "check", ".")
    runner.run("ruff format", PYTHON, "-m", "ruff", "format", "--check", ".")
    runner.run("mypy", PYTHON, "-m", "mypy", "contactcenter", "integrations", "agentdesktop", "scripts")
    with tempfile.TemporaryDirectory(prefix="contactcenter-check-") as folder:
        extra = {"VAR_DIR": folder}
        runner.run("system checks", PYTHON, "manage.py", "check", extra=extra)
        runner.run("migrations", PYTHON, "manage.py", "makemigrations", "--check", "--dry-run", extra=extra)


def tests(runner: Runner, workers: str) -> None:
    missing = [part for part in PARTS if not part.present()]
    left_out = "".join(f" and not {part.marker}" for part in missing)
    # Files in the order of their names: by the number of tests, files of one long test would all come at the end.
    parallel = ("-n", workers, "--dist", "loadfile", "--no-loadscope-reorder", ENDS_WITH_ITS_WORKER)
    runner.pytest("tests on SQLite, embedded", *parallel, "-m", f"not ({SLOW}){left_out}")
    # Wherever a browser is free: a few files hold nearly all of them.
    spread = ("-n", workers, "--dist", "worksteal", ENDS_WITH_ITS_WORKER)
    runner.pytest("browser tests", *spread, "-m", f"browser and not processes{left_out}", may_be_empty=True)
    # Each starts several processes of its own.
    few = ("-n", "2", *parallel[2:])
    runner.pytest("process tests", *few, "-m", f"processes{left_out}", may_be_empty=True)
    for part in missing:
        runner.outcome.not_run.append(f'{part.name} is not installed: tests marked "{part.marker}"')
    if any(part.marker in ("postgres", "redis") for part in missing):
        runner.outcome.not_run.append("The second run of the tests, on PostgreSQL and Redis")
        return
    with Servers() as servers:
        extra = {"DATABASE_URL": servers.postgres_url(), "REDIS_URL": servers.redis_url()}
        again = f"not ({SLOW}) and not postgres and not redis{left_out}"
        runner.pytest("tests on PostgreSQL and Redis", *parallel, "-m", again, *WIRE_ONLY, extra=extra)


def report(runner: Runner) -> int:
    seconds = time.monotonic() - runner.started
    print(f"\n== Done in {seconds:.0f} s", flush=True)
    for line in runner.outcome.not_run:
        print(f"Not run: {line}")
    if not runner.outcome.not_run:
        print("Nothing was left out.")
    for title in runner.outcome.failed:
        print(f"FAILED: {title}")
    return 1 if runner.outcome.failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Run every check and test.")
    parser.add_argument("--lint", action="store_true", help="only ruff, mypy and Django's checks")
    # Half of the time tests wait: for a server, a timer, a browser.
    both = str(2 * (os.cpu_count() or 1))
    parser.add_argument("--workers", default=both, help="parallel test processes (default: two per core)")
    options = parser.parse_args()
    runner = Runner()
    lint(runner)
    if not options.lint:
        install_parts()
        tests(runner, options.workers)
    return report(runner)


if __name__ == "__main__":
    sys.exit(main())
