"""Webhooks: verified on the raw body, stored once, answered at once, handed on until it worked."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations import tasks, webhooks
from integrations.models import InboundEvent, IntegrationAccount
from tests.servers import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def handled() -> Iterator[list[str]]:
    seen: list[str] = []
    before = list(webhooks._handlers)
    webhooks._handlers[:] = [lambda event: seen.append(event.key)]
    yield seen
    webhooks._handlers[:] = before


def send(account: IntegrationAccount, *events: dict[str, Any], signature: str = "canary-api-key-1", **more: Any) -> int:
    url = reverse("integrations:webhook", args=[account.public_id])
    client = Client(enforce_csrf_checks=True)
    return client.post(
        url, json.dumps(events), content_type="application/json", headers={"X-Signature": signature}, **more
    ).status_code


def test_events_are_stored_once_and_handed_on_once(plain: IntegrationAccount, handled: list[str]) -> None:
    assert send(plain, {"id": "1", "kind": "message"}, {"id": "2"}) == 200
    assert send(plain, {"id": "1", "kind": "message"}) == 200
    assert handled == []
    assert tasks.process_events() == 2
    assert tasks.process_events() == 0
    assert handled == ["1", "2"]
    assert list(InboundEvent.objects.values_list("kind", flat=True)) == ["message", "unknown"]


def test_what_no_database_can_hold_is_left_out(plain: IntegrationAccount, handled: list[str]) -> None:
    assert send(plain, {"id": "1\0", "kind": "message", "text": "a\0b", "more": [{"c\0": "\0"}]}) == 200
    row = InboundEvent.objects.get()
    assert row.key == "1" and "\0" not in str(row.payload)
    assert tasks.process_events() == 1


def test_a_wrong_signature_is_refused_and_counted_with_its_reason(plain: IntegrationAccount) -> None:
    assert send(plain, {"id": "1"}, signature="wrong") == 403
    assert send(plain, {"id": "1"}, signature="wrong") == 403
    row = InboundEvent.objects.get()
    assert (row.kind, row.attempts, row.error) == ("refused", 2, "The signature does not match.")
    assert send(plain, {"id": "1"}) == 200
    assert InboundEvent.objects.filter(kind="unknown").count() == 1


def test_an_unknown_or_disabled_account_has_no_webhook(plain: IntegrationAccount) -> None:
    IntegrationAccount.objects.filter(pk=plain.pk).update(enabled=False)
    assert send(plain, {"id": "1"}) == 404
    assert Client().post("/integrations/webhooks/6d2f5a7e-0000-4000-8000-000000000000/").status_code == 404
    assert Client().get(reverse("integrations:webhook", args=[plain.public_id])).status_code == 405


def test_an_account_that_receives_nothing_refuses(rotating: IntegrationAccount) -> None:
    assert send(rotating, {"id": "1"}) == 403


def test_secrets_that_cannot_be_read_are_no_reason_to_lose_an_event(plain: IntegrationAccount, settings: Any) -> None:
    right = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = ["QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="]
    assert send(plain, {"id": "1"}) == 503
    settings.FIELD_ENCRYPTION_KEYS = right
    assert send(plain, {"id": "1"}) == 200


def test_a_broker_that_is_away_costs_no_event(
    plain: IntegrationAccount, handled: list[str], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    asked = threading.Event()

    def away(*args: Any, **kwargs: Any) -> None:
        assert asked.wait(5), "the answer waits for the broker"
        raise ConnectionError

    monkeypatch.setattr(tasks.process_events, "apply_async", away)
    assert send(plain, {"id": "1"}) == 200
    asked.set()
    wait_for("the warning", lambda: "broker is away" in caplog.text, 5)
    assert tasks.process_events() == 1


def test_messages_that_come_together_need_one_task(
    plain: IntegrationAccount, handled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tasks, "TOGETHER_SECONDS", 0.3)
    monkeypatch.setattr(tasks.process_events, "apply_async", lambda **kwargs: sent.append(len(sent)))
    for number in range(5):
        assert send(plain, {"id": str(number)}) == 200
    wait_for("the task", lambda: bool(sent), 5)
    assert send(plain, {"id": "later"}) == 200
    wait_for("another task", lambda: len(sent) == 2, 5)
    assert InboundEvent.objects.count() == 6


def test_a_handler_that_fails_is_asked_again_later(plain: IntegrationAccount, handled: list[str]) -> None:
    def fail(event: InboundEvent) -> None:
        raise ValueError("canary-api-key-1 is odd")

    good = webhooks._handlers[:]
    webhooks._handlers[:] = [fail]
    send(plain, {"id": "1"}, {"id": "2"})
    assert tasks.process_events() == 0
    row = InboundEvent.objects.first()
    assert row is not None
    assert (row.attempts, row.error) == (1, "ValueError: *** is odd")
    assert tasks.process_events() == 0, "not before the pause is over"
    webhooks._handlers[:] = good
    InboundEvent.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert tasks.process_events() == 2
    assert not InboundEvent.objects.exclude(error="").exists()


def test_an_event_that_another_worker_holds_is_left_alone(plain: IntegrationAccount, handled: list[str]) -> None:
    send(plain, {"id": "1"})
    InboundEvent.objects.update(lease_owner="other", leased_until=timezone.now() + timedelta(seconds=30))
    assert tasks.process_events() == 0
    InboundEvent.objects.update(leased_until=timezone.now())
    assert tasks.process_events() == 1


def test_a_handler_is_registered_once(handled: list[str]) -> None:
    before = len(webhooks._handlers)
    webhooks.register_handler(print)  # type: ignore[arg-type]
    webhooks.register_handler(print)  # type: ignore[arg-type]
    assert len(webhooks._handlers) == before + 1


def test_without_a_handler_events_wait(plain: IntegrationAccount, handled: list[str]) -> None:
    webhooks._handlers.clear()
    send(plain, {"id": "1"})
    assert tasks.process_events() == 0
    assert InboundEvent.objects.filter(processed_at__isnull=True).count() == 1


def test_old_events_are_forgotten_and_waiting_ones_are_not(plain: IntegrationAccount) -> None:
    send(plain, {"id": "1"}, {"id": "2"})
    InboundEvent.objects.filter(key="1").update(processed_at=timezone.now() - timedelta(days=31))
    assert tasks.prune() == 1
    assert InboundEvent.objects.get().key == "2"
