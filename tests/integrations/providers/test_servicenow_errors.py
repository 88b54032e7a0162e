"""What ServiceNow's answers mean. One file per condition in tests/fixtures/servicenow; bodies after the REST API
response codes and inbound rate limiting pages of ServiceNow's documentation and after public connectors' reports."""

import json
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage, Unavailable
from integrations.providers.servicenow import errors
from integrations.providers.servicenow.advice import ADVICE

FIXTURES = Path(__file__).parents[2] / "fixtures" / "servicenow"
TABLE_URL = "https://dev12345.service-now.com/api/now/table/interaction"
CANARY = "canary-6f1d"


def answer(
    name: str, *, method: str = "GET", url: str = TABLE_URL, form: dict[str, str] | None = None
) -> requests.Response:
    response = requests.Response()
    response.status_code = int(name[:3])
    path = FIXTURES / name
    response._content = path.read_bytes()
    response.headers["Content-Type"] = "text/html" if path.suffix == ".html" else "application/json"
    response.url = url
    body = urlencode(form) if form else None
    headers = {"Authorization": f"Bearer {CANARY}"}
    response.request = requests.Request(method, url, data=body, headers=headers).prepare()
    return response


def meaning(name: str, **more: object) -> IntegrationError:
    error = errors.interpret(answer(name, **more))  # type: ignore[arg-type]
    assert error is not None
    return error


@pytest.mark.parametrize(
    ("name", "kind", "cause", "stage"),
    [
        ("401_user_not_authenticated.json", AuthenticationFailed, Cause.TOKEN_EXPIRED, Stage.AUTHENTICATION),
        ("403_acl_insert.json", AuthenticationFailed, Cause.NO_PERMISSION, Stage.PERMISSION),
        ("403_api_acl.json", AuthenticationFailed, Cause.NO_PERMISSION, Stage.PERMISSION),
        ("403_address_policy.json", AuthenticationFailed, Cause.IP_RESTRICTED, Stage.PERMISSION),
        ("403_data_policy.json", Rejected, Cause.INVALID_DATA, Stage.ANSWER),
        ("404_no_record.json", Rejected, Cause.NOT_FOUND, Stage.ANSWER),
        ("404_web_page.html", Rejected, Cause.WRONG_HOST, Stage.ANSWER),
        ("400_invalid_table.json", Rejected, Cause.API_DISABLED, Stage.PERMISSION),
        ("400_other.json", Rejected, Cause.INVALID_DATA, Stage.ANSWER),
        ("429_rate_limit.json", RateLimited, Cause.RATE_LIMITED, Stage.LIMITS),
        ("200_hibernating.html", Unavailable, Cause.ASLEEP, Stage.ANSWER),
        ("200_log_in_page.html", Unavailable, Cause.ASLEEP, Stage.ANSWER),
        ("500_transaction_cancelled.json", Unavailable, Cause.REMOTE_ERROR, Stage.ANSWER),
    ],
)
def test_each_answer_has_one_meaning(name: str, kind: type[IntegrationError], cause: Cause, stage: Stage) -> None:
    error = meaning(name)
    assert type(error) is kind
    assert (error.cause, error.stage, error.status) == (cause, stage, int(name[:3]))
    assert CANARY not in repr(error) + str(error) + repr(vars(error))
    assert cause in ADVICE


def test_a_good_answer_is_no_error() -> None:
    response = answer("404_no_record.json")
    response.status_code = 200
    assert errors.interpret(response) is None


def test_the_second_kind_of_401_is_about_a_password() -> None:
    response = answer("401_user_not_authenticated.json")
    response.request.headers["Authorization"] = "Basic eHg="
    error = errors.interpret(response)
    assert error is not None and error.cause == Cause.BAD_CREDENTIALS


def test_a_second_factor_is_named() -> None:
    response = answer("401_user_not_authenticated.json")
    response.headers["X-MFA_TOKEN"] = "invalid"
    assert "second factor" in str(errors.interpret(response))


def test_a_refusal_names_the_table_and_the_right() -> None:
    assert "create records of interaction" in meaning("403_acl_insert.json", method="POST").message
    assert "read records of interaction" in meaning("403_api_acl.json").message


def test_the_vendors_own_words_are_passed_on() -> None:
    assert "Resolution code" in str(meaning("403_data_policy.json"))
    asleep = meaning("200_hibernating.html")
    assert "asleep" in asleep.message and asleep.vendor_message == "ServiceNow Developers"
    assert meaning("200_log_in_page.html").vendor_message == "Log in to the portal"


def test_the_wait_comes_from_retry_after_or_from_the_next_reset() -> None:
    told = answer("429_rate_limit.json")
    told.headers["Retry-After"] = "17"
    reset = answer("429_rate_limit.json")
    reset.headers["X-RateLimit-Reset"] = str(int(time.time()) + 120)
    for response, low, high in ((told, 17, 17), (reset, 100, 120)):
        error = errors.interpret(response)
        assert isinstance(error, RateLimited)
        assert low <= error.retry_after <= high


@pytest.mark.parametrize(
    ("grant", "cause"),
    [
        ("password", Cause.BAD_CREDENTIALS),
        ("client_credentials", Cause.BAD_CREDENTIALS),
        ("authorization_code", Cause.BAD_CREDENTIALS),
        ("refresh_token", Cause.REFRESH_REVOKED),
    ],
)
def test_access_denied_is_told_with_every_possible_cause(grant: str, cause: Cause) -> None:
    form = {"grant_type": grant, "client_secret": CANARY}
    url = "https://dev12345.service-now.com/oauth_token.do"
    error = errors.token_error(answer("401_token_access_denied.json", method="POST", url=url, form=form))
    assert isinstance(error, AuthenticationFailed)
    assert error.cause == cause
    for possible in ("user name", "Client Secret", "locked", "switched off", "100 days"):
        assert possible in error.message
    assert CANARY not in repr(vars(error))


def test_a_client_without_its_user_is_told_apart() -> None:
    error = errors.token_error(answer("401_token_unauthorized_client.json", method="POST"))
    assert "OAuth Application User" in error.message


def test_a_sleeping_instance_is_no_refusal_of_a_token() -> None:
    assert isinstance(errors.token_error(answer("200_hibernating.html", method="POST")), Unavailable)
    assert isinstance(errors.token_error(answer("500_transaction_cancelled.json", method="POST")), Unavailable)
    assert isinstance(errors.token_error(answer("429_rate_limit.json", method="POST")), RateLimited)


@pytest.mark.parametrize("body", [b"", b"[]", b'"text"', b'{"error": 7}', b"{", b"\xff\xfe"])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_a_body_of_any_shape_still_has_a_meaning(body: bytes, status: int) -> None:
    response = answer("404_no_record.json")
    response.status_code, response._content = status, body
    assert isinstance(errors.interpret(response), IntegrationError)
    assert isinstance(errors.token_error(response), IntegrationError)


def test_every_fixture_is_used() -> None:
    used = Path(__file__).read_text()
    assert [path.name for path in FIXTURES.iterdir() if path.name not in used] == []
    assert all(json.loads(path.read_text()) for path in FIXTURES.glob("*.json"))
