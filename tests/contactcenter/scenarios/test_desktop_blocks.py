"""What agents see of a scenario: pages, texts, attached data, messages; and contacts and mails."""

import smtplib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail as outbox
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from contactcenter import activities, calls, desk, mails, messages, showing
from contactcenter.automation import news
from contactcenter.errors import NotPossible
from contactcenter.models import AgentEvent, Interaction, InternalMessage, OutgoingMail
from contactcenter.scenarios.definition import problems
from tests.contactcenter import flow
from tests.contactcenter.flow import block
from tests.factories import AgentFactory, ContactFactory, TeamFactory

from .played import CONNECT, before, offered, one, play_one, step_of

pytestmark = pytest.mark.django_db(transaction=True)


def refused(kind: str, settings: dict[str, Any]) -> str:
    (sentence,) = problems(flow.flow(one(kind, settings), CONNECT))
    return sentence


# -- Web Screen Pop

PAGE = {"url": "https://orders.example.com/$(order)?phone=$(item.customerPhone)", "label": "Orders"}


def pages(interaction: Interaction) -> list[dict[str, Any]]:
    interaction.refresh_from_db()
    return calls.view(interaction)["pages"]


def test_a_page_is_there_when_the_call_rings_and_gone_when_it_is_over() -> None:
    further = {"Parcels": "https://parcels.example.com/$(order)", "Nothing": "$(nothing)"}
    interaction = offered(*before(order="a/b"), one("web_screen_pop", {**PAGE, "secondary": further}))
    assert interaction.state == "ringing"
    (page,) = pages(interaction)
    assert page["url"] == "https://orders.example.com/a%2Fb?phone=%2B14155550132"
    assert page["secondaryUrls"] == [{"label": "Parcels", "url": "https://parcels.example.com/a%2Fb"}]
    flow.work(flow.report("answered", agent="agent1"))
    flow.work(flow.complete(flow.work(flow.report("released"))))
    assert pages(interaction) == []


def test_a_page_on_answer_comes_with_the_answer_and_may_stay_afterwards() -> None:
    interaction = offered(one("web_screen_pop", {**PAGE, "when": "answer", "keep_open": True}))
    assert pages(interaction) == []
    flow.work(flow.report("answered", agent="agent1"))
    assert [page["title"] for page in pages(interaction)] == ["Orders"]
    told = AgentEvent.objects.filter(kind="interaction").order_by("number").last()
    assert told.data["pages"][0]["title"] == "Orders"
    flow.work(flow.complete(flow.work(flow.report("released"))))
    agent = interaction.agent or AgentFactory._meta.model.objects.get()
    assert desk.overview(agent)["recents"][0]["pages"][0]["title"] == "Orders"


def test_a_text_is_displayed_as_it_is() -> None:
    step = play_one("web_screen_pop", {"action": "DISPLAY_TEXT", "content": "Mind the <b>$(x)</b>"}, x="<script>")
    (page,) = pages(step.run.interaction)
    assert (page["content"], page["url"], page["title"]) == ("Mind the <b><script></b>", "", "one")


@pytest.mark.parametrize(("settings", "exit"), [({"url": "$(u)"}, "failed"), ({"url": "$(empty)"}, "failed")])
def test_an_address_that_is_none_takes_the_failed_exit(settings: dict[str, Any], exit: str) -> None:
    assert play_one("web_screen_pop", settings, u="javascript:alert(1)").exit == exit


def test_what_a_page_must_have_is_asked_for_on_its_field() -> None:
    assert "URL: This is what" in refused("web_screen_pop", {})
    assert "Text: This is what" in refused("web_screen_pop", {"action": "DISPLAY_TEXT"})
    assert "host name without variables" in refused("web_screen_pop", {"url": "https://$(x).example.com/"})
    further = {"url": "https://a.example.com/", "secondary": {"X": "javascript:x"}}
    assert "Further pages" in refused("web_screen_pop", further)


def test_a_page_that_is_shown_again_after_a_crash_is_one_page() -> None:
    interaction = offered(one("web_screen_pop", {"url": "https://a.example.com/"}), block("again", "log", None))

    showing.show_page(interaction, dict(interaction.records["pages"][0]))
    assert len(pages(interaction)) == 1


