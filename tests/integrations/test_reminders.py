"""Reminders: 30, 7 and 1 days ahead, each once, to those who may change accounts."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import connection
from django.utils import timezone
from time_machine import travel

from integrations import account_mails
from integrations.expiry import reminders
from integrations.expiry.expiries import Expiry
from integrations.models import IntegrationAccount, OAuthToken, Reminder
from tests.factories import AdminFactory, OAuthTokenFactory, UserFactory

from .conftest import make_plain, make_rotating
from .throwaway import Plain, Rotating

pytestmark = pytest.mark.django_db(transaction=True)
START = datetime(2027, 3, 1, 9, 30, tzinfo=timezone.get_default_timezone())
END = START + timedelta(days=40)


class Certified(Plain):
    """Its certificate ends on a day that the test sets."""

    key = "certified"
    ends = END

    def expiries(self) -> list[Expiry]:
        return [Expiry("Signing certificate", self.ends, "Nobody can sign in any more.")]


@pytest.fixture(autouse=True)
def known(register_provider: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for provider in (Plain, Rotating, Certified):
        register_provider(provider)
    monkeypatch.setattr(Certified, "ends", END)


@pytest.fixture
def account(transactional_db: None) -> IntegrationAccount:
    AdminFactory(username="ada", email="ada@example.com", first_name="Ada", last_name="Ministra")
    made = make_plain("http://vendor", name="Our log-in")
    IntegrationAccount.objects.update(provider="certified")
    return made


def at(days_before: float) -> Any:
    return travel(END - timedelta(days=days_before), tick=False)


def told(days_before: float) -> list[str]:
    """Subjects of the mails that a turn at that moment sends."""
    mail.outbox.clear()
    with at(days_before):
        reminders.remind()
    return [message.subject for message in mail.outbox]


def test_three_reminders_go_out_each_once(account: IntegrationAccount) -> None:
    subjects = {days: told(days) for days in (40, 30.5, 30, 29.9, 20, 7, 6.5, 2, 1, 0.9, 0.01, -1)}
    assert {days: found[0] for days, found in subjects.items() if found} == {
        30: "Our log-in: Signing certificate ends in 30 days",
        7: "Our log-in: Signing certificate ends in 7 days",
        1: "Our log-in: Signing certificate ends tomorrow",
    }
    assert sorted(Reminder.objects.values_list("days", flat=True)) == [1, 7, 30]


def test_the_mail_says_what_then_and_where_to_go(account: IntegrationAccount, settings: Any) -> None:
    settings.PUBLIC_URL = "https://cc.example.com"
    assert told(7)
    (message,) = mail.outbox
    assert message.to == ["Ada Ministra <ada@example.com>"]
    for words in (
        "Our log-in: Signing certificate ends in 7 days, on 10 Apr 2027.",
        "Nobody can sign in any more.",
        f"https://cc.example.com/admin/integrations/integrationaccount/{account.pk}/change/",
    ):
        assert words in message.body


def test_after_an_outage_only_the_closest_reminder_goes_out(account: IntegrationAccount) -> None:
    assert told(5) == ["Our log-in: Signing certificate ends in 5 days"]
    assert Reminder.objects.get().days == 7


def test_a_certificate_that_was_renewed_is_not_told_any_more(
    account: IntegrationAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(30)
    monkeypatch.setattr(Certified, "ends", END + timedelta(days=365))
    assert (told(7), told(1)) == ([], [])
    assert len(told(30 - 365)) == 1


def test_what_was_noted_and_not_sent_before_the_renewal_is_dropped(
    account: IntegrationAccount, monkeypatch: pytest.MonkeyPatch, mail_server_is_away: Any
) -> None:
    with mail_server_is_away:
        assert told(7) == []
    assert Reminder.objects.get().sent_at is None
    monkeypatch.setattr(Certified, "ends", END + timedelta(days=365))
    assert told(6.9) == []
    assert not Reminder.objects.exists()


@pytest.fixture
def mail_server_is_away(monkeypatch: pytest.MonkeyPatch) -> Any:
    from contextlib import contextmanager

    @contextmanager
    def away() -> Any:
        with monkeypatch.context() as patch:
            patch.setattr("django.core.mail.EmailMessage.send", refuse)
            yield

    def refuse(*args: Any, **options: Any) -> None:
        raise ConnectionRefusedError

    return away()


def test_a_mail_server_that_is_away_delays_and_loses_nothing(
    account: IntegrationAccount, mail_server_is_away: Any, caplog: Any
) -> None:
    with mail_server_is_away:
        assert told(7) == []
    assert "ConnectionRefusedError" in caplog.text
    assert told(6.9) == ["Our log-in: Signing certificate ends in 7 days"]
    assert told(6.8) == []


def test_many_at_once_are_one_mail(account: IntegrationAccount) -> None:
    for number in range(3):
        make_plain("http://vendor", name=f"More {number}")
    IntegrationAccount.objects.update(provider="certified")
    assert told(7) == ["Integration accounts: 4 things end soon"]
    assert "More 2: Signing certificate ends in 7 days" in mail.outbox[0].body


def test_two_schedulers_at_once_send_one_mail(account: IntegrationAccount) -> None:
    def turn() -> None:
        try:
            reminders.remind()
        finally:
            connection.close()

    with at(7):
        threads = [threading.Thread(target=turn) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(mail.outbox) == 1
    assert Reminder.objects.get().sent_at is not None


def test_after_a_crash_while_sending_the_same_mail_comes_again_under_the_same_id(
    account: IntegrationAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: Any) -> bool:
        reminders.message(*args, ["ada@example.com"]).send()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, at(7):
        patch.setattr(reminders, "_mailed", killed)
        with pytest.raises(KeyboardInterrupt):
            reminders.remind()
    (first,) = mail.outbox
    assert told(6.9999) == [], "the dead process may still be at it"
    assert len(told(6.99)) == 1
    assert mail.outbox[0].extra_headers["Message-ID"] == first.extra_headers["Message-ID"]
    assert told(6.9) == []


def test_only_staff_with_the_right_to_change_accounts_are_told(account: IntegrationAccount) -> None:
    right = Permission.objects.get(codename="change_integrationaccount")
    for name, staff, granted in (("ben", True, True), ("cleo", True, False), ("dan", False, True)):
        user = UserFactory(username=name, is_staff=staff, email=f"{name}@example.com")
        if granted:
            user.user_permissions.add(right)
    AdminFactory(username="silent", email="")
    AdminFactory(username="gone", is_active=False)
    told_to = [address.partition("<")[2] for address in account_mails.recipients()]
    assert told_to == ["ada@example.com>", "ben@example.com>"]


def test_without_anybody_to_tell_the_reminder_waits(account: IntegrationAccount, caplog: Any) -> None:
    from django.contrib.auth import get_user_model

    get_user_model().objects.update(email="")
    assert told(7) == []
    assert "1 reminders wait" in caplog.text
    get_user_model().objects.update(email="ada@example.com")
    assert len(told(6.9)) == 1


@pytest.mark.parametrize("changes", [{"enabled": False}, {"simulated": True}])
def test_accounts_that_nobody_uses_wake_nobody(account: IntegrationAccount, changes: dict[str, bool]) -> None:
    IntegrationAccount.objects.update(**changes)
    assert told(7) == []


def test_a_refresh_token_that_lives_a_week_is_not_told_at_every_renewal(account: IntegrationAccount) -> None:
    IntegrationAccount.objects.all().delete()
    row = OAuthTokenFactory(
        account=make_rotating("http://vendor"), refresh_used_at=END - timedelta(days=7), refresh_expires_at=END
    )
    assert told(6.9) == []
    OAuthToken.objects.filter(pk=row.pk).update(refresh_used_at=END - timedelta(days=100))
    assert told(6.9) == ["Rotating: Refresh token ends in 7 days"]


def test_reminders_of_long_ago_are_forgotten(account: IntegrationAccount) -> None:
    told(7)
    with at(-300):
        assert reminders.prune() == 0
    with at(-401):
        assert reminders.prune() == 1
