"""IBM Watson Speech to Text: sound goes out over a WebSocket, utterances come back.

Protocol: IBM's page on the WebSocket interface of Speech to Text. The model is always named, because the one that IBM
documents as the default when it is left out no longer exists."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django import forms

from integrations import catalogue, websocket
from integrations.capabilities import Audio, Codec, Utterance, Word
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import YOU
from integrations.errors import Cause, IntegrationError, Rejected, Stage, Unavailable
from integrations.http import json_of
from integrations.property_fields import CaCertificateField, VendorUrlField
from integrations.providers import ibm
from integrations.providers.speech import Recogniser

LISTENING_SECONDS, ANSWER_SECONDS = 10.0, 45.0
LEAST_BYTES = 100  # IBM refuses a stream that is shorter
SILENT = {Codec.MULAW: b"\xff", Codec.LINEAR: b"\x00"}
CONTENT_TYPES = {Codec.MULAW: "audio/mulaw", Codec.LINEAR: "audio/l16"}
STOP = json.dumps({"action": "stop"})
ADVICE = {
    **ibm.ADVICE,
    Cause.INVALID_DATA: Advice(
        "Watson takes the account and refuses what it was asked: mostly the name of the model.",
        YOU,
        "Compare Model (Advanced) with the models of your location; for telephone calls in American English it is "
        "en-US_Telephony.",
    ),
}


class WatsonSttProperties(ibm.WatsonProperties):
    advanced = ("model", *ibm.WatsonProperties.advanced)

    url = VendorUrlField(
        label="URL",
        initial="wss://stream.watsonplatform.net",
        wss_only=True,
        max_length=1000,
        help_text=(
            "The URL of the service's credentials, with wss:// in place of https:// (only wss:// is allowed): "
            "wss://api.us-south.speech-to-text.watson.cloud.ibm.com/instances/... The default is the old address, "
            "which IBM promised until December 2020."
        ),
    )
    username = ibm.username_field()
    password = ibm.password_field()
    model = forms.CharField(
        label="Model",
        initial="en-US_Telephony",
        max_length=100,
        help_text=(
            "What the recogniser expects to hear. For calls: a language with _Telephony, as en-GB_Telephony, or a "
            "large speech model, as en-US. IBM's page Languages and models lists them."
        ),
    )
    api_key = ibm.api_key_field()
    iam_endpoint = ibm.iam_endpoint_field()
    ca_certificate = CaCertificateField()


class WatsonStt(ibm.Watson, Recogniser):
    """Writes down what callers and agents say, while they say it."""

    key = "stt_watson"
    label = "Watson"
    type = catalogue.STT
    service = "speech-to-text"
    documentation_url = "https://cloud.ibm.com/docs/speech-to-text"
    advice = ADVICE
    Properties = WatsonSttProperties

    @property
    def base_url(self) -> str:
        """The service's root in the scheme of requests; a session uses the same host."""
        return websocket.as_http(super().base_url)

    def transcribe(self, audio: Audio) -> Iterator[Utterance]:
        with self._session("Transcribe") as talk:
            reader = Reader()
            talk.send(json.dumps(start_order(audio)))
            size = 0
            for chunk in audio.chunks:
                size += len(chunk)
                if chunk and not talk.send(chunk):  # an empty frame would mean the end
                    break
                for frame in talk.waiting():
                    yield from reader.read(frame)
            if size < LEAST_BYTES:
                talk.send(SILENT[audio.codec] * LEAST_BYTES)
            talk.send(STOP)
            while not reader.is_done:
                yield from reader.read(talk.receive(ANSWER_SECONDS))

    def probes(self) -> Iterator[Passed]:
        """The list of models, then a session that is opened and closed again: no audio, so nothing to pay for."""
        names = model_names(json_of(self.http.get("/v1/models", purpose="Test connection")))
        identity = "" if self.account.secret("api_key") else str(self.properties["username"])
        yield Passed(Stage.AUTHENTICATION, f"Watson shows {len(names)} models", identity=identity)
        if self.properties["model"] not in names:
            raise unknown_model(str(self.properties["model"]), names)
        with self._session("Test connection") as talk:
            reader = Reader()
            talk.send(json.dumps(start_order(Audio(()))))
            while not reader.listening:
                list(reader.read(talk.receive(LISTENING_SECONDS)))
        yield Passed(Stage.ANSWER, f"Watson listens with the model {self.properties['model']}")

    def _session(self, purpose: str) -> Any:
        query = urlencode({"model": self.properties["model"]})
        url = f"ws{self.base_url.removeprefix('http')}/v1/recognize?{query}"
        return websocket.session(self.http, url, purpose=purpose)


