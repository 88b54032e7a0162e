"""Throw-away providers, a scripted web server, and the loopback network opened where a test asks for it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from integrations import providers
from integrations.models import IntegrationAccount
from integrations.providers.base import Provider
from integrations.wire import redaction
from tests.factories import AccountFactory

from .local_server import LocalServer, make_authority, serving
from .throwaway import Plain, Rotating

LOOPBACK = ["127.0.0.0/8"]


@pytest.fixture
def register_provider() -> Iterator[Callable[[type[Provider]], type[Provider]]]:
    """`register_provider(MyProvider)`: known for the length of the test."""
    found = providers.registry()
    before = dict(found)

    def add(provider: type[Provider]) -> type[Provider]:
        found[provider.key] = provider
        return provider

    yield add
    found.clear()
    found.update(before)


@pytest.fixture
def loopback(settings: Any) -> None:
    settings.INTEGRATIONS_ALLOWED_NETWORKS = LOOPBACK


@pytest.fixture
def server(loopback: None) -> Iterator[LocalServer]:
    with serving() as script:
        yield script


@pytest.fixture
def plain(register_provider: Any, server: LocalServer, transactional_db: None) -> IntegrationAccount:
    register_provider(Plain)
    return make_plain(server.address)


def make_plain(url: str, **more: Any) -> IntegrationAccount:
    values = {"name": "Plain", "properties": {"url": url}, "secrets": {"api_key": "canary-api-key-1"}, **more}
    return AccountFactory(provider="plain", simulated=False, **values)


@pytest.fixture
def rotating(register_provider: Any, server: LocalServer, transactional_db: None) -> IntegrationAccount:
    register_provider(Rotating)
    return make_rotating(server.address)


def make_rotating(url: str, **properties: Any) -> IntegrationAccount:
    return AccountFactory(
        provider="rotating",
        name="Rotating",
        simulated=False,
        properties={"url": url, **properties},
        secrets={"client_secret": "canary-client-secret"},
    )


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Each test begins without secrets of the one before."""
    redaction.forget(*list(redaction._remembered))
    yield


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate authority of our own: `ca.pem`, `ca.key`."""
    folder = tmp_path_factory.mktemp("authority")
    make_authority(folder)
    return folder


def database_url() -> str:
    """The test database, for processes that a test starts."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    who = f"{settings['USER']}:{settings['PASSWORD']}" if settings["PASSWORD"] else settings["USER"]
    return f"postgres://{who}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
