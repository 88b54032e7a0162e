"""IBM Watson in general: addresses of both generations, signing in both ways, the refusals of IBM Cloud.

A small service of our own stands for all of them; it is served by the shared part of the simulators."""

import base64
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from django.core.exceptions import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from integrations import catalogue
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, Unavailable
from integrations.http import json_of
from integrations.models import ApiCall, IntegrationAccount, OAuthToken
from integrations.properties import CLEAR
from integrations.property_fields import CaCertificateField, VendorUrlField
from integrations.providers import ibm
from integrations.simulators import ibm as simulated
from integrations.simulators.boards import Board
from integrations.simulators.server import running
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
URL = "https://gateway.watsonplatform.net/tone-analyzer/api"


class Tone(ibm.Watson):
    """A Watson service without any work of its own."""

    key = "tone"
    label = "Watson Tone"
    type = catalogue.NLU
    service = "tone-analyzer"

    class Properties(ibm.WatsonProperties):
        url = VendorUrlField(label="Url", initial=URL, https_only=True, help_text="From the service's credentials.")
        username = ibm.username_field()
        password = ibm.password_field()
        api_key = ibm.api_key_field()
        iam_endpoint = ibm.iam_endpoint_field()
        ca_certificate = CaCertificateField()

    def ask(self) -> Any:
        return json_of(self.http.get("/v1/models", purpose="Models", retry=0))


class ToneSimulator(simulated.WatsonSimulator):
    key = "tone"
    title = "Watson Tone"
    description = "Has no models."
    service = "tone-analyzer"

    def api_routes(self) -> list[BaseRoute]:
        return [Route("/v1/models", self.models, methods=["GET"])]

    async def models(self, request: Request) -> Response:
        return JSONResponse({"models": []}) if self.is_signed_in(request) else simulated.unauthorised()

    def board(self) -> Board:
        return Board(facts=[], tables=[])


@pytest.fixture
def tone(monkeypatch: pytest.MonkeyPatch, settings: Any, register_provider: Callable[[Any], Any]) -> Iterator[Vendor]:
    register_provider(Tone)
    monkeypatch.setattr("integrations.simulators.app.SIMULATORS", (ToneSimulator,))
    with running() as address:
        settings.SIMULATOR_URL = address
        yield Vendor(f"{address}/tone")


def with_key(key: str = simulated.API_KEY, **more: Any) -> IntegrationAccount:
    made: IntegrationAccount = AccountFactory(provider="tone", name="Tone", secrets={"api_key": key}, **more)
    return made


def with_password(password: str = simulated.PASSWORD, **more: Any) -> IntegrationAccount:
    values = {"properties": {"username": simulated.USERNAME}, "secrets": {"password": password}, **more}
    made: IntegrationAccount = AccountFactory(provider="tone", name="Tone", **values)
    return made


def again(account: IntegrationAccount) -> Tone:
    found: Tone = IntegrationAccount.objects.get(pk=account.pk).connect()
    return found


def why_refused(account: IntegrationAccount) -> IntegrationError:
    with pytest.raises(IntegrationError) as failure:
        again(account).ask()
    return failure.value


# -- addresses

ROOT = "https://api.eu-de.natural-language-understanding.watson.cloud.ibm.com/instances/1b2"
ADDRESSES = [
    ("https://gateway.watsonplatform.net/nlu/api/v1/analyze?version=2017-02-27",
     "https://gateway.watsonplatform.net/nlu/api", "/v1/analyze?version=2017-02-27"),
    ("https://stream.watsonplatform.net/nlu/api/v1/", "https://stream.watsonplatform.net/nlu/api", "/v1/"),
    ("wss://stream.watsonplatform.net", "wss://stream.watsonplatform.net/nlu/api", ""),
    ("wss://stream.watsonplatform.net/", "wss://stream.watsonplatform.net/nlu/api", ""),
    (ROOT, ROOT, ""),
    (f"{ROOT}/", ROOT, ""),
    (f"{ROOT}/v1/voices", ROOT, "/v1/voices"),
    ("https://watson.example/v1", "https://watson.example", "/v1"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "root", "below"), ADDRESSES)
def test_an_address_is_taken_apart_in_whatever_form_it_was_entered(url: str, root: str, below: str) -> None:
    assert ibm.split_address(url, "nlu") == (root, below)


