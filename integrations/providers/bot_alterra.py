"""Alterra: one suggestion for what a customer wrote.

The administrator's guide names the properties and their fixed values. The vendor's contract for that address was never
public: the request is ours, the answers are read in every shape that its published interfaces use
(`docs/providers/bot_alterra.md`)."""

from collections.abc import Iterator
from typing import Any

import requests
from django import forms

from integrations import catalogue
from integrations.capabilities import BotAnswer, BotContext, BotSuggestion
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import VENDOR, YOU
from integrations.errors import Cause, Rejected, Stage
from integrations.http import json_of
from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import CaCertificateField, PostMethodField, VendorUrlField
from integrations.providers.bot import Bot, distinct
from integrations.quotas import DayZoneField, MaxApiCallsField

LIST_KEYS = ("results", "bot_replies", "replies")
TEXT_KEYS = ("text", "answer")
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "Alterra does not accept the API key, or wants one and has got none.",
        YOU,
        "Enter the API key again that Alterra gave you for this address.",
    ),
    Cause.WRONG_HOST: Advice(
        "Alterra is not at this address. The default is the demonstration of 2017, which is probably gone.",
        VENDOR,
        "Ask Alterra for the address of your bot and enter it as Url.",
    ),
}


class AlterraProperties(PropertiesForm):
    advanced = ("max_api_calls_per_day", "time_zone", "ca_certificate")

    url = VendorUrlField(
        label="Url",
        initial="https://dev.alterra.cc/demo/api",
        max_length=1000,
        help_text=(
            "The address of your bot, from Alterra. The default is the vendor's demonstration of 2017, which probably "
            "no longer answers: ask Alterra for yours."
        ),
    )
    method = PostMethodField(help_text="How the bot is asked. Alterra takes POST only, so this cannot be changed.")
    api_key = SecretField(
        label="API key",
        required=False,
        help_text="The key that Alterra gave you for this address. Empty where the service asks for none.",
    )
    use_url_encode = forms.BooleanField(
        label="Use url encode",
        required=False,
        initial=False,
        disabled=True,
        help_text="Alterra takes JSON, not a URL-encoded form, so this is 0 and cannot be changed.",
    )
    maximum_suggestions = forms.IntegerField(
        label="Maximum suggestions",
        initial=1,
        disabled=True,
        required=False,
        help_text="How many suggestions reach the Agent Desktop. For Alterra this is 1 and cannot be changed.",
    )
    max_api_calls_per_day = MaxApiCallsField()
    time_zone = DayZoneField()
    ca_certificate = CaCertificateField()


class Alterra(Bot):
    """An Alterra bot behind one address."""

    key = "bot_alterra"
    label = "Alterra"
    type = catalogue.BOT
    advice = ADVICE
    Properties = AlterraProperties

    @property
    def base_url(self) -> str:
        return f"{self.account.simulator_url}/demo/api" if self.account.simulated else str(self.properties["url"])

    def authorise(self, request: requests.PreparedRequest) -> None:
        key = self.account.secret("api_key")
        if key:
            request.headers["Authorization"] = key

    def converse(self, text: str, context: BotContext) -> BotAnswer:
        found = texts_of(self._ask(text, context.conversation, purpose="Suggest"))
        return BotAnswer(distinct(map(BotSuggestion, found)), context.state, reply=found[0] if found else "")

    def probes(self) -> Iterator[Passed]:
        """A greeting. Whatever the bot answers to it is right, as long as it can be read."""
        found = texts_of(self._ask("Hello", f"test-{self.account.public_id}", purpose="Test connection"))
        said = "with a suggestion" if found else "and has no suggestion for it"
        yield Passed(Stage.ANSWER, f"Alterra answered a greeting {said}")

    def _ask(self, text: str, conversation: str, *, purpose: str) -> Any:
        body = {"query": text, "session_id": conversation}
        headers = {"Accept": "application/json"}
        with self.one_call():
            return json_of(self.http.post(self.base_url, json=body, headers=headers, purpose=purpose, retry=0))


def texts_of(answer: Any) -> list[str]:
    """The texts in an answer, the best first. Raises `Rejected` when it has none of the known shapes."""
    lists = [answer[key] for key in LIST_KEYS if key in answer] if isinstance(answer, dict) else []
    if not lists or not isinstance(lists[0], list):
        raise Rejected("The answer holds no list of replies.", cause=Cause.REMOTE_ERROR)
    texts = (text.strip() for entry in lists[0] for text in entry_texts(entry))
    return [text for text in texts if text]


def entry_texts(entry: Any) -> list[str]:
    """The text of one reply: a bare text, an object with one, or the parts of a reply joined."""
    if isinstance(entry, str):
        return [entry]
    if not isinstance(entry, dict):
        return []
    if isinstance(entry.get("parts"), list):
        return [" ".join(text for part in entry["parts"] for text in entry_texts(part))]
    return [entry[key] for key in TEXT_KEYS if isinstance(entry.get(key), str)][:1]
