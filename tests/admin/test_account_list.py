"""The list of accounts is a dashboard: everything at a glance, in a constant number of queries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.fields import Sealed
from integrations.models import Health, IntegrationAccount
from tests.factories import AccountFactory, OAuthTokenFactory

LIST = "/admin/integrations/integrationaccount/"


def test_the_list_says_how_each_account_is(console, world):
    page = console.get(LIST).content.decode()
    for words in (
        "ServiceNow demo",
        "Default",
        "Simulated",
        "Failing",
        "may not read &lt;b&gt;incident",
        "Access token",
    ):
        assert words in page


def test_a_solved_error_is_only_a_time(console):
    AccountFactory(health=Health.OK, health_message="an old complaint", last_error_at=timezone.now())
    assert "an old complaint" not in console.get(LIST).content.decode()


def test_the_forecast_counts_unused_days(console):
    now = timezone.now()
    OAuthTokenFactory(refresh_used_at=now - timedelta(days=92), refresh_expires_at=now + timedelta(days=8))
    assert "unused for 92 of 100 days" in console.get(LIST).content.decode()


def test_accounts_without_provider_or_with_locked_secrets_do_not_break_the_list(console, world):
    IntegrationAccount.objects.filter(pk=world.account.pk).update(secrets=Sealed("v1:nonsense"))
    page = console.get(LIST).content.decode()
    assert "Old thing" in page and "vanished" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [("?q=demo", True), ("?q=client-1", False), ("?health__exact=failing", True), ("?type=wfm", False),
     ("?simulated__exact=1", True), ("?enabled__exact=0", False)],
)  # fmt: skip
def test_filters_and_search_by_name_only(console, world, query, found):
    assert ("may not read" in console.get(LIST + query).content.decode()) is found


def test_five_hundred_accounts_cost_as_many_queries_as_five(console):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert console.get(LIST).status_code == 200
        return len(seen)

    for _ in range(5):
        OAuthTokenFactory()
    console.get(LIST)  # the session and content types are in their caches now
    few = queries()
    AccountFactory.create_batch(495)
    assert queries() == few
    assert few <= 8
