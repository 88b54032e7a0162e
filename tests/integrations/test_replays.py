"""Replay: signed anew, whole or not at all, real credentials never to the simulator."""

from typing import Any

import pytest
from auditlog.models import LogEntry

from integrations.models import ApiCall, IntegrationAccount
from integrations.wire import replays
from tests.factories import AccountFactory, ApiCallFactory
from tests.simulated import Simulators

from .conftest import make_plain
from .local_server import Answer, LocalServer

pytestmark = pytest.mark.django_db(transaction=True)


def recorded(account: IntegrationAccount, server: LocalServer, method: str = "GET", **more: Any) -> ApiCall:
    """An exchange as the wire log keeps it, made by the real client."""
    server.on("/things", Answer(200, {"ok": True}))
    account.connect().http.request(method, "/things", purpose="Recorded", **more)
    server.arrived.clear()
    return ApiCall.objects.latest("id")


def test_a_request_arrives_again_as_it_was_and_signed_with_the_secret_of_today(
    plain: IntegrationAccount, server: LocalServer
) -> None:
    call = recorded(plain, server, "PUT", json={"name": "Zoë"}, params={"q": "a b"}, headers={"Idempotency-Key": "k1"})
    plain.apply(plain.properties, {"api_key": "canary-the-newer-key"})
    plain.save()
    call = ApiCall.objects.select_related("account").get(pk=call.pk)
    row, failure = replays.replay(call, replays.to_vendor(call))
    (request,) = server.arrived
    assert failure is None and row is not None
    assert (request.method, request.path, request.query) == ("PUT", "/things", {"q": ["a b"]})
    assert request.body.decode() == '{"name": "Zoë"}'
    assert request.headers["Authorization"] == "Bearer canary-the-newer-key"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Idempotency-Key"] == "k1"
    assert (row.purpose, row.status, row.pk > call.pk) == (f"Replay of #{call.pk}", 200, True)


def test_the_replay_is_in_the_history_of_the_account(plain: IntegrationAccount, server: LocalServer) -> None:
    call = recorded(plain, server)
    replays.replay(call, replays.to_vendor(call))
    entry = LogEntry.objects.get_for_object(plain).latest("id")
    assert entry.additional_data == {"sentence": f"Replayed exchange #{call.pk} (GET Recorded) to the vendor"}


def test_a_failure_is_a_row_too_and_is_not_repeated(plain: IntegrationAccount, server: LocalServer) -> None:
    call = recorded(plain, server)
    server.on("/things", Answer(503, {"error": "away"}), Answer(200, {}))
    row, failure = replays.replay(call, replays.to_vendor(call))
    assert row is not None and row.status == 503
    assert failure is not None and len(server.arrived) == 1
    row, failure = replays.replay(call, replays.to_vendor(call))
    assert row is not None and (row.status, failure) == (200, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"account": None}, "does not exist any more"),
        ({"method": "CONNECT"}, "no HTTP request"),
        ({"url": "http://vendor/things?api_key=***"}, "masked"),
        ({"request_body": '{"password": "***"}'}, "masked"),
        ({"request_body": "a" * 4096 + " ... (9000 characters)"}, "only a part"),
        ({"request_body": "(512 bytes)"}, "only a part"),
        ({"url": "https://elsewhere.example.com/token"}, "another address"),
        ({"url": "http://vendor.evil.example.com/things"}, "another address"),
    ],
)
def test_what_is_not_known_whole_is_refused_in_words(
    plain: IntegrationAccount, changes: dict[str, Any], words: str
) -> None:
    plain.properties = {"url": "http://vendor"}
    call = ApiCallFactory(**{"account": plain, "url": "http://vendor/things", **changes})
    assert words in replays.obstacle(call)
    with pytest.raises(ValueError, match=words):
        replays.replay(call, replays.Target("vendor", plain))
    assert not ApiCall.objects.filter(purpose=replays.purpose_of(call)).exists()


def test_a_provider_that_is_gone_is_told(plain: IntegrationAccount) -> None:
    plain.provider = "vanished"
    assert "not part of this version" in replays.obstacle(ApiCallFactory.build(account=plain))


def test_a_body_that_the_log_really_cut_is_refused(plain: IntegrationAccount, server: LocalServer) -> None:
    call = recorded(plain, server, "POST", json={"text": "a" * 5000})
    assert "only a part" in replays.obstacle(call)


def test_only_reading_methods_are_safe() -> None:
    safe = {method for method in replays.METHODS if replays.is_safe(ApiCall(method=method))}
    assert safe == {"GET", "HEAD", "OPTIONS"}


# -- where it may go


def test_there_is_no_vendor_behind_a_simulated_or_disabled_account(plain: IntegrationAccount) -> None:
    call = ApiCallFactory(account=plain)
    plain.enabled = False
    assert "disabled" in replays.to_vendor(call).obstacle
    plain.simulated = True
    assert "simulated" in replays.to_vendor(call).obstacle
    assert replays.to_simulator(call).signer == plain


def test_without_a_simulated_account_the_simulator_is_closed_to_real_credentials(plain: IntegrationAccount) -> None:
    target = replays.to_simulator(ApiCallFactory(account=plain))
    assert target.signer is None and "never go to the simulator" in target.obstacle
    other = make_plain("http://vendor", name="Trying out")
    IntegrationAccount.objects.filter(pk=other.pk).update(simulated=True)
    assert replays.to_simulator(ApiCallFactory(account=plain)).signer == other


def test_a_request_to_the_real_vendor_is_tried_against_the_simulator(simulated: Simulators) -> None:
    real = AccountFactory(
        name="Production", provider="next_caller", simulated=False, properties={"username": "real"},
        secrets={"password": "canary-real-password"},
    )  # fmt: skip
    AccountFactory(
        name="Trying out", provider="next_caller", properties={"username": "demo-nextcaller"},
        secrets={"password": "demo-nextcaller-password"},
    )  # fmt: skip
    home = real.connect().base_url
    call = ApiCallFactory(account=real, url=f"{home}/v2/records?phone=4155550132&format=json", purpose="Look up")
    assert replays.obstacle(call) == ""
    row, failure = replays.replay(call, replays.to_simulator(call))
    assert row is not None, failure
    (seen,) = simulated.requests("next_caller")
    assert (seen["method"], seen["query"]["phone"]) == ("GET", "4155550132")
    assert row.url.startswith(simulated.url) and row.simulated
    assert row.status != 401, "signed with the simulated account's credentials"
    assert "canary" not in str(seen)
