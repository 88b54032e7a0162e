"""Google Cloud Text-to-Speech, REST v1, with Flite (or eSpeak NG) as its voice.

Written from Google's discovery document and its published errors; strict as Google is with unknown fields, which it
refuses. MP3, OGG and M4A are not made here; Google makes them. Assumptions of ours: the words for a missing key and for
a text that is too long.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import struct
from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from integrations import sound

from . import faults
from .boards import Board, BoardSimulator
from .checks import number, text
from .speech import voices
from .speech.spoken import Memory

API_KEY = "demo-google-api-key-0123456789"
SERVICE = "texttospeech.googleapis.com"
LARGEST_TEXT = 5000
INVALID, DENIED, EXHAUSTED = "INVALID_ARGUMENT", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED"
BAD_KEY = "API key not valid. Please pass a valid API key."
# The vendor's name: (gender, natural rate, the engine's voice). The language is the first part of the name.
VOICES = {
    "en-US-Neural2-D": ("MALE", 24_000, "rms"),
    "en-US-Neural2-F": ("FEMALE", 24_000, "slt"),
    "en-US-Standard-B": ("MALE", 24_000, "kal16"),
    "en-US-Standard-C": ("FEMALE", 24_000, "slt"),
    "en-GB-Standard-B": ("MALE", 24_000, "awb"),
    "de-DE-Standard-A": ("FEMALE", 24_000, "de"),
    "es-US-Standard-A": ("FEMALE", 24_000, "es-419"),
    "fr-FR-Standard-A": ("FEMALE", 24_000, "fr"),
    "ja-JP-Standard-A": ("FEMALE", 24_000, "ja"),
}
TAGS = {"LINEAR16": sound.PCM, "MULAW": sound.MULAW, "ALAW": sound.ALAW, "PCM": 0}
RANGES = {"speakingRate": (0.25, 2.0), "pitch": (-20.0, 20.0), "volumeGainDb": (-96.0, 16.0)}
FIELDS = {
    "": {"input", "voice", "audioConfig", "advancedVoiceOptions"},
    "input": {"text", "ssml", "markup", "multiSpeakerMarkup", "customPronunciations", "prompt"},
    "voice": {
        "languageCode",
        "name",
        "ssmlGender",
        "customVoice",
        "voiceClone",
        "modelName",
        "multiSpeakerVoiceConfig",
    },
    "audio_config": {"audioEncoding", "sampleRateHertz", "effectsProfileId", *RANGES},
}
OWN_FAULTS = {
    "service_disabled": (
        "SERVICE_DISABLED",
        "Cloud Text-to-Speech API has not been used in project 123456 before or it is disabled.",
    ),
    "key_blocked": ("API_KEY_SERVICE_BLOCKED", "Requests to this API texttospeech.googleapis.com are blocked."),
    "referrer_blocked": ("API_KEY_HTTP_REFERRER_BLOCKED", "Requests from referer <empty> are blocked."),
    "billing_disabled": ("BILLING_DISABLED", "This API method requires billing to be enabled."),
}


class Refusal(Exception):
    """An INVALID_ARGUMENT."""


class GoogleTts(BoardSimulator):
    key = "tts_google"
    title = "Google Cloud Text-to-Speech"
    description = "Speaks texts, with Flite."
    lead = f"API key {API_KEY}."
    extra_faults = tuple(OWN_FAULTS)
    default_counts = {"voice_lists": 0, "spoken": 0, "refused": 0}
    default_settings = {"api_key": API_KEY}

    def reset(self) -> None:
        super().reset()
        self.spoken = Memory()

    def secrets(self) -> list[str]:
        return [API_KEY, *([str(self.settings["api_key"])] if self.settings else [])]

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/v1/voices", self.voices, methods=["GET"]),
            Route("/v1/text:synthesize", self.synthesize, methods=["POST"]),
            *self.board_routes(),
        ]

    def board(self) -> Board:
        return self.spoken.board(self.figures())

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        if fault.name in OWN_FAULTS:
            reason, message = OWN_FAULTS[fault.name]
            return failure(403, DENIED, message, reason)
        if fault.name in ("bad_credentials", "expired_token", "revoked_token"):
            return failure(400, INVALID, BAD_KEY, "API_KEY_INVALID")
        if fault.name == "missing_permission":
            return failure(403, DENIED, "The caller does not have permission.")
        if fault.name == "rate_limit":
            answer = failure(429, EXHAUSTED, "Quota exceeded for quota metric 'All requests'.", "RATE_LIMIT_EXCEEDED")
            answer.headers["Retry-After"] = str(int(fault.option("retry_after", 5)))
            return answer
        if fault.name == "server_error":
            return failure(int(fault.option("status", 500)), "INTERNAL", "Internal error encountered.")
        return super().fault_response(fault, request)

    def _refusal(self, request: Request) -> Response | None:
        """A key in the header or in the query; a wrong one is a 400, not a 401."""
        given = request.headers.get("x-goog-api-key") or request.query_params.get("key", "")
        if not given:
            self.counts["refused"] += 1
            return failure(403, DENIED, "Method doesn't allow unregistered callers.")
        if not hmac.compare_digest(given.encode(), str(self.settings["api_key"]).encode()):
            self.counts["refused"] += 1
            return failure(400, INVALID, BAD_KEY, "API_KEY_INVALID")
        return None

    async def voices(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        self.counts["voice_lists"] += 1
        language = request.query_params.get("languageCode", "").lower()
        names = [name for name in VOICES if name.lower().startswith(language)]
        return JSONResponse({"voices": [described(name) for name in names]})

    async def synthesize(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        try:
            body = order_of(await request.body())
            voice, spoken = voice_of(body["voice"]), text_of(body["input"])
            speech = await asyncio.to_thread(voices.speak, spoken, VOICES[voice][2])
            audio = encoded(speech, body["audioConfig"], VOICES[voice][1])
        except Refusal as problem:
            return failure(400, INVALID, str(problem))
        except voices.CannotSpeak as problem:
            return failure(503, "UNAVAILABLE", str(problem))
        self.counts["spoken"] += 1
        self.spoken.keep(voice, body["audioConfig"]["audioEncoding"], speech.seconds, spoken)
        return JSONResponse({"audioContent": base64.b64encode(audio).decode()})


def order_of(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        raise Refusal("Invalid JSON payload received. Unexpected end of string.") from None
    if not isinstance(body, dict):
        raise Refusal("Invalid JSON payload received.")
    problems = list(unknown_fields(body))
    if problems:
        raise Refusal("\n".join(problems))
    for name in ("input", "voice", "audioConfig"):
        if not isinstance(body.get(name), dict):
            raise Refusal("Request contains an invalid argument.")
    return body


def unknown_fields(body: dict[str, Any]) -> Iterator[str]:
    parts = {"": body, "input": body.get("input"), "voice": body.get("voice"), "audio_config": body.get("audioConfig")}
    for place, part in parts.items():
        for name in sorted(set(part) - FIELDS[place]) if isinstance(part, dict) else ():
            where = f" at '{place}'" if place else ""
            yield f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.'


def voice_of(wanted: dict[str, Any]) -> str:
    language, name = wanted.get("languageCode"), wanted.get("name")
    if not text(language):
        raise Refusal("Request contains an invalid argument.")
    if not name:
        name = next((known for known in VOICES if known.lower().startswith(str(language).lower())), "")
    if name not in VOICES:
        raise Refusal(f"Voice '{name}' does not exist. Is it misspelled?")
    if not str(name).lower().startswith(str(language).lower()):
        raise Refusal(f"Requested language code '{language}' doesn't match the voice '{name}''s language code.")
    return str(name)


def text_of(wanted: dict[str, Any]) -> str:
    given = [name for name in ("text", "ssml") if text(wanted.get(name))]
    if len(given) != 1:
        raise Refusal("Request contains an invalid argument.")
    words = wanted[given[0]]
    if len(words.encode()) > LARGEST_TEXT:
        raise Refusal("Either `input.text` or `input.ssml` is longer than the limit of 5000 bytes.")
    if given[0] == "ssml" and not (words.strip().startswith("<speak") and words.strip().endswith("</speak>")):
        raise Refusal("Request contains an invalid argument.")
    return voices.text_of(words) if given[0] == "ssml" else " ".join(words.split())


def encoded(speech: sound.Sound, wanted: dict[str, Any], natural: int) -> bytes:
    """Every encoding but PCM comes in a WAV file, the telephone's too."""
    encoding, rate = wanted.get("audioEncoding"), wanted.get("sampleRateHertz") or natural
    if encoding not in TAGS:
        raise Refusal(f"This simulator does not make {encoding}. It makes {', '.join(TAGS)}.")
    for name, (least, most) in RANGES.items():
        if name in wanted and not (number(wanted[name]) and least <= wanted[name] <= most):
            raise Refusal("Request contains an invalid argument.")
    if not isinstance(rate, int) or not 8000 <= rate <= 48_000:
        raise Refusal("Request contains an invalid argument.")
    samples = sound.resampled(speech, rate).samples
    if encoding == "MULAW":
        samples = sound.mulaw_of(samples)
    elif encoding == "ALAW":
        samples = bytes(sound.audioop.lin2alaw(samples, 2))
    return wav(TAGS[encoding], rate, samples) if TAGS[encoding] else samples


