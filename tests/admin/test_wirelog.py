"""The wire log: found by account, time, status and interaction; compared with what worked; sent once more."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from integrations.models import ApiCall
from tests.factories import AccountFactory, ApiCallFactory, UserFactory
from tests.simulated import Simulators

LOG = "/admin/integrations/apicall/"


def shown(console: Client, query: str) -> list[str]:
    return [call.purpose for call in console.get(LOG + query).context["cl"].result_list]


def url_of(call: ApiCall, what: str) -> str:
    return f"{LOG}{call.pk}/{what}/"


# -- finding


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["new", "old"]),
        ("?from=2026-03-02T10:00&to=2026-03-02T11:00", ["old"]),
        ("?from=2026-03-02T11:00", ["new"]),
        ("?code=404", ["new"]),
        ("?code=200", ["old"]),
        ("?name=oslo", ["new"]),
        ("?name=oslo&code=200", []),
        ("?result=refused", ["new"]),
        ("?from=nonsense&to=2026-99-99T00:00&code=9x", ["new", "old"]),
    ],
)
def test_exchanges_are_found_by_account_time_and_status(console: Client, query: str, found: list[str]) -> None:
    at = timezone.datetime(2026, 3, 2, 10, 30, tzinfo=timezone.get_default_timezone())
    ApiCallFactory(purpose="old", started_at=at, account=AccountFactory(name="Lima"))
    ApiCallFactory(purpose="new", started_at=at + timedelta(days=1), status=404, account=AccountFactory(name="Oslo"))
    assert shown(console, query) == found


def test_the_chosen_filter_is_said_and_can_be_cleared(console: Client) -> None:
    page = console.get(f"{LOG}?code=404&result=refused").content.decode()
    assert "status 404" in page
    assert 'name="result" value="refused"' in page, "the other filters stay when the form is sent"


def test_an_interaction_is_found_by_its_reference(console: Client) -> None:
    reference = str(uuid.uuid4())
    ApiCallFactory(purpose="mine", interaction=reference)
    ApiCallFactory(purpose="other", interaction=str(uuid.uuid4()))
    for term in (reference, reference[:8], reference.replace("-", "")):
        assert shown(console, f"?q={term}") == ["mine"]


def test_with_hundreds_of_accounts_the_name_is_typed(console: Client) -> None:
    few = AccountFactory.create_batch(3)
    assert few[0].name in console.get(LOG).content.decode()
    AccountFactory.create_batch(40)
    assert few[0].name not in console.get(LOG).content.decode()
    ApiCallFactory(purpose="mine", account=few[0])
    assert shown(console, f"?account={few[0].pk}") == ["mine"]
    assert few[0].name in console.get(f"{LOG}?account={few[0].pk}").content.decode()


# -- comparing


def test_a_failure_is_shown_beside_the_last_success(console: Client) -> None:
    account = AccountFactory()
    ApiCallFactory(account=account, response_body='{"result": [{"name": "<b>Don</b>"}]}')
    failed = ApiCallFactory(account=account, status=403, response_body='{"error": {"message": "no right"}}')
    assert url_of(failed, "compare") in console.get(url_of(failed, "change")).content.decode()
    page = console.get(url_of(failed, "compare")).content.decode()
    for words in ("result[0].name", "&lt;b&gt;Don&lt;/b&gt;", "error.message", "no right", "not there"):
        assert words in page
    assert "<b>Don" not in page


def test_without_a_success_the_page_says_so(console: Client) -> None:
    page = console.get(url_of(ApiCallFactory(status=500), "compare")).content.decode()
    assert "has gone well, as far as the log reaches back" in page


# -- replaying


def test_what_cannot_be_replayed_says_why(console: Client) -> None:
    call = ApiCallFactory(request_body='{"password": "***"}')
    page = console.get(url_of(call, "replay")).content.decode()
    assert "This request cannot be replayed." in page and "masked" in page
    assert "Replay to the simulator" not in page
    assert "This request cannot be replayed." in console.post(
        url_of(call, "replay"), {"target": "simulator"}
    ).content.decode()  # fmt: skip
    assert ApiCall.objects.count() == 1


def test_a_replay_to_the_simulator_is_a_new_exchange_that_names_the_old_one(
    client: Client, simulated: Simulators
) -> None:
    console = logged_in(client, "view_apicall", "view_integrationaccount", "change_integrationaccount")
    account = AccountFactory(
        provider="bot_alterra", properties={}, secrets={"api_key": "demo-alterra-key"}, name="Bot"
    )  # fmt: skip
    account.connect().test_connection()
    call = ApiCall.objects.get()
    answer = console.post(url_of(call, "replay"), {"target": "simulator"}, follow=True)
    new = ApiCall.objects.latest("id")
    assert answer.redirect_chain[-1][0] == url_of(new, "change")
    assert (new.purpose, new.status) == (f"Replay of #{call.pk}", 200)
    assert "Sent again. This is the new exchange." in answer.content.decode()
    history = console.get(f"/admin/integrations/integrationaccount/{account.pk}/history/").content.decode()
    assert f"Replayed exchange #{call.pk}" in history and "reader" in history
    assert len(simulated.requests("bot_alterra")) == 2


def test_a_failing_replay_is_told_and_shown(client: Client, simulated: Simulators) -> None:
    console = logged_in(client, "view_apicall", "change_integrationaccount")
    account = AccountFactory(provider="bot_alterra", properties={}, secrets={"api_key": "demo-alterra-key"})
    account.connect().test_connection()
    simulated.fault("bot_alterra", "server_error")
    page = console.post(
        url_of(ApiCall.objects.get(), "replay"), {"target": "simulator"}, follow=True
    ).content.decode()  # fmt: skip
    assert "Sent again, and it failed" in page


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_what_may_change_something_at_the_vendor_is_asked_once_more(
    console: Client, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(
        "integrations.wire.replays.replay", lambda call, target: (sent.append(target.key), (call, None))[1]
    )
    account = AccountFactory(simulated=False, properties={"instance_url": "https://dev1.service-now.com"})
    home = account.connect().base_url
    call = ApiCallFactory(account=account, method=method, url=f"{home}/api/now/table/incident/1")
    page = console.post(url_of(call, "replay"), {"target": "vendor"}).content.decode()
    assert "Send this to the vendor again?" in page and "It cannot be taken back from here." in page
    assert sent == []
    console.post(url_of(call, "replay"), {"target": "vendor", "confirmed": "yes"})
    assert sent == ["vendor"]


def test_what_only_reads_is_sent_at_once(console: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(
        "integrations.wire.replays.replay", lambda call, target: (sent.append(target.key), (None, "No."))[1]
    )
    account = AccountFactory(simulated=False, properties={"instance_url": "https://dev1.service-now.com"})
    call = ApiCallFactory(account=account, url=f"{account.connect().base_url}/api/now/table/incident")
    page = console.post(url_of(call, "replay"), {"target": "vendor"}, follow=True).content.decode()
    assert sent == ["vendor"] and "Nothing was sent. No." in page
    console.get(url_of(call, "replay"), {"target": "vendor", "confirmed": "yes"})
    assert sent == ["vendor"], "an address that somebody is lured to sends nothing"


def logged_in(client: Client, *rights: str) -> Client:
    user = UserFactory(username="reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(user)
    return client


def test_who_may_only_look_can_compare_and_not_replay(client: Client, db: None) -> None:
    reader = logged_in(client, "view_apicall")
    call = ApiCallFactory()
    page = reader.get(url_of(call, "change")).content.decode()
    assert "Compare with the last success" in page and url_of(call, "replay") not in page
    assert reader.get(url_of(call, "compare")).status_code == 200
    assert reader.get(url_of(call, "replay")).status_code == 403
    assert reader.post(url_of(call, "replay"), {"target": "simulator"}).status_code == 403


def test_the_right_to_change_accounts_alone_shows_no_log(client: Client, db: None) -> None:
    writer = logged_in(client, "change_integrationaccount")
    assert writer.get(url_of(ApiCallFactory(), "replay")).status_code == 403


def test_an_exchange_that_was_pruned_is_not_found(console: Client) -> None:
    assert console.get(f"{LOG}4711/compare/").status_code == 404
    assert console.get(f"{LOG}4711/replay/").status_code == 404
