"""Google Cloud Text-to-Speech (REST v1) with an API key: voices, and prompts spoken for the telephone.

From Google's discovery document of the service. The address in the administrator's guide is the name of an OAuth scope
and no address; it stands for Google's own one. A wrong key is a 400 there, so what went wrong is read from the reason
in the error's details, not from the status."""

import base64
import binascii
from collections.abc import Iterator
from typing import Any

import requests

from integrations import catalogue, sound
from integrations.actions import Result, action
from integrations.capabilities import Voice
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, YOU
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage
from integrations.http import error_from_response, json_of, retry_after
from integrations.properties import SecretField
from integrations.property_fields import CaCertificateField, PatternField, VendorUrlField
from integrations.providers import voices

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
ROOT = "https://texttospeech.googleapis.com"
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
GENDERS = {"MALE": "male", "FEMALE": "female", "NEUTRAL": "neutral"}
KEYS = "console.cloud.google.com: APIs & Services, Credentials"
# google.rpc.ErrorInfo, domain googleapis.com
REASONS: dict[str, tuple[Cause, Stage, str]] = {
    "API_KEY_INVALID": (Cause.BAD_CREDENTIALS, Stage.AUTHENTICATION, "Google does not accept the API key."),
    "SERVICE_DISABLED": (Cause.API_DISABLED, Stage.PERMISSION, "The service is not enabled in the key's project."),
    "BILLING_DISABLED": (Cause.API_DISABLED, Stage.PERMISSION, "The key's project has no billing account."),
    "API_KEY_SERVICE_BLOCKED": (Cause.NO_PERMISSION, Stage.PERMISSION, "The key is not for this service."),
    "API_KEY_HTTP_REFERRER_BLOCKED": (Cause.IP_RESTRICTED, Stage.PERMISSION, "The key is for web pages only."),
    "API_KEY_IP_ADDRESS_BLOCKED": (Cause.IP_RESTRICTED, Stage.PERMISSION, "The key is for other addresses only."),
}
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "Google does not know this API key: it was deleted, or copied in part.",
        YOU,
        "Copy the key again, or create one, and save it here.",
        (KEYS, "Show key, or Create credentials, API key"),
    ),
    Cause.API_DISABLED: Advice(
        "The key is right, but its project may not use Cloud Text-to-Speech yet: the service is not enabled, or the "
        "project has no billing account.",
        THEIR_ADMINISTRATOR,
        "Enable the service and billing for the project that the key belongs to. It takes some minutes to work.",
        (
            "console.cloud.google.com: APIs & Services, Library",
            "Cloud Text-to-Speech API, Enable",
            "Billing, Link account",
        ),
    ),
    Cause.NO_PERMISSION: Advice(
        "The key is restricted to other services.",
        THEIR_ADMINISTRATOR,
        "Add Cloud Text-to-Speech API to the restrictions of the key.",
        (KEYS, "The key, API restrictions", "Add Cloud Text-to-Speech API, Save"),
    ),
    Cause.IP_RESTRICTED: Advice(
        "The key works only from web pages, apps or addresses that its owner listed, and this server is none of them.",
        THEIR_ADMINISTRATOR,
        "Set the application restriction of the key to IP addresses, with this server's outgoing address.",
        (KEYS, "The key, Application restrictions, IP addresses"),
    ),
}


class GoogleTtsProperties(voices.SpeakingProperties):
    advanced = ("language", "ca_certificate")

    url = VendorUrlField(
        label="URL",
        initial=SCOPE,
        https_only=True,
        max_length=1000,
        help_text=(
            f"The default is the name of a permission at Google and no address; it means Google's own address, {ROOT}. "
            "Another one only for a gateway of yours."
        ),
    )
    api_key = SecretField(
        label="API Key",
        help_text=f"The Google Cloud Service API key. {KEYS}; the project needs the Cloud Text-to-Speech API.",
    )
    voice = voices.voice_field(example="en-US-Neural2-D")
    language = PatternField(
        regex=LANGUAGE,
        says="A language as Google writes it. Examples: en-US, de, ja-JP",
        label="Language",
        initial="en-US",
        max_length=20,
        help_text=(
            "The language spoken where no voice is chosen, and whose voices Load Voices lists, as en-US or de. Google "
            "has some thousand voices in all."
        ),
    )
    ca_certificate = CaCertificateField()


