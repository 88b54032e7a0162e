"""Sentiment: by Watson on the wire, and by the engine in the box; both behind one capability and one button."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations import catalogue
from integrations.capabilities import SentimentAnalysis, SentimentLabel
from integrations.errors import Cause, RateLimited, Rejected
from integrations.models import ApiCall, IntegrationAccount
from integrations.providers import registry
from integrations.providers.nlu_local import LocalNlu, LocalNluProperties, label_of
from integrations.providers.nlu_watson import GUIDE_URL, WatsonNlu, WatsonNluProperties, sentiment_of
from tests.factories import AccountFactory, AdminFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
PRAISE, COMPLAINT, FACT = "Thank you, that was wonderful!", "This is terrible, I am angry.", "My order number is 12345"


@pytest.fixture
def simulator(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("nlu_watson")


def watson(*, key: bool = False, **properties: Any) -> WatsonNlu:
    secrets = {"api_key": "demo-watson-api-key"} if key else {"password": "demo-watson-password"}
    values = {**({} if key else {"username": "demo-watson"}), **properties}
    account = AccountFactory(provider="nlu_watson", name="Watson NLU", properties=values, secrets=secrets)
    account.full_clean()
    found: WatsonNlu = IntegrationAccount.objects.get(pk=account.pk).connect()
    return found


def local(**properties: Any) -> LocalNlu:
    account = AccountFactory(provider="nlu_local", name="Local NLU", properties=properties, simulated=False)
    account.full_clean()
    found: LocalNlu = account.connect()
    return found


# -- Watson


def test_watson_is_sent_the_language_and_the_one_feature_that_is_used(simulator: Vendor) -> None:
    found = watson().analyze(PRAISE)
    assert issubclass(WatsonNlu, SentimentAnalysis)
    assert found.score > 0.5 and found.label is SentimentLabel.POSITIVE and found.emotions == {}
    sent = simulator.arrived()[0]
    assert (sent["method"], sent["path"], sent["query"]) == ("POST", "/v1/analyze", {"version": "2022-08-10"})
    assert sent["body"] == {"text": PRAISE, "language": "en", "features": {"sentiment": {"document": True}}}
    assert simulator.count("units") == 1
    assert simulator.warnings() == []


def test_emotions_are_asked_for_only_where_watson_has_them(simulator: Vendor) -> None:
    engine = watson(key=True, emotions=True)
    emotions = engine.analyze(COMPLAINT).emotions
    assert max(emotions, key=lambda name: emotions[name]) == "anger"
    assert set(emotions) == {"anger", "disgust", "fear", "joy", "sadness"}
    engine.analyze("Das ist schlimm", language="de")
    assert list(simulator.arrived()[-1]["body"]["features"]) == ["sentiment"]
    assert simulator.arrived()[-1]["body"]["language"] == "de"


def test_what_watson_could_not_do_is_handed_on(simulator: Vendor) -> None:
    engine = watson(emotions=True)
    simulator.fault("feature_failed")
    found = engine.analyze(PRAISE)
    assert (found.score, found.emotions) == (0.5, {})
    assert found.warnings == ("emotion: feature is not available at this time",)
    assert ("Warning", "emotion: feature is not available at this time") in engine.analyse(PRAISE).rows
    simulator.healthy()
    assert engine.analyze(PRAISE).warnings == ()


def test_an_unknown_language_and_an_empty_text_are_told_on_their_field(simulator: Vendor) -> None:
    engine = watson()
    with pytest.raises(Rejected) as unknown:
        engine.analyze(PRAISE, language="tlh")
    assert (unknown.value.field, unknown.value.status) == ("language", 400)
    assert "unsupported text language" in str(unknown.value)
    with pytest.raises(Rejected) as empty:
        engine.analyze("  ")
    assert empty.value.field == "text"
    assert len(simulator.arrived()) == 1
    assert engine.analyze(PRAISE).label is SentimentLabel.POSITIVE


def test_an_analysis_is_billed_and_so_never_repeated(simulator: Vendor) -> None:
    simulator.fault("rate_limit")
    with pytest.raises(RateLimited) as refusal:
        watson().analyze(PRAISE)
    assert refusal.value.retry_after == 5
    assert len(simulator.arrived()) == 1


def test_the_test_is_not_billed(simulator: Vendor) -> None:
    assert watson().test_connection().ok
    assert [(sent["method"], sent["path"]) for sent in simulator.arrived()] == [("GET", "/v1/models")]
    assert simulator.count("units") == 0


def test_a_very_long_text_is_cut_where_watson_cuts_it(simulator: Vendor) -> None:
    watson().analyze("good " * 11_000)
    assert len(simulator.arrived()[0]["body"]["text"]) == 50_000
    assert simulator.count("units") == 5


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"sentiment": []},
        {"sentiment": {"document": {"score": "0.5", "label": "positive"}}},
        {"sentiment": {"document": {"score": 0.5, "label": "ecstatic"}}},
        {"sentiment": {"document": {"label": "positive"}}, "warnings": "x"},
    ],
)
def test_an_answer_without_a_sentiment_is_told(answer: dict[str, Any]) -> None:
    with pytest.raises(Rejected, match="no sentiment"):
        sentiment_of(answer)


def test_the_form_is_the_guides_with_todays_additions_under_advanced() -> None:
    form = WatsonNluProperties(
        {"url": GUIDE_URL, "method": "GET", "limit": "7", "username": "u", "password": "p", "language": "en",
         "version": "2022-08-10"}
    )  # fmt: skip
    assert form.is_valid(), form.errors
    assert (form.cleaned_data["method"], form.cleaned_data["limit"]) == ("POST", 100)
    shown = [field.label for name, field in form.fields.items() if name not in form.advanced]
    assert shown == ["Url", "Method", "Username", "Password", "Limit"]
    assert form.fields["url"].initial == (
        "https://gateway.watsonplatform.net/natural-language-understanding/api/v1/analyze?version=2017-02-27"
    )


def test_the_end_of_the_service_is_told_above_the_form_before_and_after() -> None:
    client = Client()
    client.force_login(AdminFactory())
    account = watson().account
    IntegrationAccount.objects.update(simulated=False)
    add = f"{reverse('admin:integrations_integrationaccount_add')}?provider=nlu_watson"
    change = reverse("admin:integrations_integrationaccount_change", args=[account.pk])
    for address in (add, change):
        page = client.get(address).content.decode()
        assert "switched off on 31 January 2028" in page and "31 July 2027" in page
    assert "Press Move to today&#x27;s address" in page


def test_an_old_address_with_an_operation_and_a_version_leads_to_the_service() -> None:
    engine = watson()
    engine.account.simulated = False
    assert engine.base_url == "https://gateway.watsonplatform.net/natural-language-understanding/api"
    assert engine.move_to_todays_address().ok
    moved = IntegrationAccount.objects.get().connect()
    moved.account.simulated = False
    assert moved.base_url == "https://api.us-south.natural-language-understanding.watson.cloud.ibm.com"


# -- the engine in the box


@pytest.mark.parametrize(
    ("text", "label"),
    [(PRAISE, "positive"), (COMPLAINT, "negative"), (FACT, "neutral"), ("I am not happy with this.", "negative")],
)
def test_the_local_engine_reads_english(text: str, label: str) -> None:
    assert local().analyze(text).label == label
    assert local_again().analyze(text, language="en-GB").label == label
    assert not ApiCall.objects.exists(), "nothing is sent to anybody"


def local_again(**properties: Any) -> LocalNlu:
    IntegrationAccount.objects.all().delete()
    return local(**properties)


def test_the_neutral_band_is_a_setting() -> None:
    assert local(neutral_band=0.05).analyze(FACT).label is SentimentLabel.POSITIVE
    assert local_again(neutral_band=0.9).analyze(PRAISE).label is SentimentLabel.NEUTRAL
    assert [label_of(score, 0.1) for score in (-0.11, -0.1, 0, 0.1, 0.11)] == [
        "negative", "neutral", "neutral", "neutral", "positive",
    ]  # fmt: skip


@pytest.mark.parametrize("band", ["-0.1", "1", "nan", "wide", ""])
def test_a_band_that_cannot_be_is_told_on_its_field(band: str) -> None:
    assert "neutral_band" in LocalNluProperties({"neutral_band": band}).errors


def test_the_local_engine_refuses_what_it_cannot_read() -> None:
    engine = local()
    with pytest.raises(Rejected, match="English only") as refusal:
        engine.analyze("Das ist schlimm", language="de")
    assert refusal.value.field == "language"
    with pytest.raises(Rejected) as empty:
        engine.analyze(" ")
    assert empty.value.field == "text"


def test_the_doctor_examines_an_engine_without_address() -> None:
    engine = local()
    assert engine.base_url == ""
    verdict = engine.test_connection().verdict
    assert verdict is not None and verdict.ok
    assert [step.stage.value for step in verdict.passed] == ["settings", "answer"]
    assert verdict.identity.startswith("VADER 3.")


def test_an_engine_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise ModuleNotFoundError("vaderSentiment")

    engine = local()
    with monkeypatch.context() as patch:
        patch.setattr("integrations.providers.nlu_local.engine", gone)
        verdict = engine.test_connection().verdict
    assert verdict is not None and not verdict.ok
    assert verdict.cause is Cause.REMOTE_ERROR
    assert engine.test_connection().ok


def test_there_is_nothing_to_simulate_in_the_box() -> None:
    account = AccountFactory(provider="nlu_local", name="Local", simulated=True)
    assert not account.simulated
    client = Client()
    client.force_login(AdminFactory())
    add = f"{reverse('admin:integrations_integrationaccount_add')}?provider=nlu_local"
    assert 'name="simulated"' not in client.get(add).content.decode()
    answer = client.post(add, {"name": "Mine", "enabled": "on", "simulated": "on", "neutral_band": "0.2"})
    assert answer.status_code == 302
    mine = IntegrationAccount.objects.get(name="Mine")
    assert not mine.simulated and mine.properties == {"neutral_band": 0.2}


# -- the button


def test_analyse_shows_score_label_and_emotions(simulator: Vendor) -> None:
    result = watson(emotions=True).analyse(COMPLAINT)
    assert result.ok and result.message == "The text is negative."
    labels = [label for label, _ in result.rows]
    assert labels[:3] == ["Score", "Label", "Anger"] and len(labels) == 7
    assert dict(result.rows)["Label"] == "negative"
    assert local_again().analyse(PRAISE).message == "The text is positive."


def test_both_engines_are_of_one_type() -> None:
    engines = {key for key, provider in registry().items() if provider.type is catalogue.NLU}
    assert engines == {"nlu_watson", "nlu_local"}
    assert all(issubclass(registry()[key], SentimentAnalysis) for key in engines)
