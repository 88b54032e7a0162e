"""Fixtures for everybody: a broker in memory, a database in a file, and the real servers, started when a test asks."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.utils import translation

from tests.servers import Servers
from tests.simulated import Simulators
from tests.stack import Stack, embedded_stack, postgres_template, servers_stack, sqlite_template
from tests.swift import Swift, swift_running

CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]

# What a test proves does not depend on how busy the machine is.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

# Fixture -> the markers of the tests that use it.
MARKERS = {
    "stack": ("processes",),
    "embedded": ("processes",),
    "on_servers": ("processes", "postgres", "redis"),
    "swift": ("processes",),
    "postgres_url": ("postgres",),
    "redis_url": ("redis",),
    "page": ("browser",),
    "context": ("browser",),
    "browser": ("browser",),
    "chromium": ("browser",),
    "speaking": ("flite",),
}


def pytest_configure(config: pytest.Config) -> None:
    """Tasks go nowhere unless a test starts a worker; Playwright's event loop must not forbid Django's queries."""
    from django.conf import settings

    from contactcenter.celery import app
    from tests import emptying, hashers

    config.addinivalue_line("markers", "php: needs PHP and SimpleSAMLphp")
    app.conf.update(broker_url="memory://", broker_transport_options={})
    settings.PASSWORD_HASHERS = hashers.ONLY
    emptying.install()
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory, django_db_modify_db_settings: None) -> None:
    """SQLite in a file, as it runs: in memory, threads would share one connection and hide every locking fault."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    from tests import emptying

    with django_db_blocker.unblock():
        emptying.remember()


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    """A request leaves its language behind in the thread; the next request chooses its own, the next test does not."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with Servers() as started:
        yield started


@pytest.fixture(scope="session")
def postgres_url(servers: Servers) -> str:
    """A real PostgreSQL on a free port, started at the first use. Its role may create databases."""
    return servers.postgres_url()


@pytest.fixture(scope="session")
def redis_url(servers: Servers) -> str:
    """A real Redis on a free port, started at the first use."""
    return servers.redis_url()


@pytest.fixture(scope="session")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swift]:
    """A real object store with an S3 door, started at the first use."""
    with swift_running(tmp_path_factory.mktemp("swift")) as started:
        yield started


@pytest.fixture(scope="session")
def simulators_url() -> Iterator[str]:
    from integrations.simulators.server import running

    with running() as url:
        yield url


@pytest.fixture
def simulated(simulators_url: str, settings: Any, transactional_db: None) -> Simulators:
    """Running simulators in their first state, to which simulated accounts speak: outside of transactions only."""
    settings.SIMULATOR_URL = simulators_url
    simulators = Simulators(simulators_url)
    simulators.reset()
    return simulators


@pytest.fixture
def speaking() -> None:
    """The simulated voices need an engine of the machine; whoever asks for this is left out where there is none."""


@pytest.fixture(scope="session")
def embedded_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sqlite_template(tmp_path_factory.mktemp("embedded-template"))


@pytest.fixture(scope="session")
def servers_template(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> str:
    return postgres_template(tmp_path_factory.mktemp("servers-template"), postgres_url)


@pytest.fixture
def embedded(tmp_path: Path, embedded_template: Path) -> Iterator[Stack]:
    """The whole product as real processes on SQLite and the folder broker, with demo data."""
    with embedded_stack(tmp_path, embedded_template) as started:
        yield started


@pytest.fixture
def on_servers(tmp_path: Path, servers_template: str, postgres_url: str, redis_url: str) -> Iterator[Stack]:
    """The whole product as real processes on PostgreSQL and Redis, with demo data."""
    with servers_stack(tmp_path, servers_template, postgres_url, redis_url) as started:
        yield started


@pytest.fixture(
    params=[
        pytest.param("embedded"),
        pytest.param("on_servers", marks=[pytest.mark.postgres, pytest.mark.redis]),
    ]
)
def stack(request: pytest.FixtureRequest) -> Stack:
    """The whole product, once on each combination of stores."""
    started: Stack = request.getfixturevalue(request.param)
    return started


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for a part of the outside world is marked so, and can be left out where it is missing."""
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            for marker in MARKERS.get(fixture, ()):
                item.add_marker(marker)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium: Playwright's own download is neither needed nor reachable everywhere."""
    return {**browser_type_launch_args, "executable_path": chromium(), "args": CHROMIUM_ARGS}


def chromium() -> str:
    for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"):
        if Path(path).exists():
            return path
    pytest.fail("This test drives Chromium, which is not installed. As root on Debian, `make test` installs it.")