class GoogleTts(voices.Speaker):
    """Speaks prompts with the voices of Google Cloud."""

    key = "tts_google"
    label = "Google Cloud"
    type = catalogue.TTS
    documentation_url = "https://cloud.google.com/text-to-speech/docs"
    advice = ADVICE
    largest_text = 5000
    Properties = GoogleTtsProperties

    @property
    def has_scope_for_url(self) -> bool:
        return str(self.properties["url"]).rstrip("/") == SCOPE

    @property
    def base_url(self) -> str:
        if self.account.simulated or not self.has_scope_for_url:
            return super().base_url.removesuffix("/v1")
        return ROOT

    def notices(self) -> Iterator[str]:
        yield from super().notices()
        if self.has_scope_for_url and not self.account.simulated:
            yield f"The URL is the name of a permission at Google, not an address. Google is asked at {ROOT}."

    def authorise(self, request: requests.PreparedRequest) -> None:
        """In a header, because addresses end up in the logs of proxies."""
        request.headers["X-Goog-Api-Key"] = self.account.secret("api_key")

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        error = error_from_response(response)
        if error is None:
            return None
        reason = reason_of(response)
        details: dict[str, Any] = {
            "status": response.status_code, "vendor_code": reason, "vendor_message": error.vendor_message,
        }  # fmt: skip
        if reason in REASONS:
            cause, stage, words = REASONS[reason]
            return AuthenticationFailed(words, cause=cause, stage=stage, **details)
        if reason in ("RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"):
            wait = retry_after(response)
            return RateLimited(f"Too many calls: wait {wait:.0f} s.", retry_after=wait, stage=Stage.LIMITS, **details)
        error.vendor_code = reason
        return error

    def voices(self) -> list[Voice]:
        return self._voices("Load voices")

    def probes(self) -> Iterator[Passed]:
        """The list of voices, which costs nothing."""
        found = self._voices("Test connection")
        yield Passed(Stage.AUTHENTICATION, f"Google offers {len(found)} voices for {self.properties['language']}")

    def say(self, text: str, voice: str) -> bytes:
        kind = "ssml" if text.startswith("<speak") else "text"
        body = {
            "input": {kind: text},
            "voice": {"languageCode": self._language_of(voice), **({"name": voice} if voice else {})},
            "audioConfig": {"audioEncoding": "MULAW", "sampleRateHertz": voices.TELEPHONE_RATE},
        }
        return telephone_sound(json_of(self.http.post("/v1/text:synthesize", json=body, purpose="Synthesize")))

    @action(
        "Move to today's address",
        help_text=f"Replaces the name of the permission by Google's address, {ROOT}.",
        applies=lambda provider: isinstance(provider, GoogleTts) and provider.has_scope_for_url,
    )
    def move_to_todays_address(self) -> Result:
        self.account.properties = {**self.account.properties, "url": ROOT}
        self.account.save()
        return Result(True, f"The URL is {ROOT} now.")

    def _voices(self, purpose: str) -> list[Voice]:
        parameters = {"languageCode": self.properties["language"]}
        answer = json_of(self.http.get("/v1/voices", params=parameters, purpose=purpose))
        rows = [] if answer == {} else voices.rows_of(answer)  # Google leaves empty lists out
        return voices.in_order([voice_of(row) for row in rows])

    def _language_of(self, voice: str) -> str:
        """The first two parts of a voice's name are its language."""
        return "-".join(voice.split("-")[:2]) if voice.count("-") > 1 else str(self.properties["language"])


def reason_of(response: requests.Response) -> str:
    """The reason in the error's details, else its status; empty for a body of another kind."""
    try:
        error = response.json()["error"]
        reasons = [detail["reason"] for detail in error.get("details", ()) if detail.get("reason")]
        return str(reasons[0] if reasons else error.get("status") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def voice_of(row: dict[str, Any]) -> Voice:
    languages = row.get("languageCodes")
    if not isinstance(languages, list) or not languages:
        raise Rejected("A voice in the answer has no language.", cause=Cause.REMOTE_ERROR)
    return Voice(str(row["name"]), str(languages[0]), GENDERS.get(str(row.get("ssmlGender")), ""))


def telephone_sound(answer: Any) -> bytes:
    """Mu-law at 8 kHz out of Google's answer: a WAV file in base64, also for the telephone's own encoding."""
    try:
        data = base64.b64decode(answer["audioContent"], validate=True)
        found = sound.read_wav(data)
    except (KeyError, TypeError, binascii.Error, sound.NotASound):
        raise Rejected("The answer holds no sound that can be read.", cause=Cause.REMOTE_ERROR) from None
    return sound.mulaw_of(sound.resampled(found, voices.TELEPHONE_RATE).samples)