def wav(tag: int, rate: int, samples: bytes) -> bytes:
    """The container by hand: with `fact`, as files that are not linear have it (RIFF, 1991)."""
    width = 2 if tag == sound.PCM else 1
    form = struct.pack("<HHIIHHH", tag, 1, rate, rate * width, width, 8 * width, 0)
    chunks = [(b"fmt ", form), (b"fact", struct.pack("<I", len(samples) // width)), (b"data", samples)]
    body = b"".join(name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for name, data in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def failure(status: int, code: str, message: str, reason: str = "") -> JSONResponse:
    """`google.rpc.Status` in JSON."""
    error: dict[str, Any] = {"code": status, "message": message, "status": code}
    if reason:
        info = "type.googleapis.com/google.rpc.ErrorInfo"
        words = "type.googleapis.com/google.rpc.LocalizedMessage"
        error["details"] = [
            {"@type": info, "reason": reason, "domain": "googleapis.com", "metadata": {"service": SERVICE}},
            {"@type": words, "locale": "en-US", "message": message},
        ]
    return JSONResponse({"error": error}, status)


def described(name: str) -> dict[str, Any]:
    gender, rate, _ = VOICES[name]
    return {"languageCodes": [name[:5]], "name": name, "ssmlGender": gender, "naturalSampleRateHertz": rate}
