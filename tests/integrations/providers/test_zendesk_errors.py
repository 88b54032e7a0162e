"""What Zendesk's answers mean. One file per condition in tests/fixtures/zendesk: bodies in the three shapes that
developer.zendesk.com documents, and web pages whose words are assumptions."""

from pathlib import Path

import pytest
import requests

from integrations import pauses
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage, Unavailable
from integrations.providers.zendesk import errors
from integrations.providers.zendesk.advice import ADVICE
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.zendesk import connect

FIXTURES = Path(__file__).parents[2] / "fixtures" / "zendesk"
URL = "https://acme.zendesk.com/api/v2/tickets/35436.json"
KINDS = {".html": "text/html; charset=utf-8", ".json": "application/json; charset=utf-8", ".txt": "text/plain"}


def answer(name: str, *, scheme: str = "Bearer", **headers: str) -> requests.Response:
    response = requests.Response()
    path = FIXTURES / name
    response.status_code, response._content, response.url = int(name[:3]), path.read_bytes(), URL
    response.headers.update({"Content-Type": KINDS[path.suffix], **headers})
    sent = {"Authorization": f"{scheme} canary", "Accept": "application/json"}
    response.request = requests.Request("PUT", URL, headers=sent).prepare()
    return response


def meaning(name: str, **more: str) -> IntegrationError:
    error = errors.interpret(answer(name, **more))
    assert error is not None
    return error


@pytest.mark.parametrize(
    ("name", "kind", "cause", "stage"),
    [
        ("401_invalid_token.json", AuthenticationFailed, Cause.TOKEN_EXPIRED, Stage.AUTHENTICATION),
        ("403_titled.json", AuthenticationFailed, Cause.NO_PERMISSION, Stage.PERMISSION),
        ("403_described.json", AuthenticationFailed, Cause.NO_PERMISSION, Stage.PERMISSION),
        ("403_listed.json", AuthenticationFailed, Cause.NO_PERMISSION, Stage.PERMISSION),
        ("403_missing_scope.json", AuthenticationFailed, Cause.NO_PERMISSION, Stage.PERMISSION),
        ("403_suspended.html", AuthenticationFailed, Cause.API_DISABLED, Stage.ANSWER),
        ("404_cancelled.html", AuthenticationFailed, Cause.API_DISABLED, Stage.ANSWER),
        ("404_no_help_desk.html", Unavailable, Cause.WRONG_HOST, Stage.ANSWER),
        ("404_record_not_found.json", Rejected, Cause.NOT_FOUND, Stage.ANSWER),
        ("404_invalid_attribute.txt", Rejected, Cause.NOT_FOUND, Stage.ANSWER),
        ("200_sign_in.html", Unavailable, Cause.WRONG_HOST, Stage.ANSWER),
        ("400_invalid_attribute.json", Rejected, Cause.INVALID_DATA, Stage.ANSWER),
        ("400_idempotent_request.json", Rejected, Cause.CONFLICT, Stage.ANSWER),
        ("409_update_conflict.json", Rejected, Cause.CONFLICT, Stage.ANSWER),
        ("409_database_conflict.json", Unavailable, Cause.REMOTE_ERROR, Stage.ANSWER),
        ("422_record_invalid.json", Rejected, Cause.INVALID_DATA, Stage.ANSWER),
        ("422_closed.json", Rejected, Cause.INVALID_DATA, Stage.ANSWER),
        ("422_search.json", Rejected, Cause.INVALID_DATA, Stage.ANSWER),
        ("429_number_of_requests.txt", RateLimited, Cause.RATE_LIMITED, Stage.LIMITS),
        ("503_search_unavailable.json", Unavailable, Cause.REMOTE_ERROR, Stage.ANSWER),
        ("200_search_unavailable.json", Unavailable, Cause.REMOTE_ERROR, Stage.ANSWER),
        ("503_maintenance.html", Unavailable, Cause.REMOTE_ERROR, Stage.ANSWER),
        ("500_internal_error.json", Unavailable, Cause.REMOTE_ERROR, Stage.ANSWER),
    ],
)
def test_each_answer_has_one_meaning(name: str, kind: type[IntegrationError], cause: Cause, stage: Stage) -> None:
    error = meaning(name)
    assert (type(error), error.cause, error.stage) == (kind, cause, stage)
    assert error.status == int(name[:3])
    assert cause in ADVICE
    assert "canary" not in repr(vars(error))


def test_a_good_answer_means_nothing_bad() -> None:
    assert errors.interpret(answer("200_user.json")) is None