def test_nobody_but_the_agent_sees_the_pages() -> None:
    interaction = offered(one("web_screen_pop", PAGE))
    other = AgentFactory(login="agent9")
    from contactcenter.interaction_view import view

    assert view(interaction, reader=other)["pages"] == []


# -- Attached Data


def test_attached_data_travels_to_the_desktop_the_activity_and_zapier() -> None:
    step = play_one("attached_data", {"values": {"Order": "$(order)", "Empty": "$(nothing)"}}, order="35436")
    interaction = step.run.interaction
    interaction.refresh_from_db()
    assert interaction.attached_data == {"Order": "35436"}
    assert calls.view(interaction)["attachedData"] == {"Order": "35436"}
    assert activities.activity(interaction)["extra"] == {"Order": "35436"}
    (event,) = news.KINDS["interaction_offered"].newest(1)
    assert event.fields["attached_data"] == {"Order": "35436"}


def test_attached_data_is_read_as_a_variable_and_taken_away_by_an_empty_value() -> None:
    interaction = offered(
        block("a", "attached_data", {"values": {"X": "1", "Y": "2"}}, next="b"),
        block("b", "set_variable", {"name": "x", "value": "$(screenpopData.X)$(screenpopData.Z)"}, next="c"),
        block("c", "attached_data", {"values": {"X": ""}}, next="connect"),
    )
    assert flow.run_of(interaction).variables["x"] == "1"
    assert interaction.attached_data == {"Y": "2"}


def test_too_much_attached_data_takes_the_failed_exit() -> None:
    step = play_one("attached_data", {"values": {f"k{n}": "$(x)" for n in range(6)}}, x="y" * 1900)
    assert step.exit == "failed" and "8,000" in step.error
    step.run.interaction.refresh_from_db()
    assert step.run.interaction.attached_data == {}


# -- Internal Message


def test_an_agent_is_told_once_and_dismisses_it_on_every_tab() -> None:
    step = play_one(
        "internal_message", {"recipient": "agent", "name": "agent1", "message": "Order $(x) is late."}, x="7"
    )
    agent = InternalMessage.objects.get().agent
    assert step.exit == "next"
    messages.send([agent], "Order 7 is late.", key=InternalMessage.objects.get().key)
    (shown,) = desk.overview(agent)["messages"]
    assert shown["text"] == "Order 7 is late."
    assert AgentEvent.objects.filter(kind="message").count() == 1
    messages.dismiss(agent, shown["id"])
    messages.dismiss(agent, shown["id"])
    assert desk.overview(agent)["messages"] == []
    assert AgentEvent.objects.filter(kind="message_dismissed").count() == 1


def test_nobody_dismisses_a_message_of_somebody_else() -> None:
    play_one("internal_message", {"recipient": "agent", "name": "agent1", "message": "x"})
    messages.dismiss(AgentFactory(login="agent9"), InternalMessage.objects.get().pk)
    assert InternalMessage.objects.get().dismissed_at is None


def test_every_agent_of_a_team_is_told_also_the_one_who_is_logged_out() -> None:
    team = TeamFactory(name="Night")
    AgentFactory(login="n1", team=team)
    AgentFactory(login="n2", team=team, state="READY")
    step = play_one("internal_message", {"recipient": "team", "name": "$(t)", "message": "Hello"}, t="Night")
    assert step.outcome == {"to": ["n1", "n2"], "told": 2}


def test_the_agent_of_the_call_is_told_in_its_branch() -> None:
    interaction = offered(
        block("call", "connect_call", None, answered="one", next="connect"),
        block("one", "internal_message", {"message": "Hi"}),
    )
    flow.work(flow.report("answered", agent="agent1"))
    assert step_of(interaction).outcome["to"] == ["agent1"]


@pytest.mark.parametrize(
    "settings", [{"recipient": "agent", "name": "nobody"}, {"recipient": "team", "name": "None"}, {}]
)
def test_where_there_is_nobody_to_tell_the_exit_says_so(settings: dict[str, Any]) -> None:
    assert play_one("internal_message", {**settings, "message": "x"}).exit == "no_data"
    assert "login of the agent" in refused("internal_message", {"recipient": "agent", "message": "x"})