MOVES = [
    ("https://gateway.watsonplatform.net/conversation/api/v1/workspaces/",
     "https://api.us-south.assistant.watson.cloud.ibm.com/v1/workspaces/"),
    ("wss://stream-fra.watsonplatform.net", "wss://api.eu-de.assistant.watson.cloud.ibm.com"),
    ("https://gateway-syd.watsonplatform.net/conversation/api", "https://api.au-syd.assistant.watson.cloud.ibm.com"),
    ("https://gateway-xyz.watsonplatform.net/conversation/api", "https://api.us-south.assistant.watson.cloud.ibm.com"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), MOVES)
def test_an_old_address_becomes_that_of_the_same_location(old: str, new: str) -> None:
    assert ibm.is_old(old) and not ibm.is_old(new)
    assert ibm.todays_address(old, "assistant", "conversation") == new


def test_a_host_that_only_looks_like_the_old_one_is_left_alone() -> None:
    assert not ibm.is_old("https://gateway.watsonplatform.net.example/api")
    assert not ibm.is_old("https://notwatsonplatform.net/api")


def test_the_button_moves_an_account_once(tone: Vendor) -> None:
    account = with_password(simulated=False)
    assert again(account).base_url == "https://gateway.watsonplatform.net/tone-analyzer/api"
    move = type(again(account)).move_to_todays_address.action  # type: ignore[attr-defined]
    assert move.applies(again(account))
    result = again(account).move_to_todays_address()
    assert result.ok and "/instances/" in result.message
    assert again(account).base_url == "https://api.us-south.tone-analyzer.watson.cloud.ibm.com"
    assert again(account).properties["username"] == simulated.USERNAME
    assert not move.applies(again(account))


# -- what the form asks for


def problems(properties: dict[str, Any], secrets: dict[str, str]) -> str:
    account = AccountFactory.build(provider="tone", name="Form", properties=properties)
    account.apply(properties, secrets)
    try:
        account.clean()
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def test_an_account_needs_a_key_or_a_user_with_a_password(tone: Vendor) -> None:
    assert "username: This is needed" in problems({}, {})
    assert "password: This is needed" in problems({"username": "u"}, {})
    assert problems({"username": "u"}, {"password": "p"}) == ""
    assert problems({}, {"api_key": "k"}) == ""


def test_clearing_the_key_without_a_password_is_refused(tone: Vendor) -> None:
    form = Tone.Properties(data={"url": URL, "username": "u", "api_key-clear": "on", "api_key": ""})
    form.fields["api_key"].widget.stored = True  # type: ignore[attr-defined]
    assert form["api_key"].data is CLEAR
    assert "password" in form.errors and "api_key" not in form.errors


@pytest.mark.parametrize("key", ["kéy", "k\x07ey"])
def test_a_key_that_cannot_be_one_is_refused(tone: Vendor, key: str) -> None:
    assert "characters" in problems({}, {"api_key": key})


def test_a_colon_in_the_user_name_is_refused(tone: Vendor) -> None:
    assert "colon" in problems({"username": "a:b"}, {"password": "p"})


# -- signing in


def test_user_name_and_password_travel_as_basic(tone: Vendor) -> None:
    assert again(with_password()).ask() == {"models": []}
    assert [e["path"] for e in tone.arrived()] == ["/v1/models"]


def test_a_key_is_exchanged_once_for_many_requests(tone: Vendor) -> None:
    account = with_key()
    for _ in range(3):
        assert again(account).ask() == {"models": []}
    assert [e["path"] for e in tone.arrived()] == [simulated.TOKEN_PATH, *["/v1/models"] * 3]
    asked = tone.arrived()[0]
    assert asked["body"]["grant_type"] == simulated.GRANT and asked["body"]["response_type"] == "cloud_iam"
    assert set(asked["body"]) == {"grant_type", "apikey", "response_type"}
    assert tone.count("tokens") == 1


