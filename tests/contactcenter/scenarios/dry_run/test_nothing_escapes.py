"""Whatever a block does in a dry run, also one that is written next year: no row changes outside, nothing is sent."""

import socket
import subprocess
from typing import Any, ClassVar

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMessage

from contactcenter.models import Agent, Contact
from contactcenter.scenarios import blocks
from contactcenter.scenarios.blocks import BLOCKS
from contactcenter.scenarios.blocks.base import NEXT, Block
from contactcenter.scenarios.context import Context
from contactcenter.scenarios.dry_run import Call, rehearse
from contactcenter.scenarios.dry_run.answers import Answers
from contactcenter.scenarios.settings_fields import FieldsField, NameField, ObjectTypeField, TemplateField
from integrations import doors, tcp
from integrations.addresses import guard_for
from integrations.http import HttpClient
from integrations.models import IntegrationAccount
from tests.contactcenter import flow
from tests.factories import ScenarioFactory

from .conftest import everything


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[Any]:
    """Every connection is a failure of the test; so is every message to the broker."""
    tried: list[Any] = []
    settings.SIMULATOR_URL = "http://127.0.0.1:1"
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: tried.append(a) or pytest.fail(f"connected: {a}"))
    monkeypatch.setattr(socket.socket, "connect", lambda *a: tried.append(a) or pytest.fail(f"connected: {a}"))
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *a, **k: tried.append(a) or pytest.fail("sent"))
    return tried


# Where no rule finds something that fits.
OWN_SETTINGS = {
    "zendesk_api_request": {"path": "/api/v2/users/me.json"},
    "web_screen_pop": {"url": "https://example.com/$(item.reference)"},
    "chat_bot_select_account": {"account": "bot_alterra"},
    "ask_a_bot": {"message": "Hello", "account": "bot_alterra", "seconds": 5},
    "start_another_scenario": {"scenario": "Another"},
}


def settings_for(kind: type[Block]) -> dict[str, Any]:
    """Something that fits in every setting that must be filled."""
    if kind.kind in OWN_SETTINGS:
        return OWN_SETTINGS[kind.kind]
    given: dict[str, Any] = {}
    for name, field in kind.Settings.base_fields.items():
        if field.initial not in (None, "", {}, dict):
            continue
        if name == "account" and field.required:
            given[name] = kind.account_type
        elif isinstance(field, ObjectTypeField):
            given[name] = "Case"
        elif isinstance(field, FieldsField):
            given[name] = {"subject": "Call of $(item.customerPhone)"}
        elif isinstance(field, NameField):
            given[name] = f"v_{name}"
        elif isinstance(field, TemplateField) and field.required:
            given[name] = "https://example.com/$(item.reference)" if field.language == "url" else "1"
        elif name == "signal":
            given[name] = "hello"
    if "look_up" in kind.Settings.base_fields:
        given["look_up"] = "phone"
    return given


@pytest.mark.parametrize("kind", BLOCKS, ids=lambda kind: kind.kind)
def test_no_block_leaves_a_trace_outside_of_its_dry_run(kind: type[Block], centre: Any, no_network: list[Any]) -> None:
    definition = flow.flow(
        flow.block("it", kind.kind, settings_for(kind), **({NEXT: "connect"} if NEXT in kind.exits else {})),
        flow.block("connect", "connect_call"),
    )
    if NEXT not in kind.exits:
        definition["blocks"][0]["exits"] = dict.fromkeys(kind.exits, "connect")
    ScenarioFactory(name="Another", definition=flow.flow(flow.block("note", "log"))).publish()
    before = everything()
    story = rehearse(definition, Call(agent="agent1", page="servicenow"), Answers(recorded=None))
    assert story["status"] != "unusable", story["error"]
    assert next(card["key"] for card in story["cards"] if card["type"] == "block") == "it"
    assert everything() == before
    assert no_network == [] and mail.outbox == []
    assert "real-secret-of-ours" not in str(story) and "real-password-of-ours" not in str(story)


class Wild(Block):
    """A block by somebody who has never heard of dry runs."""

    kind, label = "wild", "Wild"
    seen: ClassVar[dict[str, str]] = {}

    def run(self, context: Context) -> str:
        for name in ("rows", "cache", "socket", "tcp", "http", "program", "mail"):
            try:
                getattr(self, name)()
                self.seen[name] = "done"
            except Exception as error:
                self.seen[name] = type(error).__name__
        return NEXT

    def rows(self) -> None:
        Contact.objects.create(first_name="Eve")
        Agent.objects.update(state="LOGGED_OUT")
        IntegrationAccount.objects.all().delete()

    def cache(self) -> None:
        cache.set("wild", "yes")

    def socket(self) -> None:
        opened = socket.socket()
        try:
            socket.SocketType.connect(opened, ("127.0.0.1", 9))  # type: ignore[attr-defined]
        finally:
            opened.close()

    def tcp(self) -> None:
        tcp.open_socket(guard_for(None), "127.0.0.1", 9, timeout=1)

    def http(self) -> None:
        HttpClient(None, base_url="https://example.com").post("/", json={"a": 1})

    def program(self) -> None:
        subprocess.run(["true"], check=True)

    def mail(self) -> None:
        EmailMessage("Subject", "Text", to=["customer@example.com"]).send()


def test_a_block_that_knows_nothing_of_dry_runs_gets_out_by_no_door(
    centre: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.MAIL_BACKEND = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "integrations.mail_door.Backend"
    monkeypatch.setitem(blocks.BY_KIND, "wild", Wild)
    before = everything()
    Wild.seen = {}
    story = rehearse(flow.flow(flow.block("it", "wild")), Call(agent="agent1"), Answers(recorded=None))
    assert everything() == before
    assert cache.get("wild") is None and mail.outbox == []
    assert Wild.seen == {
        "rows": "done", "cache": "done", "socket": "Escape", "tcp": "Unavailable", "http": "Unavailable",
        "program": "Escape", "mail": "done",
    }  # fmt: skip
    (card,) = [card for card in story["cards"] if card["type"] == "block"]
    assert any("customer@example.com" in each["detail"] for each in card["held"])
    assert card["requests"][0]["by"] == "" and card["requests"][0]["url"] == "https://example.com/"
    assert any(row["table"] == "contacts" and row["added"] for row in card["rows"])
    # And afterwards every door is open again.
    assert doors.current() is None
    EmailMessage("Subject", "Text", to=["customer@example.com"]).send()
    subprocess.run(["true"], check=True)
    assert len(mail.outbox) == 1
