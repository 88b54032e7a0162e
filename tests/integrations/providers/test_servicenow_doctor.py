"""Test connection on ServiceNow, fault by fault: stage, cause, who acts and what to click, then green again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integrations.diagnosis.verdict import NETWORK, THEIR_ADMINISTRATOR, VENDOR, YOU, Verdict
from integrations.errors import Cause, Stage
from integrations.models import Health, IntegrationAccount
from integrations.simulators.server import running
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor, make_account
from tests.simulators import certificate

pytestmark = pytest.mark.django_db(transaction=True)
HERE = ["127.0.0.0/8"]


def verdict_of(account: IntegrationAccount) -> Verdict:
    found = IntegrationAccount.objects.get(pk=account.pk).connect().test_connection().verdict
    assert isinstance(found, Verdict)
    return found


def heals(account: IntegrationAccount) -> None:
    verdict = verdict_of(account)
    assert verdict.ok, verdict
    assert verdict.message == "Connection is valid (Integration User (integration.user))"
    stored = IntegrationAccount.objects.get(pk=account.pk)
    assert (stored.health, stored.identity) == (Health.OK, "Integration User (integration.user)")


@pytest.mark.parametrize(
    ("fault", "path", "stage", "cause", "who", "click"),
    [
        ("bad_credentials", "/oauth", Stage.AUTHENTICATION, Cause.BAD_CREDENTIALS, YOU, "Application Registry"),
        ("hibernating", "", Stage.ANSWER, Cause.ASLEEP, YOU, "developer.servicenow.com"),
        ("offline", "/api", Stage.ANSWER, Cause.ASLEEP, YOU, "developer.servicenow.com"),
        ("missing_permission", "/api", Stage.PERMISSION, Cause.NO_PERMISSION, THEIR_ADMINISTRATOR, "Access Control"),
        ("ip_restricted", "/api", Stage.PERMISSION, Cause.IP_RESTRICTED, THEIR_ADMINISTRATOR, "IP Address"),
        ("rate_limit", "/api", Stage.LIMITS, Cause.RATE_LIMITED, THEIR_ADMINISTRATOR, "Rate Limit Rules"),
        ("server_error", "/api", Stage.ANSWER, Cause.REMOTE_ERROR, VENDOR, "support.servicenow.com"),
    ],
)
def test_a_fault_has_its_verdict_and_heals(
    account: IntegrationAccount,
    servicenow: Vendor,
    fault: str,
    path: str,
    stage: Stage,
    cause: Cause,
    who: str,
    click: str,
) -> None:
    servicenow.fault(fault, path=path)
    verdict = verdict_of(account)
    assert (verdict.stage, verdict.cause, verdict.who) == (stage, cause, who)
    assert any(click in step for step in verdict.clicks)
    assert verdict.next_step in verdict.forward and "ServiceNow" in verdict.forward
    servicenow.healthy()
    heals(account)


def test_a_missing_right_is_told_by_table(account: IntegrationAccount, servicenow: Vendor) -> None:
    servicenow.allow("incident", "create")
    verdict = verdict_of(account)
    assert (verdict.cause, verdict.who) == (Cause.NO_PERMISSION, THEIR_ADMINISTRATOR)
    assert "incident" in verdict.message
    assert [step.text for step in verdict.passed][-1] == "sys_user: may be read"
    servicenow.allow("incident", "read")
    heals(account)


def test_a_wrong_secret_is_told_with_every_possible_cause(servicenow: Vendor) -> None:
    account = make_account(secret="wrong-canary-secret")
    verdict = verdict_of(account)
    assert (verdict.cause, verdict.who) == (Cause.BAD_CREDENTIALS, YOU)
    assert "canary" not in repr(verdict)
    account.apply(account.properties, {"client_secret": "demo-client-secret"})
    account.save()
    heals(account)


def test_an_account_that_nobody_authorised_says_which_button(servicenow: Vendor) -> None:
    account = make_account(grant_type="password")
    verdict = verdict_of(account)
    assert (verdict.cause, verdict.who) == (Cause.NEVER_AUTHORISED, YOU)
    assert "Request Refresh Token" in verdict.next_step
    assert IntegrationAccount.objects.get().health == Health.NEEDS_AUTHORISATION
    account.connect().request_refresh_token(username="integration.user", password="demo-password")
    heals(account)


def test_a_failed_dialog_explains_itself_like_the_test(servicenow: Vendor) -> None:
    account = make_account(grant_type="password")
    result = account.connect().request_refresh_token(username="integration.user", password="wrong")
    assert result.verdict.cause == Cause.BAD_CREDENTIALS
    assert any("Application Registry" in step for step in result.verdict.clicks)


def test_incomplete_settings_stop_before_anything_is_sent(account: IntegrationAccount, servicenow: Vendor) -> None:
    account.simulated = False
    account.save()
    verdict = verdict_of(account)
    assert (verdict.stage, verdict.cause) == (Stage.SETTINGS, Cause.INCOMPLETE)
    assert servicenow.arrived() == []
    account.simulated = True
    account.save()
    heals(account)


@pytest.mark.parametrize(
    ("url", "stage", "cause", "who"),
    [
        ("https://no-such-instance.invalid", Stage.NAME, Cause.WRONG_HOST, YOU),
        ("https://127.0.0.1", Stage.NAME, Cause.BLOCKED_ADDRESS, NETWORK),
        ("https://169.254.169.254", Stage.NAME, Cause.BLOCKED_ADDRESS, NETWORK),
    ],
)
def test_a_wrong_or_forbidden_address_is_told(
    servicenow: Vendor, url: str, stage: Stage, cause: Cause, who: str
) -> None:
    account = make_account(instance_url=url)
    IntegrationAccount.objects.update(simulated=False)
    verdict = verdict_of(account)
    assert (verdict.stage, verdict.cause, verdict.who) == (stage, cause, who)
    assert servicenow.arrived() == []
    IntegrationAccount.objects.update(simulated=True)
    heals(account)


def test_a_certificate_of_nobody_known_is_refused_until_its_authority_is_entered(
    tmp_path: Path, settings: Any, vendor: Callable[[str], Vendor]
) -> None:
    settings.INTEGRATIONS_ALLOWED_NETWORKS = HERE
    signed, key = certificate.write(tmp_path)
    with running(certificate=signed, private_key=key) as address:
        properties: dict[str, Any] = {"url": f"{address}/wfm_http/feed"}
        account = AccountFactory(provider="wfm_http", name="On premises", simulated=False, properties=properties)
        refused = verdict_of(account)
        assert (refused.stage, refused.cause) == (Stage.TLS, Cause.TLS_FAILED)
        IntegrationAccount.objects.update(properties={**properties, "ca_certificate": Path(signed).read_text()})
        assert verdict_of(account).ok