def start_order(audio: Audio) -> dict[str, Any]:
    """The first frame. Pauses of any length are normal in a call, so the vendor's limit on silence is off."""
    return {
        "action": "start",
        "content-type": f"{CONTENT_TYPES[audio.codec]};rate={audio.rate}",
        "interim_results": True,
        "timestamps": True,
        "word_confidence": True,
        "inactivity_timeout": -1,
    }


class Reader:
    """Reads the vendor's frames: `listening` comes once after the start and once more when everything was said."""

    def __init__(self) -> None:
        self.listening = 0

    @property
    def is_done(self) -> bool:
        return self.listening > 1

    def read(self, frame: str | bytes | None) -> Iterator[Utterance]:
        """Raises `IntegrationError` for an error frame, for nonsense, and when the session has ended too early."""
        message = message_of(frame)
        if "error" in message:
            raise error_of(str(message["error"]))
        if message.get("state") == "listening":
            self.listening += 1
        elif "results" in message:
            yield from utterances_of(message["results"])
        elif not {"state", "speaker_labels", "warnings"} & set(message):
            raise Rejected("Watson sent something that is neither a state nor a result.", cause=Cause.REMOTE_ERROR)


def message_of(frame: str | bytes | None) -> dict[str, Any]:
    if frame is None:
        raise Unavailable("Watson ended the session before it had said everything.", cause=Cause.REMOTE_ERROR)
    try:
        message = json.loads(frame)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise Rejected("A frame from Watson is no JSON object, or was cut off.", cause=Cause.REMOTE_ERROR)
    return message


def error_of(text: str) -> IntegrationError:
    """An error frame. IBM gives no codes here; what matters is told by the begin of the sentence."""
    if text.startswith(("No speech detected", "Session timed out")):
        return Unavailable("Watson gave up waiting for speech.", cause=Cause.TIMEOUT, vendor_message=text)
    if text.lower().startswith("model ") and "not found" in text:
        return Rejected("Watson does not know the model.", cause=Cause.INVALID_DATA, field="model", vendor_message=text)
    return Rejected("Watson refused the audio.", cause=Cause.INVALID_DATA, vendor_message=text)


def utterances_of(results: Any) -> Iterator[Utterance]:
    try:
        for result in results:
            if "alternatives" in result:  # a result may be an event instead, as speech_begin_event
                yield _utterance(result)
    except (TypeError, KeyError, IndexError, ValueError):
        raise Rejected("A result from Watson has not the documented shape.", cause=Cause.REMOTE_ERROR) from None


def _utterance(result: dict[str, Any]) -> Utterance:
    """Confidence is documented for the models of the past; those of today may leave it out."""
    best = result["alternatives"][0]
    sure = {n: float(value) for n, (_, value) in enumerate(best.get("word_confidence") or ())}
    timed = [(str(word), float(start), float(end)) for word, start, end in best.get("timestamps") or ()]
    words = tuple(Word(word, start, end, sure.get(n)) for n, (word, start, end) in enumerate(timed))
    confidence = best.get("confidence")
    return Utterance(
        text=str(best["transcript"]).strip(),
        start=words[0].start if words else None,
        end=words[-1].end if words else None,
        confidence=None if confidence is None else float(confidence),
        words=words,
        final=bool(result["final"]),
    )


def model_names(answer: Any) -> list[str]:
    models = answer.get("models") if isinstance(answer, dict) else None
    if not isinstance(models, list):
        raise Rejected("The answer holds no list of models.", cause=Cause.REMOTE_ERROR)
    return [str(model["name"]) for model in models if isinstance(model, dict) and model.get("name")]


def unknown_model(name: str, names: list[str]) -> Rejected:
    alike = [known for known in names if known[:2] == name[:2]] or names
    return Rejected(
        f"Watson has no model {name} in this location. It has, for example: {', '.join(sorted(alike)[:6])}.",
        cause=Cause.INVALID_DATA,
        stage=Stage.ANSWER,
        field="model",
    )
