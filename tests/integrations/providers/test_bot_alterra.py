"""Alterra: one suggestion, fixed values that stay fixed, every published shape of an answer."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations.capabilities import BotContext, ChatBot
from integrations.errors import Rejected, Unavailable
from integrations.providers.bot_alterra import Alterra, AlterraProperties, texts_of
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

CHAT = BotContext("chat-1", {"kept": 1})


@pytest.fixture
def bot(vendor: Callable[[str], Vendor], transactional_db: None) -> tuple[Alterra, Vendor]:
    found = vendor("bot_alterra")
    account = AccountFactory(
        name="Alterra", provider="bot_alterra", properties={}, secrets={"api_key": "demo-alterra-key"}
    )
    return account.connect(), found


def test_one_suggestion_of_several(bot: tuple[Alterra, Vendor]) -> None:
    alterra, vendor = bot
    answer = alterra.suggest(" Where is my parcel? ", CHAT)
    assert isinstance(alterra, ChatBot)
    assert [s.text for s in answer.suggestions] == ["Your parcel arrives within two days."]
    assert answer.state == CHAT.state
    assert vendor.arrived()[0]["body"] == {"query": "Where is my parcel?", "session_id": "chat-1"}
    assert len(vendor.board()["asked"][0]["answers"]) == 2


def test_nothing_known_and_nothing_asked(bot: tuple[Alterra, Vendor]) -> None:
    alterra, vendor = bot
    assert alterra.suggest("Zebra", CHAT).suggestions == ()
    assert alterra.suggest("  ", CHAT).suggestions == ()
    assert vendor.count("asked") == 1


def test_a_question_is_never_repeated(bot: tuple[Alterra, Vendor]) -> None:
    alterra, vendor = bot
    vendor.fault("server_error", options={"status": 503})
    with pytest.raises(Unavailable):
        alterra.suggest("parcel", CHAT)
    assert len(vendor.arrived()) == 1


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        ({"results": [{"answer": " A"}, {"text": "B"}, {"text": "A"}]}, ["A", "B", "A"]),
        ({"bot_replies": [{"parts": [{"text": "A"}, {"link_url": "x"}, {"text": "B"}]}]}, ["A B"]),
        ({"replies": ["A", 3, " "]}, ["A"]),
    ],
)
def test_the_published_shapes_are_read(answer: Any, texts: list[str]) -> None:
    assert texts_of(answer) == texts


@pytest.mark.parametrize("answer", [[], {}, {"results": "A"}, None])
def test_another_shape_is_told(answer: Any) -> None:
    with pytest.raises(Rejected):
        texts_of(answer)


def test_fixed_values_stay_whatever_is_sent() -> None:
    form = AlterraProperties(
        {"url": "https://dev.alterra.cc/demo/api", "method": "GET", "use_url_encode": "on", "maximum_suggestions": "9"}
    )
    assert form.is_valid(), form.errors
    fixed = {name: form.cleaned_data[name] for name in ("method", "use_url_encode", "maximum_suggestions")}
    assert fixed == {"method": "POST", "use_url_encode": False, "maximum_suggestions": 1}
    shown = [field.label for name, field in form.fields.items() if name not in form.advanced]
    assert shown == ["Url", "Method", "API key", "Use url encode", "Maximum suggestions"]