def test_a_refused_api_token_is_told_as_such() -> None:
    error = meaning("401_could_not_authenticate.json", scheme="Basic")
    assert error.cause == Cause.BAD_CREDENTIALS and "API token" in str(error)
    assert error.vendor_code == "Couldn't authenticate you"


@pytest.mark.parametrize("name", ["403_titled.json", "403_described.json", "403_listed.json"])
def test_the_vendors_words_are_passed_on_from_all_three_shapes(name: str) -> None:
    error = meaning(name)
    assert error.vendor_code == "Forbidden"
    assert error.vendor_message.startswith("You do not have access to this page.")


def test_a_missing_scope_is_named() -> None:
    assert "lacks the scope write" in str(meaning("403_missing_scope.json"))


def test_every_refused_field_is_named_and_the_first_is_the_errors() -> None:
    error = meaning("422_record_invalid.json")
    assert isinstance(error, Rejected) and error.field == "requester"
    assert "Requester: Contact Form is suspended." in str(error) and "Priority: is not included" in str(error)


def test_a_closed_ticket_is_told_in_words() -> None:
    assert "closed, which is final" in str(meaning("422_closed.json"))


def test_the_key_of_another_content_may_have_made_a_ticket() -> None:
    assert meaning("400_idempotent_request.json").maybe_done


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "93"}, 93), ({"ratelimit-reset": "41"}, 41), ({}, 60), ({"ratelimit-reset": "soon"}, 60)],
)
def test_the_wait_is_zendesks_own(headers: dict[str, str], seconds: float) -> None:
    error = meaning("429_number_of_requests.txt", **headers)
    assert isinstance(error, RateLimited) and error.retry_after == seconds
    assert "Number of allowed API requests per minute exceeded" in str(error)


@pytest.mark.parametrize(
    ("headers", "whole"),
    [({"X-Rate-Limit-Remaining": "0"}, True), ({"X-Rate-Limit-Remaining": "612"}, False),
     ({"ratelimit-remaining": "612"}, False), ({}, True)],
)  # fmt: skip
def test_calls_that_are_left_say_that_the_limit_is_not_the_accounts(headers: dict[str, str], whole: bool) -> None:
    error = meaning("429_number_of_requests.txt", **headers)
    assert isinstance(error, RateLimited) and error.whole_account is whole


def test_the_last_call_of_a_minute_asks_for_a_pause() -> None:
    good = answer("404_record_not_found.json", **{"ratelimit-remaining": "0", "ratelimit-reset": "41"})
    good.status_code = 200
    with pauses.heard() as told:
        assert errors.interpret(good) is None
    assert told.seconds == 41


def test_maintenance_says_how_long() -> None:
    error = meaning("503_maintenance.html", **{"Retry-After": "120"})
    assert isinstance(error, Unavailable) and error.retry_after == 120
    assert "asks to wait 120 seconds" in str(meaning("503_maintenance.html", **{"Retry-After": "120"}))


FAULTS = [
    ("wrong_subdomain", Cause.WRONG_HOST, "Brands"),
    ("suspended_account", Cause.API_DISABLED, "Billing"),
    ("cancelled_account", Cause.API_DISABLED, "Billing"),
    ("maintenance", Cause.REMOTE_ERROR, "status.zendesk.com"),
    ("search_unavailable", Cause.REMOTE_ERROR, "status.zendesk.com"),
    ("database_conflict", Cause.REMOTE_ERROR, "status.zendesk.com"),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("fault", "cause", "click"), FAULTS)
def test_each_fault_of_the_vendors_own_is_explained_and_heals(
    zendesk: Vendor, fault: str, cause: Cause, click: str
) -> None:
    provider = connect()
    zendesk.fault(fault)
    verdict = provider.test_connection().verdict
    assert verdict is not None and verdict.cause == cause
    assert click in " ".join(verdict.clicks) and verdict.forward
    zendesk.healthy()
    assert provider.test_connection().ok


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("shape", ["titled", "described", "listed"])
def test_a_missing_right_is_told_whatever_the_shape(zendesk: Vendor, shape: str) -> None:
    provider = connect()
    zendesk.fault("missing_permission", options={"shape": shape}, path="/api/v2/tickets")
    verdict = provider.test_connection().verdict
    assert verdict is not None and verdict.cause == Cause.NO_PERMISSION
    assert "do not have access" in verdict.came_back
    zendesk.healthy()
    assert provider.test_connection().ok
