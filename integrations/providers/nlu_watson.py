"""Watson Natural Language Understanding: sentiment, and on request emotions.

Billed by features and blocks of 10,000 characters, so nothing is asked for that is not used. IBM is switching the
service off (release notes, August 2026); `nlu_local` stands beside it."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import requests
from django import forms

from integrations import catalogue, deadlines
from integrations.capabilities import Sentiment, SentimentLabel
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import YOU
from integrations.errors import Cause, IntegrationError, Rejected, Stage
from integrations.expiry.expiries import Announced
from integrations.property_fields import CaCertificateField, PatternField, PostMethodField, VendorUrlField
from integrations.providers import ibm
from integrations.providers.nlu import Nlu
from integrations.vendor_json import inner, number_of, object_of, objects, text_of

GUIDE_URL = "https://gateway.watsonplatform.net/natural-language-understanding/api/v1/analyze?version=2017-02-27"
VERSION = "2022-08-10"
LONGEST_TEXT = 50_000  # characters; the vendor cuts longer ones
ANALYSE_SECONDS = 10.0
EMOTION_LANGUAGE = "en"
END = (
    "IBM is ending Watson Natural Language Understanding: no new services since 31 July 2026, support until 31 July "
    "2027, switched off on 31 January 2028. The Local engine (English) of this product goes on without IBM."
)
SOURCE = "IBM, Natural Language Understanding release notes"
ADVICE = {
    **ibm.ADVICE,
    Cause.INVALID_DATA: Advice(
        "Watson understood the request and refuses the text: a language it does not know, or no text to speak of.",
        YOU,
        "Read IBM's own words above, and compare Language under Advanced with what your customers write.",
    ),
}


class WatsonNluProperties(ibm.WatsonProperties):
    advanced = ("language", "emotions", "version", *ibm.WatsonProperties.advanced)

    url = VendorUrlField(
        label="Url",
        initial=GUIDE_URL,
        https_only=True,
        max_length=1000,
        help_text=(
            "The one shown first is the guide's, and no longer answers. Today's is on cloud.ibm.com, Resource list, "
            "your service, Manage, Credentials: "
            "https://api.us-south.natural-language-understanding.watson.cloud.ibm.com/instances/..."
        ),
    )
    method = PostMethodField(help_text="For this integration account the HTTP method is POST; this cannot be changed.")
    username = ibm.username_field()
    password = ibm.password_field()
    limit = forms.IntegerField(
        label="Limit",
        initial=100,
        disabled=True,
        required=False,
        help_text=(
            "The limit is 100 and cannot be changed. The guide does not say what it limits and Watson's interface has "
            "nothing of this name, so it is shown and not sent."
        ),
    )
    language = PatternField(
        regex=r"^[a-z]{2}(-[A-Za-z]{2,4})?$",
        says="A language is written in two small letters. Examples: en, de, ja",
        label="Language",
        initial="en",
        max_length=7,
        help_text=(
            "The language of your customers' texts as Watson writes it (en, de, ja ...). It is always sent, because "
            "below 100 characters Watson often takes one language for another."
        ),
    )
    emotions = forms.BooleanField(
        label="Emotions too",
        required=False,
        initial=False,
        help_text="Anger, disgust, fear, joy and sadness, for English texts. IBM counts this as a second feature.",
    )
    version = ibm.version_field(
        initial=VERSION,
        help_text=f"Sent instead of the one in the Url: 2017-02-27 was retired in 2020. IBM's latest is {VERSION}.",
    )
    api_key = ibm.api_key_field()
    iam_endpoint = ibm.iam_endpoint_field()
    ca_certificate = CaCertificateField()


class WatsonNlu(Nlu, ibm.Watson):
    """One instance of the service."""

    key = "nlu_watson"
    label = "Watson Natural Language Understanding"
    type = catalogue.NLU
    documentation_url = "https://cloud.ibm.com/apidocs/natural-language-understanding"
    notice = END
    announced = (
        Announced("Support by IBM", date(2027, 7, 31), "IBM supports the service no longer; it still answers.", SOURCE),
        Announced(
            "The service at IBM", date(2028, 1, 31),
            "IBM switches the service off. Add an account of the local engine and make it the default before.", SOURCE,
        ),
    )  # fmt: skip
    service = "natural-language-understanding"
    advice = ADVICE
    Properties = WatsonNluProperties

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        """IBM says with 400 and 422 what is wrong with a text; about its language it speaks of "language"."""
        error = super().interpret(response)
        if isinstance(error, Rejected) and response.status_code in (400, 422):
            error.field = "language" if "language" in error.vendor_message.lower() else "text"
        return error

    def analyze(self, text: str, *, language: str = "") -> Sentiment:
        if not text.strip():
            raise Rejected("There is no text to analyse.", field="text")
        spoken = language or str(self.properties["language"])
        features: dict[str, Any] = {"sentiment": {"document": True}}
        if self.properties["emotions"] and spoken.split("-")[0] == EMOTION_LANGUAGE:
            features["emotion"] = {"document": True}
        body = {"text": text[:LONGEST_TEXT], "language": spoken, "features": features}
        with deadlines.within(ANALYSE_SECONDS):
            response = self.http.post("/v1/analyze", params=self._version, json=body, purpose="Analyse", retry=0)
        return sentiment_of(object_of(response, "IBM"))

    def probes(self) -> Iterator[Passed]:
        """The list of custom models: it needs the credentials and is not billed."""
        answer = object_of(self.http.get("/v1/models", params=self._version, purpose="Test connection", retry=0), "IBM")
        if not isinstance(answer.get("models"), list):
            raise Rejected("The answer holds no list of models.", cause=Cause.REMOTE_ERROR)
        yield Passed(Stage.AUTHENTICATION, f"Watson lets us in ({len(objects(answer['models']))} models of your own)")

    @property
    def _version(self) -> dict[str, str]:
        return {"version": str(self.properties["version"])}


def sentiment_of(answer: dict[str, Any]) -> Sentiment:
    """The document's sentiment. One feature may fail while another succeeds: that is a 200 with a warning."""
    told = answer.get("warnings")
    warnings = tuple(text for text in told if isinstance(text, str)) if isinstance(told, list) else ()
    document = inner(answer, "sentiment", "document")
    score, label = number_of(document.get("score")), text_of(document.get("label"))
    if score is None or label not in set(SentimentLabel):
        raise Rejected("The answer holds no sentiment.", cause=Cause.REMOTE_ERROR, vendor_message="; ".join(warnings))
    emotions = inner(answer, "emotion", "document", "emotion").items()
    strengths = {name: strength for name, value in emotions if (strength := number_of(value)) is not None}
    return Sentiment(score, SentimentLabel(label), strengths, warnings)
