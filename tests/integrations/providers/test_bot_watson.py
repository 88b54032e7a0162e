"""Watson's bot: both generations on the wire, the conversation's memory, and what becomes a suggestion."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from integrations.capabilities import BotAnswer, BotContext, ChatBot
from integrations.errors import AuthenticationFailed, Cause, RateLimited, Rejected
from integrations.models import IntegrationAccount
from integrations.providers.bot_watson import WatsonBot
from integrations.providers.bot_watson.answers import reply_of, suggestions_of, wants_a_person
from integrations.providers.bot_watson.properties import GUIDE_URL, WatsonBotProperties
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
CHAT = BotContext("chat-1")
V1: dict[str, Any] = {"workspace_id": "demo-workspace", "username": "demo-watson"}
V2: dict[str, Any] = {"api_generation": "v2", "assistant_id": "demo-assistant", "environment_id": "demo-live"}
PLACE = "/v2/assistants/demo-assistant/environments/demo-live"


@pytest.fixture
def simulator(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("bot_watson")


def bot(properties: dict[str, Any] = V1, **more: Any) -> WatsonBot:
    by_password = "username" in properties
    secrets = {"password": "demo-watson-password"} if by_password else {"api_key": "demo-watson-api-key"}
    account = AccountFactory(provider="bot_watson", name="Watson", properties={**properties, **more}, secrets=secrets)
    account.full_clean()
    return again(account)


def again(account: IntegrationAccount) -> WatsonBot:
    found: WatsonBot = IntegrationAccount.objects.get(pk=account.pk).connect()
    return found


def texts(answer: BotAnswer) -> list[str]:
    return [suggestion.text for suggestion in answer.suggestions]


def conversation(watson: WatsonBot, *lines: str) -> list[BotAnswer]:
    answers, state = [], dict[str, Any]()
    for line in lines:
        answers.append(watson.suggest(line, BotContext("chat-1", state)))
        state = answers[-1].state
    return answers


def lines_of(simulator: Vendor) -> list[str]:
    return [f"{exchange['method']} {exchange['path']}" for exchange in simulator.arrived()]


# -- v1: the state travels with each message


def test_v1_sends_what_the_guide_describes(simulator: Vendor) -> None:
    answer = bot().suggest("When do\tyou\n open? ", CHAT)
    assert issubclass(WatsonBot, ChatBot)
    assert texts(answer) == ["We are open from 8 to 18 o'clock, on Saturdays until 13."]
    assert answer.suggestions[0].confidence == 0.93
    assert not answer.hand_over
    exchange = simulator.arrived()[0]
    assert (exchange["method"], exchange["path"]) == ("POST", "/v1/workspaces/demo-workspace/message")
    assert exchange["query"] == {"version": "2021-11-27"}
    assert exchange["body"] == {"input": {"text": "When do you open?"}}
    assert simulator.warnings() == []


@pytest.mark.parametrize("generation", [V1, V2], ids=["v1", "v2"])
def test_the_bot_remembers_what_was_said_before(simulator: Vendor, generation: dict[str, Any]) -> None:
    asked, told, again_asked = conversation(bot(generation), "Where is my order?", "It is 48151623", "And the parcel?")
    assert texts(asked) == ["What is your order number?"]
    assert texts(told) == texts(again_asked) == ["Order 48151623 arrives tomorrow."]


def test_v1_gives_the_context_back_as_it_came(simulator: Vendor) -> None:
    first, second = conversation(bot(), "Hello", "Where is my order?")
    assert simulator.arrived()[1]["body"]["context"] == first.state["context"]
    assert second.state["context"]["system"]["dialog_turn_counter"] == 2
    assert second.state["context"]["conversation_id"] == first.state["context"]["conversation_id"]


@pytest.mark.parametrize("state", [{"context": "broken"}, {"session_id": "of the other generation"}, {"context": None}])
def test_v1_begins_anew_where_the_state_is_of_another_kind(simulator: Vendor, state: dict[str, Any]) -> None:
    assert texts(bot().suggest("Hello", BotContext("chat-1", state))) == ["Hello! How can I help you?"]


# -- v2: the state is in a session


def test_v2_opens_one_session_for_a_conversation(simulator: Vendor) -> None:
    conversation(bot(V2), "Hello", "When do you open?")
    sent = simulator.arrived()
    session = sent[1]["response_body"]["session_id"]
    assert lines_of(simulator) == [
        "POST /identity/token",
        f"POST {PLACE}/sessions",
        f"POST {PLACE}/sessions/{session}/message",
        f"POST {PLACE}/sessions/{session}/message",
    ]
    assert sent[2]["query"] == {"version": "2024-08-25"}
    assert sent[2]["body"] == {"input": {"message_type": "text", "text": "Hello"}, "user_id": "chat-1"}


def test_a_session_that_has_ended_is_replaced_once(simulator: Vendor) -> None:
    watson = bot(V2)
    (first,) = conversation(watson, "Hello")
    simulator.settings(session_seconds=0.0)
    simulator.forget_requests()
    with pytest.raises(Rejected) as failure:
        watson.suggest("When do you open?", BotContext("chat-1", first.state))
    assert failure.value.cause is Cause.NOT_FOUND
    assert [line.rsplit("/", 1)[1] for line in lines_of(simulator)] == ["message", "sessions", "message"]
    simulator.settings(session_seconds=300.0)
    answer = watson.suggest("When do you open?", BotContext("chat-1", {"session_id": "ended long ago"}))
    assert texts(answer) == ["We are open from 8 to 18 o'clock, on Saturdays until 13."]
    assert answer.state["session_id"] not in ("ended long ago", first.state["session_id"])


def test_another_failure_than_a_lost_session_opens_none(simulator: Vendor) -> None:
    watson = bot(V2)
    (first,) = conversation(watson, "Hello")
    simulator.fault("rate_limit", path=PLACE)
    with pytest.raises(RateLimited):
        watson.suggest("Hello", BotContext("chat-1", first.state))
    assert simulator.count("sessions") == 1
    simulator.healthy()
    assert watson.suggest("Hello", BotContext("chat-1", first.state)).suggestions


def test_session_and_message_are_two_calls_of_the_day_and_the_test_is_none(simulator: Vendor) -> None:
    watson = bot(V2, max_api_calls_per_day=3)
    assert watson.test_connection().ok
    first, _ = conversation(watson, "Hello", "Hello")
    with pytest.raises(RateLimited, match=re.escape("3 of 3")):
        watson.suggest("Hello", BotContext("chat-1", first.state))


# -- the limits


def test_an_ambiguous_question_gives_each_meaning_with_its_confidence(simulator: Vendor) -> None:
    answer = bot().suggest("I want to return this", CHAT)
    assert [(s.text, s.confidence) for s in answer.suggestions] == [
        ("You can return goods within 30 days.", 0.56),
        ("The money is back in your account within a week of the return.", 0.51),
    ]
    assert len(bot_again(maximum_suggestions=1).suggest("I want to return this", CHAT).suggestions) == 1


def bot_again(**more: Any) -> WatsonBot:
    IntegrationAccount.objects.all().delete()
    return bot(V1, **more)


def test_the_wish_for_a_person_is_handed_on(simulator: Vendor) -> None:
    answer = bot().suggest("Give me a human please", CHAT)
    assert answer.hand_over
    assert texts(answer) == ["I am connecting you with a colleague."]


def test_a_long_text_is_cut_to_what_watson_takes(simulator: Vendor) -> None:
    assert bot().suggest("hello " * 1000, CHAT).suggestions
    assert len(simulator.arrived()[0]["body"]["input"]["text"]) == 2048


def test_nothing_is_asked_about_nothing(simulator: Vendor) -> None:
    assert bot().suggest(" \n ", CHAT) == BotAnswer()
    assert simulator.arrived() == []


# -- what the bot says by itself


def test_the_reply_is_all_of_it_in_order_and_asks_back_where_it_is_ambiguous(simulator: Vendor) -> None:
    plainly, ambiguous, person = conversation(
        bot(), "Where is my order 10023?", "I want to return it", "I want to talk to an agent"
    )
    assert plainly.reply == "Order 10023 arrives tomorrow."
    assert ambiguous.reply.startswith("Did you mean:") and " / " in ambiguous.reply
    assert (person.reply, person.hand_over) == ("I am connecting you with a colleague.", True)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ({"generic": [{"response_type": "text", "text": "One"}, {"response_type": "text", "text": "Two"}]}, "One\nTwo"),
        ({"generic": [{"response_type": "text", "text": "One"}], "text": ["One"]}, "One"),
        ({"text": ["Old", "texts"]}, "Old\ntexts"),
        ({"generic": [{"response_type": "image", "source": "https://example.com/x.png"}]}, ""),
        ({}, ""),
    ],
)
def test_what_a_reply_is_made_of(output: dict[str, Any], said: str) -> None:
    assert reply_of(output) == said


# -- what becomes a suggestion


def generic(*items: dict[str, Any], confidence: float | None = None) -> dict[str, Any]:
    intents = [] if confidence is None else [{"intent": "x", "confidence": confidence}]
    return {"output": {"generic": list(items), "intents": intents}}


def text(words: Any, **more: Any) -> dict[str, Any]:
    return {"response_type": "text", "text": words, **more}


SEARCH = {
    "response_type": "search", "header": "Found:",
    "primary_results": [
        {"title": "T", "body": "<p>Thirty <b>days</b></p><script>x()</script>", "result_metadata": {"confidence": 0.7}},
        {"body": "Hardly", "result_metadata": {"confidence": 0.05}},
    ],
}  # fmt: skip
OPTION = {"response_type": "option", "title": "Which?", "options": [{"label": "Phone"}, {"label": "Tablet"}, 7]}
MEANINGS = {
    "response_type": "suggestion",
    "suggestions": [{"label": "Only a label", "value": {"intents": [{"confidence": 0.6}]}}],
}


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (generic(text("A"), text("B"), text("A"), confidence=0.9), [("A", 0.9), ("B", 0.9)]),
        (generic(text("A"), MEANINGS, confidence=0.6), [("Only a label", 0.6), ("A", 0.6)]),
        (generic(SEARCH), [("Thirty days", 0.7)]),
        (generic(OPTION, confidence=0.5), [("Which? Phone / Tablet", 0.5)]),
        (generic(text("For IBM's web chat", channels=[{"channel": "chat"}]), text("A")), [("A", None)]),
        (generic({"response_type": "image", "source": "x"}, {"response_type": "pause", "time": 3}, text("")), []),
        (generic({"response_type": "conversational_search", "text": "From documents"}), [("From documents", None)]),
        (generic(text("Doubtful"), text("Too"), confidence=0.1), [("Doubtful", 0.1)]),
        ({"output": {"text": ["Old"], "generic": []}, "intents": [{"confidence": 0.4}]}, [("Old", 0.4)]),
        (generic(text(7), text(None), {"response_type": "search", "primary_results": "x"}), [("7", None)]),
        ({"output": {"generic": "x", "intents": {}, "text": "x"}}, []),
    ],
)  # fmt: skip
def test_answers_of_every_kind_become_plain_suggestions(answer: Any, found: list[tuple[str, float | None]]) -> None:
    assert [(s.text, s.confidence) for s in suggestions_of(answer)] == found


@pytest.mark.parametrize("answer", [{}, {"output": []}, {"output": None}])
def test_an_answer_without_output_is_told(answer: Any) -> None:
    with pytest.raises(Rejected, match="no output"):
        suggestions_of(answer)


def test_only_the_item_itself_wants_a_person() -> None:
    assert wants_a_person({"generic": [{"response_type": "connect_to_agent"}]})
    assert not wants_a_person({"generic": [text("connect_to_agent")]})


# -- the account


@pytest.mark.parametrize(
    ("properties", "who", "cause"),
    [
        ({**V1, "workspace_id": "another"}, Rejected, Cause.NOT_FOUND),
        ({**V2, "environment_id": "another"}, Rejected, Cause.NOT_FOUND),
        ({**V1, "username": "somebody"}, AuthenticationFailed, Cause.BAD_CREDENTIALS),
    ],
)
def test_the_test_reads_the_name_and_tells_what_is_wrong(
    simulator: Vendor, properties: dict[str, Any], who: type[Exception], cause: Cause
) -> None:
    watson = bot(properties)
    with pytest.raises(who) as failure:
        list(watson.probes())
    assert getattr(failure.value, "cause", None) is cause
    right = V1 if "username" in properties else V2
    IntegrationAccount.objects.all().delete()
    verdict = bot(right).test_connection().verdict
    assert verdict is not None and verdict.ok
    assert verdict.identity == ("Demo dialog" if right is V1 else "Demo live")
    assert simulator.count("messages") == simulator.count("sessions") == 0


def test_the_form_is_the_guides_with_todays_additions_under_advanced() -> None:
    form = WatsonBotProperties()
    shown = [field.label for name, field in form.fields.items() if name not in form.advanced]
    assert shown == [
        "Url", "Workspace ID", "Username", "Password", "Max API calls per day", "Maximum suggestions",
    ]  # fmt: skip
    assert WatsonBotProperties.defaults()["url"] == GUIDE_URL


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "workspace_id"),
        ({"workspace_id": "a/b"}, "workspace_id"),
        ({"api_generation": "v2", "assistant_id": "a"}, "environment_id"),
        ({"api_generation": "v2", "environment_id": "a"}, "assistant_id"),
        ({"workspace_id": "a"}, "password"),
        ({"url": "http://gateway.watsonplatform.net/conversation/api/v1/workspaces/"}, "url"),
        ({"maximum_suggestions": "0"}, "maximum_suggestions"),
        ({"version": "yesterday"}, "version"),
    ],
)
def test_what_is_missing_or_wrong_is_told_on_its_field(data: dict[str, str], field: str) -> None:
    usual = {"url": GUIDE_URL, "username": "u", "maximum_suggestions": "3", "api_generation": "v1"}
    form = WatsonBotProperties({**usual, **data})
    assert field in form.errors


@pytest.mark.parametrize(
    ("url", "root"),
    [
        (GUIDE_URL, "https://gateway.watsonplatform.net/conversation/api"),
        ("https://gateway-fra.watsonplatform.net/assistant/api", "https://gateway-fra.watsonplatform.net/assistant/api"),
        ("https://api.eu-de.assistant.watson.cloud.ibm.com/instances/1b2",
         "https://api.eu-de.assistant.watson.cloud.ibm.com/instances/1b2"),
        ("https://api.eu-de.assistant.watson.cloud.ibm.com/v1/workspaces",
         "https://api.eu-de.assistant.watson.cloud.ibm.com"),
    ],
)  # fmt: skip
def test_a_prefix_and_a_bare_host_lead_to_the_same_place(url: str, root: str) -> None:
    watson = bot(V1, url=url)
    watson.account.simulated = False
    assert watson.base_url == root
    assert watson.place == "/v1/workspaces/demo-workspace"


def test_an_old_address_is_told_and_moved_by_one_button() -> None:
    account = bot().account
    assert list(again(account).notices()) == []  # simulated: goes elsewhere anyway
    IntegrationAccount.objects.update(simulated=False)
    assert "watsonplatform.net" in next(again(account).notices())
    assert again(account).move_to_todays_address().ok
    assert again(account).base_url == "https://api.us-south.assistant.watson.cloud.ibm.com"
    assert list(again(account).notices()) == []


def test_ask_shows_a_whole_conversation_and_counts_it(simulator: Vendor) -> None:
    result = bot(V1, max_api_calls_per_day=10).ask(["Where is my order?", "4711", "Zebra", "a person"])
    assert result.ok
    assert result.rows == (
        ("Where is my order?", "What is your order number? (confidence 0.88)"),
        ("4711", "Order 4711 arrives tomorrow. (confidence 0.12)"),
        ("Zebra", "I am not sure that I understood. Could you say it in other words? (confidence 0.12)"),
        ("a person", "I am connecting you with a colleague. (confidence 0.95)"),
        ("a person", "Hands over to a person."),
        ("Calls today", "4 of 10"),
    )
