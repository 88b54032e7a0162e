"""One writer of the health of an account, and a log of changes instead of states."""

import logging
from typing import Any

import pytest

from integrations.diagnosis import health
from integrations.errors import AuthenticationFailed, Cause, Unavailable
from integrations.models import Health, IntegrationAccount

pytestmark = pytest.mark.django_db(transaction=True)
GONE = Unavailable("gone", cause=Cause.UNREACHABLE)
REVOKED = AuthenticationFailed("no", cause=Cause.REFRESH_REVOKED)


def test_an_account_goes_from_unknown_over_failing_to_working(plain: IntegrationAccount) -> None:
    assert plain.health == Health.UNKNOWN
    health.failed(plain, GONE)
    health.failed(plain, GONE)
    assert (plain.health, plain.health_cause, plain.consecutive_failures) == (Health.FAILING, "unreachable", 2)
    health.succeeded(plain, "Ada")
    stored = IntegrationAccount.objects.get(pk=plain.pk)
    assert (stored.health, stored.health_message, stored.identity) == (Health.OK, "", "Ada")
    assert stored.consecutive_failures == 0
    assert stored.last_error_at is not None
    assert stored.last_success_at is not None


def test_changes_are_logged_and_states_are_not(plain: IntegrationAccount, caplog: Any) -> None:
    caplog.set_level(logging.INFO, "integrations.diagnosis.health")
    for step in (GONE, GONE, REVOKED, REVOKED, None, None, GONE):
        health.failed(plain, step) if step else health.succeeded(plain)
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "INFO", "WARNING"]


def test_two_processes_that_see_the_same_failure_log_it_once(plain: IntegrationAccount, caplog: Any) -> None:
    other = IntegrationAccount.objects.get(pk=plain.pk)
    health.failed(plain, GONE)
    health.failed(other, GONE)
    assert len(caplog.records) == 1


def test_what_only_a_person_can_mend_is_told_as_such(plain: IntegrationAccount) -> None:
    health.failed(plain, REVOKED)
    assert plain.health == Health.NEEDS_AUTHORISATION


def test_the_moment_of_the_change_stays_while_the_state_does(plain: IntegrationAccount) -> None:
    health.failed(plain, GONE)
    since = plain.health_changed_at
    health.failed(plain, GONE)
    assert plain.health_changed_at == since