def test_many_at_once_fetch_one_token(tone: Vendor) -> None:
    account, outcomes = with_key(), []
    threads = [threading.Thread(target=lambda: outcomes.append(again(account).ask())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [{"models": []}] * 4
    assert tone.count("tokens") == 1


def test_a_token_that_the_service_takes_no_more_is_replaced(tone: Vendor) -> None:
    account = with_key()
    again(account).ask()
    tone.fault("expired_token", times=1, path="/v1")
    assert again(account).ask() == {"models": []}
    assert tone.count("tokens") == 2


def test_a_short_lived_token_is_renewed_before_it_ends(tone: Vendor) -> None:
    tone.settings(token_seconds=1)
    account = with_key()
    again(account).ask()
    row = OAuthToken.objects.get(account=account)
    assert row.next_attempt_at is not None and row.access_expires_at is not None
    assert row.next_attempt_at < row.access_expires_at
    assert not row.refresh, 'IBM answers "not_supported" there, which is no token'


def test_another_key_does_not_live_on_the_old_ones_token(tone: Vendor) -> None:
    account = with_key()
    again(account).ask()
    account.apply(account.properties, {"api_key": "another-key-of-ibm-cloud"})
    account.save()
    assert why_refused(account).vendor_code == "BXNIM0415E"
    account.apply(account.properties, {"api_key": simulated.API_KEY})
    account.save()
    OAuthToken.objects.filter(account=account).update(next_attempt_at=None, status=OAuthToken.Status.VALID)
    assert again(account).ask() == {"models": []}


def test_an_unknown_key_is_told_in_the_words_of_ibm_cloud(tone: Vendor) -> None:
    error = why_refused(with_key("not-the-key-of-anybody"))
    assert isinstance(error, AuthenticationFailed)
    assert (error.cause, error.status, error.vendor_code) == (Cause.BAD_CREDENTIALS, 400, "BXNIM0415E")
    assert "Provided API key could not be found." in str(error)
    assert "not-the-key" not in repr(list(ApiCall.objects.values()))


def test_a_key_without_right_is_another_thing_than_an_unknown_one(tone: Vendor) -> None:
    tone.fault("missing_permission", path="/v1")
    assert why_refused(with_key()).cause == Cause.NO_PERMISSION
    tone.healthy()


def test_a_broken_token_endpoint_is_no_refusal(tone: Vendor) -> None:
    account = with_key()
    tone.fault("server_error", path=simulated.TOKEN_PATH)
    assert isinstance(why_refused(account), Unavailable)
    tone.healthy()
    assert again(account).ask() == {"models": []}


def test_the_key_of_a_private_cloud_travels_as_a_password(tone: Vendor) -> None:
    tone.settings(api_key="icp-demo-key-0123")
    account = with_key("icp-demo-key-0123")
    assert again(account).ask() == {"models": []}
    assert tone.count("tokens") == 0


def test_the_key_may_be_the_password_of_the_user_apikey(tone: Vendor) -> None:
    account = with_password(simulated.API_KEY, properties={"username": "apikey"})
    assert again(account).ask() == {"models": []}


def test_the_forgotten_token_is_fetched_anew(tone: Vendor) -> None:
    account = with_key()
    again(account).ask()
    assert again(account).forget_tokens().ok
    again(account).ask()
    assert tone.count("tokens") == 2


def test_a_real_account_asks_ibm_cloud(tone: Vendor) -> None:
    account = with_key(simulated=False)
    assert again(account).oauth_config().token_url == "https://iam.cloud.ibm.com/identity/token"
    account.properties = {"iam_endpoint": "https://iam.test.cloud.ibm.com"}
    account.save()
    assert again(account).oauth_config().token_url == "https://iam.test.cloud.ibm.com/identity/token"
    assert simulated.API_KEY not in repr(again(account).oauth_config())


# -- the simulator is as strict as IBM


def token_request(tone: Vendor, **more: Any) -> requests.Response:
    form = {"grant_type": simulated.GRANT, "apikey": simulated.API_KEY, **more}
    return requests.post(f"{tone.address}{simulated.TOKEN_PATH}", data=form, timeout=5)


def test_the_simulated_token_is_a_jwt_with_times(tone: Vendor) -> None:
    import jwt

    answer = token_request(tone).json()
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == answer["expires_in"] == 3600
    assert answer["expiration"] == claims["exp"] and answer["token_type"] == "Bearer"


def test_the_simulated_token_endpoint_refuses_other_grants(tone: Vendor) -> None:
    assert token_request(tone, grant_type="client_credentials").status_code == 400
    as_json = requests.post(f"{tone.address}{simulated.TOKEN_PATH}", json={"apikey": simulated.API_KEY}, timeout=5)
    assert as_json.status_code == 415


@pytest.mark.parametrize("path", ["/v1/models", "/tone-analyzer/api/v1/models", "/instances/1b2/v1/models"])
def test_the_simulated_service_answers_at_both_generations_of_addresses(tone: Vendor, path: str) -> None:
    url = f"{tone.address}{path}"
    assert requests.get(url, auth=("apikey", simulated.API_KEY), timeout=5).status_code == 200
    refused = requests.get(url, headers={"Authorization": f"Bearer {base64.b64encode(b'x').decode()}"}, timeout=5)
    assert (refused.status_code, refused.json()["error"]) == (401, "Unauthorized")
    assert refused.headers["X-Global-Transaction-ID"]
