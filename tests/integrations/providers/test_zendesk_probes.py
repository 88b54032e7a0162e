"""Test connection on Zendesk: a good status proves nothing, because strangers get one too."""

import pytest

from integrations.errors import AuthenticationFailed, Cause, Stage
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.zendesk import CLIENT, SECRET, TOKEN, connect, sent

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_says_who_we_are_what_works_and_what_is_left(zendesk: Vendor) -> None:
    passed = list(connect().probes())
    assert [step.stage for step in passed] == [Stage.AUTHENTICATION, Stage.PERMISSION, Stage.PERMISSION, Stage.LIMITS]
    assert passed[0].text == "Signed in as Integration User, integration@example.com, admin"
    assert passed[1].text == "The search works: 13 customers"
    assert passed[3].text == "697 of 700 calls are left in this minute"


def test_it_never_writes(zendesk: Vendor) -> None:
    list(connect().probes())
    assert {exchange["method"] for exchange in zendesk.arrived()} == {"GET"}
    assert zendesk.warnings() == []


def test_switched_off_token_access_is_an_anonymous_visitor_and_is_told(zendesk: Vendor) -> None:
    zendesk.settings(token_access=False)
    provider = connect(secrets=TOKEN)
    verdict = provider.test_connection().verdict
    assert verdict is not None and verdict.cause == Cause.API_DISABLED
    assert "anonymous" in verdict.message and "Allow API token access" in " ".join(verdict.clicks)
    assert sent(zendesk, "GET", "/users/me.json")[0]["status"] == 200
    zendesk.settings(token_access=True)
    assert provider.test_connection().ok


@pytest.mark.parametrize(
    ("user", "cause", "words"),
    [
        ("suspended@example.com", Cause.BAD_CREDENTIALS, "is suspended"),
        ("don.goodliffe@example.com", Cause.NO_PERMISSION, "is a customer"),
        ("light@example.com", Cause.NO_PERMISSION, "light agent"),
    ],
)
def test_a_user_who_cannot_work_for_us_is_told_by_its_role(
    zendesk: Vendor, user: str, cause: Cause, words: str
) -> None:
    with pytest.raises(AuthenticationFailed, match=words) as refusal:
        list(connect(user_name=user).probes())
    assert refusal.value.cause == cause


def test_an_agent_will_do(zendesk: Vendor) -> None:
    assert connect(user_name="agent1@example.com").test_connection().ok


def test_a_token_that_may_read_tickets_only_fails_at_the_user(zendesk: Vendor) -> None:
    provider = connect(secrets=SECRET, authorization_type="client_credentials", scope="write", **CLIENT)
    verdict = provider.test_connection().verdict
    assert verdict is not None and verdict.cause == Cause.NO_PERMISSION
    assert "scope read" in verdict.message and "Allowed scopes" in " ".join(verdict.clicks)


@pytest.mark.parametrize("answer", ["truncated", "wrong_shape"])
@pytest.mark.parametrize("path", ["/api/v2/users/me", "/api/v2/search/count", "/api/v2/tickets"])
def test_every_step_notices_a_damaged_answer(zendesk: Vendor, answer: str, path: str) -> None:
    provider = connect()
    zendesk.fault(answer, path=path)
    assert not provider.test_connection().ok
    zendesk.healthy()
    assert provider.test_connection().ok
