"""Fixtures for everybody: a broker in memory, a database in a file, and the real servers, started when a test asks."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Servers

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


def pytest_configure(config: pytest.Config) -> None:
    """Tasks go nowhere unless a test starts a worker; Playwright's event loop must not forbid Django's queries."""
    from contactcenter.celery import app

    app.conf.update(broker_url="memory://", broker_transport_options={})
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory, django_db_modify_db_settings: None) -> None:
    """SQLite in a file, as it runs: in memory, threads would share one connection and hide every locking fault."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with Servers(tmp_path_factory.mktemp("servers", numbered=True)) as started:
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
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium: Playwright's own download is neither needed nor reachable everywhere."""
    return {**browser_type_launch_args, "executable_path": chromium(), "args": CHROMIUM_ARGS}


def chromium() -> str:
    for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"):
        if Path(path).exists():
            return path
    pytest.fail("This test drives Chromium, which is not installed. As root on Debian, `make test` installs it.")
