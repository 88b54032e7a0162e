"""Loxysoft: profile `loxysoft-json-1`, and the skills mapping."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.http import QueryDict

from contactcenter.feeds import dispatch
from contactcenter.models import FeedState
from integrations.capabilities import AgentSnapshot, FeedContext, ServiceSnapshot, Snapshot
from integrations.errors import AuthenticationFailed, Unavailable
from integrations.providers.loxysoft import Loxysoft, LoxysoftProperties
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

AT = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
MAPPING = [
    {"service": " customer SUPPORT", "code": "CS1"},
    {"service": "Billing", "code": "CS1"},
    {"service": "Sales", "code": "SA"},
]


def agent(login: str, state: str, *services: str, reason: str | None = None) -> AgentSnapshot:
    since = AT - timedelta(seconds=95)
    return AgentSnapshot(login, None, None, None, None, None, state, reason, since, services)


def service(name: str, **figures: Any) -> ServiceSnapshot:
    return ServiceSnapshot(name, name.lower(), "voice", AT, **figures)


PICTURE = Snapshot(
    AT,
    (
        agent("ann", "READY", "Customer Support", "Billing"),
        agent("bob", "BUSY", "Billing", "Chat"),
        agent("eve", "NOT_READY", "Sales", reason="Lunch"),
    ),
    (
        service("Billing", waiting=2, longest_wait=90, received=10, answered=7, abandoned=1),
        service("Chat", waiting=5),
        service("Customer Support", waiting=3, longest_wait=41, received=120, answered=98, abandoned=9),
        service("Sales"),
    ),
)


@pytest.fixture
def receiver(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("loxysoft")


def connect(**properties: Any) -> Loxysoft:
    properties = {"skills_mapping": MAPPING, **properties}
    secrets = {"token": "demo-loxysoft-token"}
    made: Loxysoft = AccountFactory(provider="loxysoft", properties=properties, secrets=secrets).connect()
    return made


@pytest.mark.django_db(transaction=True)
def test_a_push_follows_the_profile_to_the_letter(receiver: Vendor) -> None:
    connect().push(PICTURE, FeedContext(12, 10.0))
    arrived = receiver.arrived()[-1]
    assert arrived["status"] == 200, arrived
    assert arrived["headers"]["x-feed-sequence"] == "12"
    assert arrived["body"]["agents"][2] == {
        "id": "eve", "state": "NOT_READY", "reason": "Lunch", "since": "2026-01-15T08:58:25Z", "seconds": 95,
        "skills": ["SA"],
    }  # fmt: skip
    assert [entry["skills"] for entry in arrived["body"]["agents"][:2]] == [["CS1"], ["CS1"]]
    assert arrived["body"]["skills"][0] == {
        "code": "CS1", "name": "Billing, Customer Support", "waiting": 5, "longest_wait": 90, "agents_ready": 1,
        "agents_busy": 1, "received": 130, "answered": 105, "abandoned": 10,
    }  # fmt: skip
    assert [skill["code"] for skill in arrived["body"]["skills"]] == ["CS1", "SA"]
    assert connect_again().unmapped_services(PICTURE) == ["Chat"]


@pytest.mark.django_db
def test_a_line_of_the_mapping_that_names_no_service_of_ours_is_remarked() -> None:
    renamed = [*MAPPING, {"service": "Custmer Support", "code": "CS2"}, {"service": "chat", "code": "CH"}]
    assert connect(skills_mapping=renamed).remarks(PICTURE) == [
        "Skills Mapping names the service “Custmer Support”, which does not exist here or is switched off."
    ]


def connect_again() -> Loxysoft:
    return Loxysoft(AccountFactory.build(provider="loxysoft", properties={"skills_mapping": MAPPING}))


@pytest.mark.django_db(transaction=True)
def test_the_test_changes_nothing(receiver: Vendor) -> None:
    loxysoft = connect()
    loxysoft.push(PICTURE, FeedContext(1, 10.0))
    assert loxysoft.test_connection().ok
    assert (len(receiver.board()["agents"]), receiver.board()["tests"]) == (3, 1)


@pytest.mark.django_db(transaction=True)
def test_a_failed_push_is_one_request_and_one_error(receiver: Vendor) -> None:
    receiver.fault("server_error", times=1)
    loxysoft = connect()
    with pytest.raises(Unavailable):
        loxysoft.push(PICTURE, FeedContext(1, 10.0))
    receiver.settings(token="another-token-0")
    with pytest.raises(AuthenticationFailed):
        loxysoft.push(PICTURE, FeedContext(2, 10.0))
    assert len(receiver.arrived()) == 2


@pytest.mark.django_db(transaction=True)
def test_the_dispatcher_pushes_it_like_any_workforce_feed(receiver: Vendor) -> None:
    account = connect().account
    handed: list[int] = []
    dispatch.dispatch_due(hand_over=lambda task, account_id, expires: handed.append(account_id))
    assert handed == [account.pk]
    dispatch.push(account.pk)
    feed = FeedState.objects.get(account=account)
    assert (feed.sent, feed.failed, feed.interval) == (1, 0, 10)
    assert receiver.board()["last_sequence"] == 1


def form(**data: Any) -> LoxysoftProperties:
    entered = {**LoxysoftProperties.defaults(), "url": "https://lox.example.com/in", "token": "t0ken", **data}
    return LoxysoftProperties(data=entered, simulated=False)


def test_the_defaults_are_the_guides() -> None:
    assert form().is_valid(), form().errors
    assert LoxysoftProperties.defaults()["periodic_update_interval"] == 10


@pytest.mark.parametrize(
    "rows", [[{"service": "A", "code": ""}], [{"service": "", "code": "x"}], [{"service": "a", "code": "1"}] * 2, ["x"]]
)
def test_a_mistake_in_the_mapping_is_shown_on_it(rows: list[Any]) -> None:
    assert set(form(skills_mapping=rows).errors) == {"skills_mapping"}
    with pytest.raises(ValidationError):
        LoxysoftProperties.base_fields["skills_mapping"].clean(rows)


def test_the_rows_of_the_page_are_read_and_shown_again() -> None:
    sent = QueryDict("m-service=Sales&m-code=SA&m-service=&m-code=")
    field = LoxysoftProperties.base_fields["skills_mapping"]
    rows = field.clean(field.widget.value_from_datadict(sent, {}, "m"))
    assert rows == [{"service": "Sales", "code": "SA"}]
    assert 'name="m-service" value="Sales"' in field.widget.render("m", rows)
