"""IBM Watson Text to Speech: voices, and prompts spoken for the telephone.

A plain text is escaped, because IBM reads every text as a fragment of SSML: a bare & would be refused."""

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from integrations import catalogue
from integrations.capabilities import Voice
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import YOU
from integrations.errors import Cause, Rejected, Stage
from integrations.http import json_of
from integrations.property_fields import CaCertificateField, VendorUrlField
from integrations.providers import ibm, voices

TELEPHONE = "audio/basic"
ADVICE = {
    **ibm.ADVICE,
    Cause.NOT_FOUND: Advice(
        "Watson does not know the voice, or the instance in the URL.",
        YOU,
        "Press Load Voices and choose one of the list. If no voices come, compare the URL with the one in the "
        "service's credentials.",
        (ibm.MANAGE, "Copy URL from Credentials"),
    ),
}


class WatsonTtsProperties(ibm.WatsonProperties, voices.SpeakingProperties):
    url = VendorUrlField(
        label="URL",
        initial="https://stream.watsonplatform.net/text-to-speech/api/v1/",
        https_only=True,
        max_length=1000,
        help_text=(
            "The URL of the service's credentials, as https://api.us-south.text-to-speech.watson.cloud.ibm.com/"
            "instances/... The default is the old address, which IBM promised until December 2020."
        ),
    )
    username = ibm.username_field(label="User name")
    password = ibm.password_field()
    voice = voices.voice_field(example="en-US_MichaelV3Voice")
    api_key = ibm.api_key_field()
    iam_endpoint = ibm.iam_endpoint_field()
    ca_certificate = CaCertificateField()


class WatsonTts(ibm.Watson, voices.Speaker):
    """Speaks prompts with the voices of IBM Watson."""

    key = "tts_watson"
    label = "Watson"
    type = catalogue.TTS
    service = "text-to-speech"
    documentation_url = "https://cloud.ibm.com/docs/text-to-speech"
    advice = ADVICE
    largest_text = 5 * 1024
    Properties = WatsonTtsProperties

    def voices(self) -> list[Voice]:
        answer = json_of(self.http.get("/v1/voices", purpose="Load voices"))
        return voices.in_order([voice_of(row) for row in voices.rows_of(answer)])

    def probes(self) -> Iterator[Passed]:
        """The list of voices, which costs nothing."""
        found = self.voices()
        yield Passed(Stage.AUTHENTICATION, f"Watson offers {len(found)} voices")
        chosen = str(self.properties["voice"])
        if chosen and chosen not in {voice.name for voice in found}:
            raise Rejected(f"Watson has no voice {chosen}.", field="voice", cause=Cause.NOT_FOUND, stage=Stage.ANSWER)

    def say(self, text: str, voice: str) -> bytes:
        body = {"text": text if text.startswith("<speak") else escape(text)}
        response = self.http.post(
            "/v1/synthesize",
            params={"voice": voice} if voice else None,
            json=body,
            headers={"Accept": TELEPHONE},
            purpose="Synthesize",
        )
        if not response.headers.get("Content-Type", "").startswith(TELEPHONE) or not response.content:
            raise Rejected("The answer is no sound for the telephone.", cause=Cause.REMOTE_ERROR)
        return bytes(response.content)


def voice_of(row: dict[str, Any]) -> Voice:
    return Voice(
        name=str(row["name"]),
        language=str(row.get("language") or ""),
        gender=str(row.get("gender") or ""),
        description=str(row.get("description") or ""),
    )
