"""What ends next: a timeline on the account's page, and over all accounts on the first page."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.marks import until
from tests.factories import AccountFactory, OAuthTokenFactory

from .conftest import account_url


def ending_in(days: float, **account: object):
    now = timezone.now()
    return OAuthTokenFactory(
        account=AccountFactory(**account),
        refresh_used_at=now - timedelta(days=60),
        refresh_expires_at=now + timedelta(days=days),
    )


def test_the_account_page_says_what_ends_when_and_what_then(console: Client):
    page = console.get(account_url(ending_in(5).account)).content.decode()
    assert "What ends when" in page and "in 5 days" in page
    assert "somebody has to authorise the account again" in page
    assert "tone-warn" in page


def test_an_account_without_ends_has_no_timeline(console: Client):
    assert "What ends when" not in console.get(account_url(AccountFactory())).content.decode()


def test_the_first_page_shows_the_next_ends_over_all_accounts_in_order(console: Client):
    for days in (50, 3, 20, 70, 60, 80, 90):
        ending_in(days, name=f"Ends in {days}")
    ending_in(2, name="Switched off", enabled=False)
    page = console.get("/admin/").content.decode()
    block = page[page.index("What ends next") : page.index('id="accounts-title"')]
    shown = [f"Ends in {days}" for days in (3, 20, 50, 60, 70, 80)]
    places = [block.index(name) for name in shown]
    assert places == sorted(places)
    assert "Ends in 90" not in block and "Switched off" not in block


def test_nothing_that_ends_is_no_block(console: Client):
    AccountFactory()
    assert "What ends next" not in console.get("/admin/").content.decode()


def test_the_first_page_costs_as_many_queries_with_many_accounts(console: Client):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            console.get("/admin/")
        return len(seen)

    ending_in(5)
    queries()
    few = queries()
    for days in range(30):
        ending_in(days + 1)
    assert queries() == few


@pytest.mark.parametrize(
    ("days", "words"), [(-3, "3 days ago"), (-1, "1 day ago"), (0, "today"), (1, "tomorrow"), (12, "in 12 days")]
)
def test_days_are_counted_by_the_calendar(days: int, words: str):
    assert until(timezone.now() + timedelta(days=days)) == words


def test_what_ends_within_a_week_needs_attention(console: Client):
    ending_in(5, name="Real", simulated=False)
    ending_in(5, name="Trying out")
    ending_in(8, name="Later", simulated=False)
    page = console.get("/admin/").content.decode()
    attention = page[: page.index("What ends next")]
    assert "Real: Refresh token ends in 5 days" in attention
    assert "Trying out" not in attention and "Later" not in attention


def test_a_hundred_failing_accounts_do_not_bury_the_page(console: Client):
    AccountFactory.create_batch(11, health="failing", health_message="Away.")
    page = console.get("/admin/").content.decode()
    assert page.count("attention-item bad") == 9
    assert "3 more accounts need attention" in page
