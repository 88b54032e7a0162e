"""A call whose service keeps recordings, and a folder of its own for their files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from contactcenter.models import CallRecording, Interaction
from integrations.models import IntegrationAccount
from tests.factories import AccountFactory, ApiTokenFactory, InteractionFactory, ServiceFactory
from tests.integrations.conftest import loopback, server  # noqa: F401 - a web server for tests
from tests.integrations.providers.conftest import Vendor, simulators, vendor  # noqa: F401 - the simulated vendors
from tests.integrations.providers.test_aws_s3_swift import boto  # noqa: F401 - Amazon's own client of Swift

from .handing_over import STARTED, WAV

AUTHORISED = {"HTTP_AUTHORIZATION": "Bearer secret-value"}


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.RECORDINGS_ROOT = str(tmp_path / "recordings")
    return tmp_path / "recordings"


@pytest.fixture
def call(transactional_db: None) -> Interaction:
    ApiTokenFactory(name="platform", value="secret-value")
    service = ServiceFactory(code="support", name="Customer Support", recordings="kept")
    return InteractionFactory(call_id="c-1", service=service, answered_at=STARTED)


@pytest.fixture
def send(call: Interaction) -> Callable[..., Any]:
    """`send(body, recording_id="r-1", ...)`: the answer of the API."""

    def post(body: bytes = WAV, *, call_id: str = "c-1", headers: Any = None, **query: Any) -> Any:
        told = {"recording_id": "r-1", "started_at": "2026-01-15T09:00:04Z", **query}
        return Client().post(
            f"/api/v1/calls/{call_id}/recordings", body, content_type="audio/wav", query_params=told,
            **{**AUTHORISED, **(headers or {})},
        )  # fmt: skip

    return post


@pytest.fixture
def recording(send: Callable[..., Any]) -> CallRecording:
    """Handed over, not yet stored."""
    assert send().status_code == 201
    return CallRecording.objects.get()


@pytest.fixture
def bucket(vendor: Callable[[str], Vendor]) -> Vendor:  # noqa: F811 - the fixture above
    return vendor("aws_s3")


@pytest.fixture
def storage(bucket: Vendor, transactional_db: None) -> IntegrationAccount:
    return s3_account()


def s3_account(**more: Any) -> IntegrationAccount:
    properties = {"access_key_id": "AKIADEMOSTORAGE00001", "s3_bucket": "demo-recordings"}
    secrets = {"secret_key": "demo-storage-secret-key-0123456789abcdef"}
    made: IntegrationAccount = AccountFactory(
        provider="aws_s3", name="Storage", is_default=True, properties=properties, secrets=secrets, **more
    )
    return made
