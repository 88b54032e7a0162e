"""The simulated Watson services take IBM's own SDK, unmodified, and are as strict as Watson."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import Authenticator, BasicAuthenticator, IAMAuthenticator
from ibm_watson import AssistantV1, AssistantV2, NaturalLanguageUnderstandingV1
from ibm_watson.assistant_v2 import MessageInput
from ibm_watson.natural_language_understanding_v1 import EmotionOptions, Features, SentimentOptions

BASIC = ("demo-watson", "demo-watson-password")
KEY = ("apikey", "demo-watson-api-key")
PLACE = "/v2/assistants/demo-assistant/environments/demo-live"
IDS = {"assistant_id": "demo-assistant", "environment_id": "demo-live"}


@pytest.fixture
def bot(simulators_url: str) -> str:
    return fresh(simulators_url, "bot_watson")


@pytest.fixture
def nlu(simulators_url: str) -> str:
    return fresh(simulators_url, "nlu_watson")


def fresh(address: str, key: str) -> str:
    requests.post(f"{address}/{key}/_reset", timeout=5)
    return f"{address}/{key}"


def sign_in(way: str, address: str) -> Authenticator:
    """Each way that IBM's SDK knows, and that this vendor takes."""
    if way == "iam":
        return IAMAuthenticator("demo-watson-api-key", url=address)
    return BasicAuthenticator(*(BASIC if way == "password" else KEY))


each_way = pytest.mark.parametrize("way", ["password", "key as password", "iam"])
each_root = pytest.mark.parametrize("root", ["", "/instances/0b1c", "/conversation/api"])


# -- the bot, by IBM's SDK


@each_way
@each_root
def test_ibms_sdk_speaks_with_a_workspace(bot: str, way: str, root: str) -> None:
    service = AssistantV1(version="2021-11-27", authenticator=sign_in(way, bot))
    service.set_service_url(f"{bot}{root}")
    assert service.get_workspace("demo-workspace").get_result()["name"] == "Demo dialog"
    first = service.message("demo-workspace", input={"text": "Where is my order?"}).get_result()
    assert first["output"]["text"] == ["What is your order number?"]
    assert first["intents"] == [{"intent": "order_status", "confidence": 0.88}]
    second = service.message("demo-workspace", input={"text": "4711"}, context=first["context"]).get_result()
    assert second["output"]["text"] == ["Order 4711 arrives tomorrow."]
    assert second["entities"][0] == {
        "entity": "order_number", "location": [0, 4], "value": "4711", "confidence": 1.0,
    }  # fmt: skip


@each_way
def test_ibms_sdk_speaks_with_an_assistant(bot: str, way: str) -> None:
    service = AssistantV2(version="2024-08-25", authenticator=sign_in(way, bot))
    service.set_service_url(bot)
    assert service.get_environment(**IDS).get_result()["session_timeout"] == 300
    opened = service.create_session(**IDS)
    assert opened.get_status_code() == 201
    session = opened.get_result()["session_id"]

    def say(text: str) -> dict[str, Any]:
        told = MessageInput(message_type="text", text=text)
        return dict(service.message(**IDS, session_id=session, input=told).get_result()["output"])

    assert say("Where is my order?")["generic"][0]["text"] == "What is your order number?"
    assert say("4711")["generic"][0]["text"] == "Order 4711 arrives tomorrow."
    assert say("I want to return it")["generic"][0]["response_type"] == "suggestion"
    assert say("a person please")["generic"][0]["response_type"] == "connect_to_agent"
    assert say("Zebra")["intents"][0]["confidence"] < 0.2
    service.delete_session(**IDS, session_id=session)
    with pytest.raises(ApiException) as lost:
        say("Hello")
    assert (lost.value.status_code, lost.value.message) == (404, "Invalid Session")


def test_ibms_sdk_speaks_without_a_session(bot: str) -> None:
    service = AssistantV2(version="2024-08-25", authenticator=sign_in("iam", bot))
    service.set_service_url(bot)
    first = service.message_stateless(**IDS, input={"text": "Where is my order?"}).get_result()
    second = service.message_stateless(**IDS, input={"text": "4711"}, context=first["context"]).get_result()
    assert second["output"]["generic"][0]["text"] == "Order 4711 arrives tomorrow."


