"""Blocks that ask somebody: any address, a bot, Zendesk's API, the caller."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from contactcenter import desk, digits, telephony
from contactcenter.chats import conversation
from contactcenter.errors import NotPossible
from contactcenter.models import DigitRequest, Interaction, ScenarioRequest, ScenarioRun, Service
from contactcenter.scenarios import engine, json_paths
from contactcenter.scenarios.definition import problems
from integrations import leases
from integrations.models import ApiCall, IntegrationAccount
from tests.contactcenter import flow
from tests.contactcenter.conftest import telegram_account
from tests.contactcenter.flow import block
from tests.factories import AccountFactory, AgentFactory, ApiTokenFactory, ServiceFactory
from tests.integrations.local_server import Answer, Arrived, LocalServer, serving
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.zendesk import make_account, person

from .played import CONNECT, offered, one, play_one, step_of

pytestmark = pytest.mark.django_db(transaction=True)


def refused(kind: str, settings: dict[str, Any]) -> str:
    (sentence,) = problems(flow.flow(one(kind, settings), CONNECT))
    return sentence


# -- paths into JSON


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a", "1"), ("list[1].name", "two"), ("list.0.name", "one"), ("yes", "true"), ("nothing", ""), ("a.b.c", ""),
        ("list[9].name", ""), ("list", '[{"name": "one"}, {"name": "two"}]'), ("dé ja", "x"),
    ],
)  # fmt: skip
def test_a_path_leads_to_a_text(path: str, value: str) -> None:
    document = {"a": 1, "list": [{"name": "one"}, {"name": "two"}], "yes": True, "nothing": None, "dé ja": "x"}
    assert json_paths.is_path(path)
    assert json_paths.read(document, path) == value


@pytest.mark.parametrize("path", ["", ".", "a.", "a..b", "a[x]", "a[-1]", "a[1", "[", "a]"])
def test_what_is_no_path_is_refused(path: str) -> None:
    assert not json_paths.is_path(path)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    ),
    st.text(max_size=20),
)
def test_no_document_and_no_path_raise(document: Any, path: str) -> None:
    assert isinstance(json_paths.read(document, path), str)


# -- Fetch URL


@pytest.fixture
def local(settings: Any) -> Iterator[LocalServer]:
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with serving() as found:
        yield found


def fetch(local: LocalServer, settings: dict[str, Any] | None = None, path: str = "/x", **variables: str) -> Any:
    return play_one("fetch_url", {"url": f"{local.address}{path}", **(settings or {})}, **variables)


def test_an_answer_fills_the_variables(local: LocalServer) -> None:
    local.on("/orders", Answer(200, {"orders": [{"number": 35436, "open": True}]}))
    settings = {
        "headers": {"X-Call": "$(item.callId) $(x)"},
        "variables": {"number": "orders[0].number", "open": "orders.0.open"},
    }
    step = fetch(local, settings, "/orders?phone=$(item.customerPhone)&x=$(x)", x="a&b=c\r\nEvil: 1")
    variables = step.run.variables
    assert (step.exit, variables["number"], variables["open"]) == ("next", "35436", "true")
    assert variables["fetchURLResultCode"] == variables["integrationResultCode"] == "200"
    assert json.loads(variables["fetchURLResultBody"])["orders"][0]["number"] == 35436
    assert variables["integrationResultBody"] == variables["fetchURLResultBody"]
    (request,) = local.arrived
    assert request.query == {"phone": ["+14155550132"], "x": ["a&b=c\r\nEvil: 1"]}
    assert request.headers["X-Call"] == "call-1 a&b=c Evil: 1" and "Evil" not in request.headers
    assert ApiCall.objects.get().interaction == str(step.run.interaction.public_id)


@pytest.mark.parametrize(
    ("kind", "body", "arrives"),
    [
        (
            "json",
            '{"name": "$(x)", "n": [1, "$(x)"]}',
            lambda r: json.loads(r.body) == {"name": 'a"b&c=d', "n": [1, 'a"b&c=d']},
        ),
        ("form", '{"name": "$(x)", "n": 1}', lambda r: r.form == {"name": 'a"b&c=d', "n": "1"}),
        ("text", "Hello $(x)", lambda r: r.body == b'Hello a"b&c=d'),
        ("none", "", lambda r: r.body == b""),
    ],
)
def test_a_body_is_written_for_its_kind(
    local: LocalServer, kind: str, body: str, arrives: Callable[[Arrived], bool]
) -> None:
    local.on("/x", Answer(201, "made"))
    step = fetch(local, {"method": "POST", "body_type": kind, "body": body}, x='a"b&c=d')
    assert (step.exit, step.run.variables["fetchURLResultBody"]) == ("next", "made")
    assert arrives(local.arrived[0])


@pytest.mark.parametrize("status", [400, 401, 404, 500, 302])
def test_an_answer_that_is_none_takes_the_failed_exit_with_its_code(local: LocalServer, status: int) -> None:
    local.on(
        "/x",
        Answer(status, {"error": "no"}, headers={"Location": "http://other.example.com/"} if status == 302 else {}),
    )
    step = fetch(local, {"method": "POST"})
    assert (step.exit, step.run.variables["fetchURLResultCode"]) == ("failed", str(status))
    local.on("/x", Answer(200, {}))
    assert step_of(flow.play("offered", call_id="call-2")).exit == "next", "and it recovers"


def test_nobody_waits_longer_than_the_time_limit(local: LocalServer) -> None:
    local.on("/x", Answer(200, {}, wait=4))
    step = fetch(local, {"seconds": 1})
    assert step.exit == "failed" and step.duration_ms < 3000
    assert step.run.variables["fetchURLResultCode"] == ""


def test_an_answer_without_json_takes_the_failed_exit_where_values_are_wanted(local: LocalServer) -> None:
    local.on("/x", Answer(200, "<html>"))
    step = fetch(local, {"variables": {"a": "a"}})
    assert (step.exit, step.run.variables["fetchURLResultCode"]) == ("failed", "200")
    assert "no JSON" in step.error


def test_our_own_network_is_not_asked() -> None:
    step = play_one("fetch_url", {"url": "http://127.0.0.1:9/metadata"})
    assert step.exit == "failed" and "127.0.0.1" in step.error


def test_a_variable_alone_may_be_the_address_but_no_other_scheme() -> None:
    assert play_one("fetch_url", {"url": "$(u)"}, u="file:///etc/passwd").exit == "failed"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "https://$(host)/x"}, "host name without variables"),
        ({"url": "https://a.example.com/?api_key=12345678"}, "holds a secret"),
        ({"url": "https://user:password1@a.example.com/"}, "holds a secret"),
        ({"headers": {"Authorization": "Bearer abc"}}, "holds a secret"),
        ({"headers": {"X-Api-Key": "$(x)"}}, "holds a secret"),
        ({"headers": {"Cookie": "a=b"}}, "holds a secret"),
        ({"headers": {"Host": "b.example.com"}}, "no header that can be set"),
        ({"headers": {"A B": "c"}}, "no header that can be set"),
        ({"body_type": "json", "body": '{"password": "hunter22"}'}, "holds a secret"),
        ({"body_type": "json", "body": '{"a": $(x)}'}, "no JSON"),
        ({"body_type": "form", "body": '{"a": {"b": 1}}'}, "JSON object of names"),
        ({"variables": {"a": "x..y"}}, "no path"),
        ({"variables": {"item.x": "x"}}, "read-only"),
        ({"seconds": 60}, "less than or equal to 15"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_safely_is_refused_when_it_is_saved(settings: dict[str, Any], words: str) -> None:
    assert words in refused("fetch_url", {"url": "https://a.example.com/", **settings})


def test_an_account_signs_requests_to_its_own_address_only(local: LocalServer) -> None:
    local.on("/api/x", Answer(200, {}))
    AccountFactory(
        provider="zendesk", name="Help", simulated=False,
        properties={"url": local.address, "authorization_type": "api_token", "user_name": "me@example.com"},
        secrets={"api_token": "secret-token-value"},
    )  # fmt: skip
    step = fetch(local, {"account": "Help"}, "/api/x")
    assert step.exit == "next"
    assert local.arrived[0].headers["Authorization"].startswith("Basic ")
    assert "secret-token-value" not in json.dumps([step.settings, step.outcome, step.run.variables])
    other = step_of_second("fetch_url", {"account": "Help", "url": "https://elsewhere.example.com/"})
    assert other.exit == "failed" and "signs requests to" in other.error


def step_of_second(kind: str, settings: dict[str, Any]) -> Any:
    scenario = Service.objects.get(code="support").scenario
    scenario.definition = flow.flow(one(kind, settings), CONNECT)
    scenario.save()
    scenario.publish()
    return step_of(flow.play("offered", call_id="call-second"))


@pytest.mark.parametrize(("name", "words"), [("Nobody", "no integration account"), ("Off", "switched off")])
def test_an_account_that_cannot_be_used_is_named(local: LocalServer, name: str, words: str) -> None:
    AccountFactory(name="Off", enabled=False)
    step = fetch(local, {"account": name})
    assert step.exit == "failed" and words in step.error
    assert local.arrived == []


# -- a worker dies


class Killed(BaseException):
    pass


def killed_run(monkeypatch: pytest.MonkeyPatch, local: LocalServer, method: str, *, at: str) -> Interaction:
    """A worker is killed before or after the request has left, or after its answer was kept."""
    from contactcenter.scenarios.blocks import fetch as module

    service = flow.service(flow.flow(one("fetch_url", {"url": f"{local.address}/x", "method": method}), CONNECT))
    AgentFactory(login="agent1", state="READY", services=[service])
    interaction = flow.report("offered")
    with monkeypatch.context() as patch:
        if at == "sent":
            patch.setattr(module, "Answer", lambda *parts: (_ for _ in ()).throw(Killed()))
        else:
            patch.setattr(module, "shown", lambda body: (_ for _ in ()).throw(Killed()))
        patch.setattr(leases, "release", lambda row, owner: None)
        with pytest.raises(Killed):
            engine.advance(flow.run_of(interaction).pk)
    flow.leases_run_out()
    return flow.work(interaction)


@pytest.mark.parametrize(
    ("method", "times", "exit"), [("GET", 2, "next"), ("PUT", 2, "next"), ("POST", 1, "failed"), ("PATCH", 1, "failed")]
)
def test_killed_after_sending_a_post_is_not_sent_again(
    local: LocalServer, monkeypatch: pytest.MonkeyPatch, method: str, times: int, exit: str
) -> None:
    local.on("/x", Answer(200, {}))
    interaction = killed_run(monkeypatch, local, method, at="sent")
    assert len(local.arrived) == times
    step = step_of(interaction)
    assert step.exit == exit
    if exit == "failed":
        assert "not sent a second time" in step.error
    assert interaction.state == "ringing"


def test_killed_after_the_answer_was_kept_the_answer_is_used(
    local: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.on("/x", Answer(201, "made"))
    interaction = killed_run(monkeypatch, local, "POST", at="answered")
    assert len(local.arrived) == 1
    assert flow.run_of(interaction).variables["fetchURLResultBody"] == "made"
    flow.play("released")
    assert not ScenarioRequest.objects.exists(), "answers are kept for the run alone"


def test_a_post_that_never_left_may_be_tried_by_the_next_run(settings: Any) -> None:
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    step = play_one("fetch_url", {"url": "http://127.0.0.1:9/", "method": "POST"})
    assert step.exit == "failed"
    assert not ScenarioRequest.objects.exists()


# -- Ask a Bot

BOT = {"message": "$(x)", "responses": "answers", "raw": "json", "seconds": 3}


@pytest.fixture
def bot(vendor: Callable[[str], Vendor]) -> Vendor:
    found = vendor("bot_alterra")
    AccountFactory(provider="bot_alterra", name="Bot", properties={}, secrets={"api_key": "demo-alterra-key"})
    return found


def test_a_bot_fills_the_list_and_the_raw_json(bot: Vendor) -> None:
    step = play_one("ask_a_bot", BOT, x="Hello")
    assert step.exit == "next"
    answers = step.run.variables["answers"]
    assert answers["count"] == 1 and answers["records"][0]["text"]
    assert answers["records"][0]["text"] in json.dumps(json.loads(step.run.variables["json"]), ensure_ascii=False)


def test_a_bot_with_nothing_to_ask_has_no_data(bot: Vendor) -> None:
    assert play_one("ask_a_bot", BOT).exit == "no_data"
    assert bot.arrived() == []


@pytest.mark.parametrize(
    ("fault", "exit"), [("hang", "timeout"), ("server_error", "failed"), ("bad_credentials", "failed")]
)
def test_a_bot_that_does_not_answer_has_its_exits_and_recovers(bot: Vendor, fault: str, exit: str) -> None:
    bot.fault(fault)
    step = play_one("ask_a_bot", {**BOT, "seconds": 1}, x="Hello")
    assert step.exit == exit
    bot.healthy()
    assert step_of(flow.play("offered", call_id="call-2")).exit == "next"


def test_the_selected_bot_goes_before_the_one_of_the_block(vendor: Callable[[str], Vendor]) -> None:
    alterra, watson = vendor("bot_alterra"), vendor("bot_watson")
    AccountFactory(provider="bot_alterra", name="Bot", properties={}, secrets={"api_key": "demo-alterra-key"})
    AccountFactory(
        provider="bot_watson", name="Watson", properties={"workspace_id": "demo-workspace", "username": "demo-watson"},
        secrets={"password": "demo-watson-password"},
    )  # fmt: skip
    choose = block("set0", "chat_bot_select_account", {"account": "Watson"}, next="one")
    interaction = offered(choose, one("ask_a_bot", {**BOT, "message": "Hello", "account": "Bot"}))
    assert step_of(interaction).outcome["account"] == "Watson"
    assert alterra.arrived() == [] and len(watson.arrived()) == 1


@pytest.mark.parametrize("fault", ["none", "off", "other"])
def test_a_bot_that_cannot_be_used_takes_the_failed_exit(fault: str) -> None:
    settings = dict(BOT)
    if fault == "off":
        AccountFactory(provider="bot_alterra", name="Bot", enabled=False)
        settings["account"] = "Bot"
    if fault == "other":
        AccountFactory(name="CRM")
        settings["account"] = "CRM"
    assert play_one("ask_a_bot", settings, x="Hello").exit == "failed"
    assert "Timeout" in refused("ask_a_bot", {"message": "x"})


# -- Zendesk API Request


@pytest.fixture
def zendesk(vendor: Callable[[str], Vendor]) -> Vendor:
    found = vendor("zendesk")
    make_account()
    return found


def test_any_call_of_the_api_is_possible(zendesk: Vendor) -> None:
    don = person(zendesk, "Don Goodliffe")
    settings = {"path": "/api/v2/users/$(id).json", "variables": {"name": "user.name"}}
    step = play_one("zendesk_api_request", settings, id=str(don["id"]))
    assert (step.exit, step.run.variables["name"]) == ("next", "Don Goodliffe")
    assert step.run.variables["integrationResultCode"] == "200"
    body = '{"ticket": {"subject": "$(s)", "comment": {"body": "x"}}}'
    made = step_of_second(
        "zendesk_api_request",
        {"method": "POST", "path": "/api/v2/tickets.json", "body": body, "variables": {"id": "ticket.id"}},
    )
    assert made.exit == "next" and made.run.variables["id"]


@pytest.mark.parametrize(("path", "exit"), [("/api/v2/users/1.json", "no_data"), ("/api/v2/users/$(x).json", "failed")])
def test_what_is_not_there_and_what_leads_elsewhere(zendesk: Vendor, path: str, exit: str) -> None:
    step = play_one("zendesk_api_request", {"path": path}, x="..")
    assert step.exit in (exit, "no_data")
    assert not any("/api/v2/users/../" in request["path"] for request in zendesk.arrived())


def test_zendesk_away_takes_the_failed_exit_and_is_not_asked_again(zendesk: Vendor) -> None:
    zendesk.fault("server_error")
    interaction = offered(
        one("zendesk_api_request", {"path": "/api/v2/users/me.json"}) | {"exits": {"next": "b", "failed": "b"}},
        block("b", "zendesk_api_request", {"path": "/api/v2/users/me.json"}, next="connect", failed="connect"),
    )
    errors = [step.error for step in flow.run_of(interaction).steps.all() if step.error]
    assert len(errors) == 2 and "not asked again" in errors[1]
    zendesk.healthy()
    assert step_of(flow.play("offered", call_id="call-2")).exit == "next"


@pytest.mark.parametrize("path", ["api/v2/x", "//evil.example.com/", "https://evil.example.com/", "$(x)", "/\\evil"])
def test_a_path_stays_below_the_account(path: str) -> None:
    assert "begins with one" in refused("zendesk_api_request", {"path": path})


# -- Collect Digits

DIGITS = {"prompt": "Your ticket number, $(item.callerName)?", "variable": "ticket", "max_digits": 6, "seconds": 10}


def asked(**settings: Any) -> Interaction:
    interaction = offered(one("collect_digits", {**DIGITS, **settings}))
    assert (interaction.state, flow.run_of(interaction).status) == ("new", "waiting")
    return interaction


def pressed(interaction: Interaction, keys: str, **more: Any) -> Any:
    request = DigitRequest.objects.get()
    digits.answer(request.pk, call_id=interaction.call_id, digits=keys, **more)
    return step_of(flow.work(interaction))


def test_digits_go_into_the_variable_and_the_call_goes_on() -> None:
    interaction = asked()
    step = pressed(interaction, "35436#")
    assert (step.exit, step.run.variables["ticket"]) == ("next", "35436")
    assert (interaction.state, flow.run_of(interaction).status) == ("ringing", "waiting")


def test_a_caller_who_presses_nothing_has_an_exit_of_their_own() -> None:
    step = pressed(asked(), "#")
    assert (step.exit, step.run.variables["ticket"]) == ("no_input", "")


def test_a_telephone_system_that_cannot_take_digits_fails_the_block() -> None:
    step = pressed(asked(), "", failed="No speech engine")
    assert step.exit == "failed" and "No speech engine" in step.error


def test_a_telephone_system_that_does_not_answer_fails_the_block_in_time() -> None:
    interaction = asked()
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        assert engine.sweep() == 1
        interaction = flow.work(interaction)
        assert step_of(interaction).error == "The telephone system did not answer in time."
        assert interaction.state == "ringing"
        assert not digits.open_requests().exists()


def test_a_caller_who_hangs_up_ends_the_wait() -> None:
    interaction = asked()
    interaction = flow.work(flow.report("abandoned"))
    assert step_of(interaction).error == "The caller has hung up."
    assert flow.steps(interaction)[-1] == ("connect", "abandoned")
    assert flow.run_of(interaction).status == "finished"


def test_a_worker_that_dies_asks_once() -> None:
    interaction = asked()
    ScenarioRun.objects.update(status="running", variables={}, steps_taken=0)
    flow.run_of(interaction).steps.all().delete()
    flow.work(interaction)
    assert DigitRequest.objects.count() == 1


def test_there_are_no_keys_in_a_chat(telegram: Vendor) -> None:
    account = telegram_account()
    service = ServiceFactory(
        media=Service.Media.CHAT, scenario=flow.scenario(flow.flow(one("collect_digits", DIGITS), CONNECT))
    )
    AgentFactory(state="READY", device="none", services=[service])
    from tests.contactcenter.test_chats import write

    write(account)
    interaction = flow.work(Interaction.objects.get())
    assert "Nobody presses keys in a chat" in step_of(interaction).error
    assert interaction.state == "ringing"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"digits": "12a"}, "digits"),
        ({"digits": "1234567"}, "digits"),
        ({"request_id": 999}, "request"),
        ({"call_id": "other"}, "request"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_on_its_field(more: dict[str, Any], field: str) -> None:
    interaction = asked()
    with pytest.raises(NotPossible) as refusal:
        digits.answer(**{"request_id": DigitRequest.objects.get().pk, "call_id": interaction.call_id, **more})
    assert refusal.value.field == field
    assert pressed(interaction, "1").exit == "next"


def test_the_same_answer_twice_is_one_and_another_is_refused() -> None:
    interaction = asked()
    pressed(interaction, "12")
    digits.answer(DigitRequest.objects.get().pk, call_id=interaction.call_id, digits="12#")
    with pytest.raises(NotPossible, match="already"):
        pressed(interaction, "13")
    assert interaction.events.filter(kind="digits").count() == 1


def test_the_telephone_system_reads_and_answers_through_the_api() -> None:
    ApiTokenFactory(name="platform", value="secret-value")
    interaction = asked()
    client, headers = Client(), {"HTTP_AUTHORIZATION": "Bearer secret-value"}
    (wanted,) = client.get("/api/v1/calls/digits", **headers).json()
    assert (wanted["call_id"], wanted["max_digits"], wanted["terminator"]) == ("call-1", 6, "#")
    shown = client.get(f"/api/v1/interactions/{interaction.public_id}", **headers).json()
    assert shown["digits_wanted"]["request"] == wanted["request"]
    body = {"call_id": "call-1", "request": wanted["request"], "digits": "35436"}
    answer = client.post("/api/v1/calls/digits", json.dumps(body), content_type="application/json", **headers)
    assert (answer.status_code, answer.json()["digits_wanted"]) == (200, None)
    assert step_of(flow.work(interaction)).exit == "next"
    assert client.get("/api/v1/calls/digits", **headers).json() == []
    wrong = client.post(
        "/api/v1/calls/digits", json.dumps({**body, "digits": "1"}), content_type="application/json", **headers
    )
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "request")


def test_at_a_demo_desktop_the_agent_plays_the_caller(settings: Any) -> None:
    settings.DEBUG = True
    service = flow.service(flow.flow(one("collect_digits", DIGITS), CONNECT))
    agent = AgentFactory(login="agent1", state="READY", services=[service])
    interaction = flow.work(desk.simulate_call(agent))
    assert desk.overview(agent)["interactions"][0]["digits"] == {"prompt": "Your ticket number, ?", "maxDigits": 6}
    desk.type_digits(agent, str(interaction.public_id), "77")
    assert flow.run_of(flow.work(interaction)).variables["ticket"] == "77"
    assert desk.overview(agent)["interactions"][0]["digits"] is None
    with pytest.raises(NotPossible, match="not asked"):
        desk.type_digits(agent, str(interaction.public_id), "77")


def test_a_silent_caller_on_the_simulated_line_is_no_input(settings: Any) -> None:
    settings.DEBUG = True
    service = flow.service(flow.flow(one("collect_digits", DIGITS), CONNECT))
    interaction = flow.work(desk.simulate_call(AgentFactory(login="agent1", state="READY", services=[service])))
    telephony.tick()
    assert DigitRequest.objects.get().outcome == ""
    telephony.tick(timezone.now() + timedelta(seconds=11))
    assert step_of(flow.work(interaction)).exit == "no_input"


def test_real_calls_are_not_played_at_a_desktop(settings: Any) -> None:
    settings.DEBUG = True
    interaction = asked()
    flow.report("offered", agent="agent1")
    with pytest.raises(NotPossible, match="real call"):
        desk.type_digits(AgentFactory._meta.model.objects.get(), str(interaction.public_id), "1")


# -- chats run the scenario of their service


def test_a_chat_runs_its_scenario_with_its_words(telegram: Vendor, bot: Vendor) -> None:
    account: IntegrationAccount = telegram_account()
    definition = flow.flow(
        block(
            "note",
            "set_variable",
            {"name": "said", "value": "$(item.message)|$(item.transcript)|$(item.externalChatData)"},
            next="ask",
        ),
        block("ask", "ask_a_bot", {"responses": "a", "seconds": 3}, next="data"),
        block("data", "attached_data", {"values": {"Bot": "$(a.text)"}}, next="connect"),
        block("connect", "connect_call", None, answered="answered", released="over", next=""),
        block("answered", "internal_message", {"message": "Bot said: $(a.text)"}),
        block("over", "set_variable", {"name": "over", "value": "1"}),
    )
    service = ServiceFactory(media=Service.Media.CHAT, scenario=flow.scenario(definition))
    agent = AgentFactory(login="agent1", state="READY", device="none", services=[service])
    from tests.contactcenter.test_chats import write

    write(account, "Hello there")
    interaction = flow.work(Interaction.objects.get())
    assert interaction.state == "ringing"
    said, transcript, data = flow.run_of(interaction).variables["said"].split("|")
    assert said == "Hello there" and transcript.endswith("Customer: Hello there")
    assert json.loads(data)["channel"] == "Telegram"
    assert interaction.attached_data["Bot"]
    desk.accept(agent, str(interaction.public_id))
    flow.work(interaction)
    assert desk.overview(agent)["messages"][0]["text"].startswith("Bot said: ")
    desk.end(agent, str(interaction.public_id))
    interaction = flow.work(interaction)
    assert (flow.run_of(interaction).status, flow.run_of(interaction).variables["over"]) == ("finished", "1")
    assert conversation.Chat.objects.get().open_key is None
