"""GoVivace's telephony engine: sound goes out over a WebSocket, guesses and final texts come back.

The vendor publishes little. The address and the end mark are in its own samples; answers and status codes are those of
kaldi-gstreamer-server, which it is built on. How the key travels is not published for WebSockets: its name in the query
is a setting with the default of the vendor's REST interface."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlencode, urlsplit

from integrations import catalogue, sound, websocket
from integrations.capabilities import Audio, Codec, Utterance
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, YOU
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage, Unavailable
from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import CaCertificateField, PatternField, VendorUrlField
from integrations.providers.speech import Recogniser, tidy
from integrations.wire import redaction

ANSWER_SECONDS, TEST_SECONDS = 45.0, 10.0
END = "EOS"
# Raw sound as GStreamer declares it; linear, 16 bits. Other forms need a file's head, which a call has not.
CAPS = "audio/x-raw, layout=(string)interleaved, rate=(int){rate}, format=(string)S16LE, channels=(int)1"
OK, NO_SPEECH, ABORTED, NO_RECOGNISER = 0, 1, 2, 9
NOT_ALLOWED = (5, 6)
PASSING = (ABORTED, 3, 4)  # aborted, audio capture, network
BUSY_SECONDS = 30.0
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "GoVivace does not accept the API key, or wants it under another name.",
        YOU,
        "Enter the API Key again. If it is right, ask GoVivace how your key is sent, and correct Key parameter under "
        "Advanced.",
    ),
    Cause.RATE_LIMITED: Advice(
        "All recognisers that you may use at the same time are busy.",
        THEIR_ADMINISTRATOR,
        "Wait until a call has ended. If it happens often, ask GoVivace for more simultaneous sessions.",
    ),
    Cause.WRONG_HOST: Advice(
        "There is no GoVivace engine at this address. Customers often get an address with a port of their own.",
        YOU,
        "Ask GoVivace for the WebSocket address of your engine, with its port, and enter it as the URL.",
    ),
}


class GoVivaceProperties(PropertiesForm):
    advanced = ("key_parameter", "ca_certificate")

    url = VendorUrlField(
        label="URL",
        initial="wss://services.govivace.com/telephony",
        wss_only=True,
        max_length=1000,
        help_text=(
            "The WebSocket address of the telephony engine, from GoVivace (only wss:// is allowed). It may have a "
            "port, as wss://services.govivace.com:49155/telephony."
        ),
    )
    api_key = SecretField(
        label="API Key",
        help_text="The GoVivace API key, from your contact at GoVivace. It travels in the address of each session.",
    )
    key_parameter = PatternField(
        regex=r"^[A-Za-z][A-Za-z0-9_-]*$",
        says="A name in an address: a letter, then letters, digits, hyphens and underscores. Example: key",
        label="Key parameter",
        initial="key",
        max_length=40,
        help_text=(
            "The name of the key in the address. Not published for WebSockets; this is the name that the vendor's REST "
            "interface uses. Ask GoVivace if the key is not accepted."
        ),
    )
    ca_certificate = CaCertificateField()


class GoVivace(Recogniser):
    """Writes down what callers and agents say, with GoVivace's engine for the telephone."""

    key = "stt_govivace"
    label = "GoVivace"
    type = catalogue.STT
    advice = ADVICE
    Properties = GoVivaceProperties

    @property
    def base_url(self) -> str:
        if self.account.simulated:
            return f"ws{self.account.simulator_url.removeprefix('http')}/telephony"
        return str(self.properties["url"])

    def transcribe(self, audio: Audio) -> Iterator[Utterance]:
        with self._session(audio.rate, "Transcribe") as talk:
            for chunk in audio.chunks:
                if chunk and not talk.send(linear(chunk, audio.codec)):
                    break
                for frame in talk.waiting():
                    yield from utterances_of(frame)
            talk.send(END)
            for frame in talk.rest(ANSWER_SECONDS):
                yield from utterances_of(frame)

    def probes(self) -> Iterator[Passed]:
        """A fifth of a second of silence. That no speech is found in it is the right answer."""
        rate = Audio(()).rate
        with self._session(rate, "Test connection") as talk:
            talk.send(sound.silence(0.2, rate).samples)
            talk.send(END)
            for frame in talk.rest(TEST_SECONDS):
                list(utterances_of(frame))
        yield Passed(Stage.AUTHENTICATION, "GoVivace opened a session and listened to a moment of silence")

    def _session(self, rate: int, purpose: str) -> AbstractContextManager[websocket.Session]:
        key = self.account.secret("api_key")
        redaction.register(key)
        query = urlencode({self.properties["key_parameter"]: key, "content-type": CAPS.format(rate=rate)})
        link = "&" if urlsplit(self.base_url).query else "?"
        return websocket.session(self.http, f"{self.base_url}{link}{query}", purpose=purpose)


def linear(chunk: bytes, codec: Codec) -> bytes:
    return sound.linear_of(chunk) if codec == Codec.MULAW else chunk


def utterances_of(frame: str | bytes) -> Iterator[Utterance]:
    """One answer. Raises `IntegrationError` for a status that is a failure."""
    message = message_of(frame)
    status = message["status"]
    if status not in (OK, NO_SPEECH):
        raise error_of(status, str(message.get("message") or ""))
    result = message.get("result")
    if status == NO_SPEECH or result is None:
        return
    try:
        best = result["hypotheses"][0] if result["hypotheses"] else {"transcript": ""}
        text, confidence = tidy(str(best["transcript"])), best.get("confidence")
        found = Utterance(
            text, confidence=None if confidence is None else float(confidence), final=bool(result["final"])
        )
    except (TypeError, KeyError, IndexError, ValueError, AttributeError):
        raise Rejected("A result from GoVivace has not the known shape.", cause=Cause.REMOTE_ERROR) from None
    if text:
        yield found


def message_of(frame: str | bytes) -> dict[str, Any]:
    try:
        message = json.loads(frame)
    except ValueError:
        message = None
    if not isinstance(message, dict) or not isinstance(message.get("status"), int):
        raise Rejected("An answer from GoVivace is no JSON with a status, or was cut off.", cause=Cause.REMOTE_ERROR)
    return message


def error_of(status: int, words: str) -> IntegrationError:
    details: dict[str, Any] = {"vendor_code": str(status), "vendor_message": words}
    if status in NOT_ALLOWED:
        return AuthenticationFailed(
            "GoVivace does not allow this session.", cause=Cause.BAD_CREDENTIALS, stage=Stage.AUTHENTICATION, **details
        )
    if status == NO_RECOGNISER:
        return RateLimited("GoVivace has no free recogniser.", retry_after=BUSY_SECONDS, stage=Stage.LIMITS, **details)
    if status in PASSING:
        return Unavailable("GoVivace broke off the recognition.", cause=Cause.REMOTE_ERROR, **details)
    return Rejected(f"GoVivace refused the session (status {status}).", cause=Cause.INVALID_DATA, **details)