# -- as strict as the vendor


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"params": {}}, 400, "version"),
        ({"params": {"version": "newest"}}, 400, "version"),
        ({"auth": ("demo-watson", "wrong")}, 401, "Unauthorized"),
        ({"auth": None}, 401, "Unauthorized"),
        ({"headers": {"Authorization": "Bearer made.up.token"}, "auth": None}, 401, "Unauthorized"),
        ({"json": {"input": {"text": "two\nlines"}}}, 400, "newline"),
        ({"json": {"input": {"text": "a\tb"}}}, 400, "tab"),
        ({"json": {"input": {"text": "x" * 2049}}}, 400, "2048"),
        ({"json": {"input": {"text": 7}}}, 400, "string"),
        ({"json": {"input": {"text": "x"}, "context": "lost"}}, 400, "context"),
        ({"json": ["x"]}, 400, "object"),
        ({"json": None, "data": "{"}, 400, "JSON"),
        ({"path": "/v1/workspaces/another/message"}, 404, "not found"),
        ({"path": f"{PLACE}/sessions/none/message"}, 404, "Invalid Session"),
        ({"path": "/v2/assistants/demo-assistant/environments/none/sessions"}, 404, "not found"),
    ],
)
def test_the_bot_refuses_what_watson_refuses(bot: str, change: dict[str, Any], status: int, words: str) -> None:
    usual: dict[str, Any] = {
        "path": "/v1/workspaces/demo-workspace/message", "params": {"version": "2021-11-27"}, "auth": BASIC,
        "json": {"input": {"text": "Hello"}},
    }  # fmt: skip
    asked = {**usual, **change}
    answer = requests.post(f"{bot}{asked.pop('path')}", timeout=5, **asked)
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == status and words in answer.json()["error"]
    assert answer.headers["X-Global-Transaction-ID"]


def test_a_silent_session_ends_and_one_that_is_used_goes_on(bot: str) -> None:
    def say(session: str) -> int:
        body = {"input": {"message_type": "text", "text": "Hello"}}
        place = f"{bot}{PLACE}/sessions/{session}/message?version=2024-08-25"
        return requests.post(place, json=body, auth=BASIC, timeout=5).status_code

    opened = requests.post(f"{bot}{PLACE}/sessions?version=2024-08-25", json={}, auth=BASIC, timeout=5)
    session = str(opened.json()["session_id"])
    assert [say(session), say(session)] == [200, 200]
    requests.put(f"{bot}/_settings", json={"session_seconds": 0.0}, timeout=5)
    assert say(session) == 404
    requests.put(f"{bot}/_settings", json={"session_seconds": 300.0}, timeout=5)
    assert say(session) == 404, "what has ended stays so"


def test_the_pages_show_what_was_said_and_no_secret(bot: str, nlu: str) -> None:
    place = f"{bot}/v1/workspaces/demo-workspace/message?version=2021-11-27"
    requests.post(place, json={"input": {"text": "Hello <b>"}}, auth=BASIC, timeout=5)
    page = requests.get(f"{bot}/", timeout=5).text
    assert "Hello &lt;b&gt;" in page and "greeting 0.97" in page
    assert "Nothing has been analysed." in requests.get(f"{nlu}/", timeout=5).text


# -- sentiment


@each_way
@pytest.mark.parametrize("root", ["", "/instances/0b1c", "/natural-language-understanding/api"])
def test_ibms_sdk_has_texts_analysed(nlu: str, way: str, root: str) -> None:
    service = NaturalLanguageUnderstandingV1(version="2022-08-10", authenticator=sign_in(way, nlu))
    service.set_service_url(f"{nlu}{root}")
    assert service.list_models().get_result() == {"models": []}
    features = Features(sentiment=SentimentOptions(document=True), emotion=EmotionOptions(document=True))
    found = service.analyze(features, text="I love this, thank you!", language="en").get_result()
    assert found["sentiment"]["document"]["label"] == "positive"
    assert found["emotion"]["document"]["emotion"]["joy"] > 0.5
    assert found["usage"] == {"features": 2, "text_characters": 23, "text_units": 1}
    german = service.analyze(features, text="Das ist sehr schlecht", language="de").get_result()
    assert german["warnings"] == ["emotion: unsupported language de"] and "emotion" not in german


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"language": "tlh"}, 400, "unsupported text language"),
        ({"text": "too short", "language": None}, 422, "not enough text for language id"),
        ({"text": " "}, 400, "empty"),
        ({"features": {}}, 400, "at least one feature"),
        ({"features": {"fortune": {}}}, 400, "fortune"),
        ({"features": {"sentiment": {"document": False}}}, 400, "at least one of: document or targets"),
    ],
)
def test_the_analysis_refuses_what_watson_refuses(nlu: str, change: dict[str, Any], status: int, words: str) -> None:
    usual = {"text": "I love this", "language": "en", "features": {"sentiment": {"document": True}}}
    body = {name: value for name, value in {**usual, **change}.items() if value is not None}
    answer = requests.post(f"{nlu}/v1/analyze?version=2022-08-10", json=body, auth=BASIC, timeout=5)
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == status
    assert re.search(re.escape(words), answer.json()["error"])


def test_a_version_is_required_and_a_retired_one_is_noticed(nlu: str) -> None:
    assert requests.get(f"{nlu}/v1/models", auth=BASIC, timeout=5).status_code == 400
    assert requests.get(f"{nlu}/v1/models?version=new", auth=BASIC, timeout=5).status_code == 400
    assert requests.get(f"{nlu}/v1/models?version=2017-02-27", auth=BASIC, timeout=5).status_code == 200
    arrived = requests.get(f"{nlu}/_requests?format=json", timeout=5).json()
    assert any("retired" in text for exchange in arrived for text in exchange["warnings"])
