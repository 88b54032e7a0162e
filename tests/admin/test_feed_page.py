"""The page of a feed: honest about gaps, readable without colour and without a script."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contactcenter.feeds.history import note
from contactcenter.models import FeedState, NotReadyReason
from integrations.models import IntegrationAccount
from tests.factories import AccountFactory, AgentFactory, ApiCallFactory, FeedStateFactory, UserFactory

pytestmark = pytest.mark.django_db


def url(account: IntegrationAccount, more: str = "") -> str:
    return f"/admin/integrations/integrationaccount/{account.pk}/feed/{more}"


def page(console: Client, account: IntegrationAccount, more: str = "", **headers: Any) -> str:
    answer = console.get(url(account, more), headers=headers)
    assert answer.status_code == 200
    return str(answer.content.decode())


def fed(provider: str = "wfm_http", *, quiet: float = 3.0, **more: Any) -> FeedState:
    now = timezone.now()
    made: FeedState = FeedStateFactory(
        account=AccountFactory(provider=provider, properties={}, name="Our WFM"),
        interval=10, sent=5, quiet_since=now - timedelta(seconds=quiet), last_sent_at=now, **more,
    )  # fmt: skip
    return made


def test_a_feed_in_order_says_so(console):
    feed = fed(last_kind="full", last_agents=500, last_size=51_200)
    note(feed, timezone.now(), sent=1, waited=[2.0, 3.0])
    text = page(console, feed.account)
    assert "The receiver is up to date." in text and "500 agents" in text and "50.0\xa0KB" in text
    assert "half within 2.0 s, 99 % within 3.0 s, longest 3.0 s" in text
    assert 'role="img" aria-label="1 min in order' in text and "No gap in this time." in text


@pytest.mark.parametrize(
    ("provider", "words"), [("wfm_http", "the receiver answered that it took it"), ("wfm_aspect", "its system took it")]
)
def test_it_says_what_is_known_of_an_update_that_arrived_and_how_many_it_should_have(console, provider, words):
    AgentFactory(login="ava", state="READY")
    AgentFactory(login="out", state="LOGGED_OUT")
    feed = fed(provider, due_at=timezone.now() + timedelta(seconds=7))
    text = page(console, feed.account)
    assert words in text and "in 6 s" in text
    assert "<dt>Logged in now</dt><dd>1 agent " in text


def test_a_recorder_gets_no_picture_of_who_is_logged_in(console):
    assert "Logged in now" not in page(console, fed("nice").account)


def test_a_gap_is_shown_although_errors_are_ignored(console):
    feed = fed(quiet=250, consecutive_failures=24, last_error="The receiver is away.")
    text = page(console, feed.account)
    assert "Gap: the receiver has heard nothing for 4 min 10 s." in text
    assert "The receiver is away." in text and "24 updates have failed" in text and "until now" in text
    assert "strip-gap" in text


def test_what_does_not_arrive_is_listed_but_not_asked_for_every_two_seconds(console, monkeypatch):
    reason = NotReadyReason.objects.create(key="yoga", name="Yoga")
    AgentFactory(login="ava", state="NOT_READY", reason=reason)
    feed = fed()
    assert "“Yoga” has no code" in page(console, feed.account)
    monkeypatch.setattr("contactcenter.admin.feed_page.snapshot", lambda: pytest.fail("a picture for a fragment"))
    fragment = page(console, feed.account, "?t=24h", **{"X-Fragment": "1"})
    assert (
        fragment.startswith('<div class="feed-page" data-live=')
        and "?t=24h" in fragment
        and 'data-every="15000"' in fragment
        and "<html" not in fragment
    )


def test_what_the_receiver_said_is_shown(console):
    over_tcp = fed("wfm_aspect", last_heard="ERR \\x00", last_heard_at=timezone.now())
    assert "ERR \\x00" in page(console, over_tcp.account)
    IntegrationAccount.objects.all().delete()
    over_http = fed()
    ApiCallFactory(account=over_http.account, status=503)
    assert "503" in page(console, over_http.account)


def test_before_the_first_tick_and_for_others(console):
    account = AccountFactory(provider="wfm_http", properties={})
    assert "Nothing was planned yet." in page(console, account)
    other = AccountFactory(provider="zapier", properties={})
    assert console.get(url(other)).status_code == 404


def test_a_disabled_account_is_told_as_such(console):
    feed = fed(quiet=5000)
    IntegrationAccount.objects.update(enabled=False)
    assert "The account is disabled" in page(console, feed.account)


def test_only_those_who_may_look_at_accounts_see_it(client):
    feed = fed()
    client.force_login(UserFactory(is_staff=True))
    assert client.get(url(feed.account)).status_code == 403


def test_the_account_page_leads_there(console):
    feed = fed()
    change = f"/admin/integrations/integrationaccount/{feed.account_id}/change/"
    assert url(feed.account) in console.get(change).content.decode()


def test_the_limit_of_the_alert_is_a_setting(console):
    answer = console.get("/admin/contactcenter/contactcenter/1/change/")
    assert "Alert after failed updates" in answer.content.decode()