def test_old_messages_are_forgotten() -> None:
    play_one("internal_message", {"recipient": "agent", "name": "agent1", "message": "x"})
    assert messages.prune() == 0
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert messages.prune() == 1


# -- Identify Contact


@pytest.mark.parametrize(
    ("by", "value"),
    [("phone", "$(item.customerPhone)"), ("phone", "(415) 555-0132"), ("email", "ANN@example.com"), ("id", "$(id)")],
)
def test_one_contact_becomes_that_of_the_interaction(by: str, value: str) -> None:
    contact = ContactFactory(first_name="Ann", last_name="Lee", email="ann@example.com", phones=["+14155550132"])
    step = play_one("identify_contact", {"by": by, "value": value}, id=str(contact.pk))
    assert (step.exit, step.outcome["contact"]) == ("next", "Ann Lee")
    interaction = Interaction.objects.get()
    assert interaction.contact == contact
    assert interaction.caller["name"] == "Ann Lee"


def test_a_second_address_of_a_contact_identifies_it_too_and_names_the_caller() -> None:
    contact = ContactFactory(first_name="Ann", last_name="Lee", email="", phones=[])
    contact.emails.create(address="ann@example.net")
    step = play_one("identify_contact", {"by": "email", "value": "$(m)"}, m="ann@example.net")
    assert step.exit == "next"
    caller = Interaction.objects.get().caller
    assert (caller["name"], caller["status"]) == ("Ann Lee", "matched")
    assert "ann@example.net is that of Ann Lee" in caller["rule"]


def test_of_several_contacts_none_is_taken() -> None:
    ContactFactory(phones=["+14155550132"])
    ContactFactory(phones=["+14155550132"])
    step = play_one("identify_contact", {"recordset": "c"})
    assert (step.exit, step.run.variables["c"]["count"]) == ("several", 2)
    assert Interaction.objects.get().contact is None


@pytest.mark.parametrize(
    ("by", "value"),
    [("phone", "$(nothing)"), ("phone", "anonymous"), ("email", "x@y.example"), ("id", "1; drop"), ("id", "٣")],
)
def test_nobody_is_found_without_raising(by: str, value: str) -> None:
    assert play_one("identify_contact", {"by": by, "value": value}).exit == "no_data"


# -- EMail

MAIL = {"to": "boss@example.com", "subject": "Call $(x)", "body": "It failed: $(x)"}


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A mail server in memory: `fault` is raised instead of taking the mail, `open` instead of connecting."""
    told: dict[str, Any] = {}
    taken = EmailBackend.send_messages

    def send_messages(self: Any, mails_: Any) -> int:
        for fault in filter(None, [told.get("fault")]):
            raise fault
        return taken(self, mails_)

    def open_(self: Any) -> None:
        for fault in filter(None, [told.get("open")]):
            raise fault

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    monkeypatch.setattr(EmailBackend, "send_messages", send_messages)
    monkeypatch.setattr(EmailBackend, "open", open_)
    outbox.outbox = []
    yield told


def sent() -> list[Any]:
    return outbox.outbox


def mailed(**settings: str) -> OutgoingMail:
    step = play_one("email", {**MAIL, **settings}, x="a\r\nBcc: evil@example.com")
    assert step.exit == "next"
    return OutgoingMail.objects.get()


def test_a_mail_is_a_row_first_and_leaves_afterwards(server: dict[str, Any]) -> None:
    mail = mailed()
    assert (mail.status, sent()) == ("waiting", [])
    assert mails.send(mail.pk).status == "sent"
    assert mails.send(mail.pk).status == "sent"
    (message,) = sent()
    assert message.subject == "Call a Bcc: evil@example.com"
    assert message.recipients() == ["boss@example.com"]
    assert message.message()["Bcc"] is None
    assert mail.key.replace(":", ".") in message.message()["Message-ID"]


def test_a_mail_server_that_is_away_gets_it_later(server: dict[str, Any]) -> None:
    mail = mailed()
    for fault in (ConnectionRefusedError(), TimeoutError(), smtplib.SMTPAuthenticationError(535, b"no")):
        server["open"] = fault
        OutgoingMail.objects.update(not_before=None)
        waiting = mails.send(mail.pk)
        assert (waiting.status, sent()) == ("waiting", [])
        assert waiting.not_before > timezone.now()
    server.clear()
    assert mails.send_due() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=15)):
        assert mails.send_due() == 1
        assert mails.send(mail.pk).status == "sent"
    assert len(sent()) == 1


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (smtplib.SMTPDataError(451, b"greylisted"), "waiting"),
        (smtplib.SMTPRecipientsRefused({"boss@example.com": (450, b"later")}), "waiting"),
        (smtplib.SMTPDataError(554, b"spam"), "failed"),
        (smtplib.SMTPSenderRefused(553, b"who", "x"), "failed"),
        (smtplib.SMTPRecipientsRefused({"boss@example.com": (550, b"unknown")}), "failed"),
        (smtplib.SMTPServerDisconnected("gone"), "uncertain"),
        (TimeoutError(), "uncertain"),
        (ZeroDivisionError(), "failed"),
    ],
)
def test_what_the_server_says_decides_and_a_person_can_have_it_sent_again(
    fault: Exception, status: str, server: dict[str, Any]
) -> None:
    mail = mailed()
    server["fault"] = fault
    mail = mails.send(mail.pk)
    assert mail.status == status and mail.error
    server.clear()
    if status == "waiting":
        OutgoingMail.objects.update(not_before=None)
    else:
        assert mails.send(mail.pk).status == status, "nobody repeats it by himself"
        assert mails.send_again(mail)
    assert mails.send(mail.pk).status == "sent"
    assert not mails.send_again(mail)


def test_a_worker_that_dies_while_sending_leaves_a_mail_that_nobody_repeats(server: dict[str, Any]) -> None:
    mail = mailed()

    class Killed(BaseException):
        pass

    server["fault"] = Killed()
    with pytest.raises(Killed):
        mails.send(mail.pk)
    server.clear()
    OutgoingMail.objects.update(lease_owner="", leased_until=None)
    mail = mails.send(mail.pk)
    assert mail.status == "uncertain" and "interrupted" in mail.error
    assert sent() == []


def test_a_mail_that_somebody_else_is_sending_is_left_to_them(server: dict[str, Any]) -> None:
    mail = mailed()
    OutgoingMail.objects.update(lease_owner="x", leased_until=timezone.now() + timedelta(seconds=9))
    assert mails.send(mail.pk).status == "waiting"
    assert mails.send_due() == 0


def test_a_replayed_block_writes_one_mail(server: dict[str, Any]) -> None:
    mail = mailed()
    again = mails.queue(mail.interaction, to=["x@example.com"], subject="x", body="x", key=mail.key)
    assert (again.pk, again.to) == (mail.pk, ["boss@example.com"])


@pytest.mark.parametrize(
    "value",
    ["a@example.com, evil@example.com", "x", "a@example.com\nBcc: b@example.com", "", "a@example.com;b@c.example"],
)
def test_a_variable_is_one_address_or_none(value: str) -> None:
    step = play_one("email", {**MAIL, "to": "$(m)"}, m=value)
    assert step.exit == "failed"
    assert not OutgoingMail.objects.exists()


def test_several_addresses_are_written_by_the_author(server: dict[str, Any]) -> None:
    assert mailed(to="boss@example.com, $(nothing); other@example.com,boss@example.com").to == [
        "boss@example.com", "other@example.com",
    ]  # fmt: skip


def test_a_page_of_somebody_elses_chat_digits_is_not_possible() -> None:
    with pytest.raises(NotPossible):
        desk.type_digits(AgentFactory(login="agent9"), "no-id", "1")


@given(st.text(max_size=60))
def test_no_value_becomes_another_header(value: str) -> None:
    from django.core.mail import EmailMessage

    from contactcenter.scenarios.substitution import substitute

    subject = substitute("Call of $(x) at $(x)", lambda name: value, "header")
    written = EmailMessage(subject, "body", "a@example.com", ["b@example.com"]).message().as_bytes()
    head = written.split(b"\n\n")[0]
    names = [line.split(b":")[0] for line in head.split(b"\n") if line[:1] not in (b" ", b"\t")]
    assert names == [
        b"Content-Type",
        b"MIME-Version",
        b"Content-Transfer-Encoding",
        b"Subject",
        b"From",
        b"To",
        b"Date",
        b"Message-ID",
    ]
