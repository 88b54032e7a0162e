"""IBM Watson Text to Speech, with Flite (or eSpeak NG) as its voice.

Formats without a codec of the standard library (ogg, mp3, flac, webm) are not made here; IBM makes them. Assumptions of
ours: the words for a text that is too long, and for a format that is not made.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import struct
from typing import Any
from xml.etree import ElementTree

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from integrations import sound

from .boards import Board
from .ibm import WatsonSimulator, failure, unauthorised
from .recorder import warn
from .speech import voices
from .speech.spoken import Memory
from .speech.wire import parameters_of

LARGEST_TEXT = 5 * 1024
DEFAULT_VOICE = "en-US_MichaelV3Voice"
DEFAULT_FORMAT = "audio/ogg;codecs=opus"
# The vendor's name: (language, gender, the engine's voice).
VOICES = {
    "en-US_MichaelV3Voice": ("en-US", "male", "rms"),
    "en-US_AllisonV3Voice": ("en-US", "female", "slt"),
    "en-US_HenryV3Voice": ("en-US", "male", "kal16"),
    "en-US_EmilyV3Voice": ("en-US", "female", "slt"),
    "en-GB_JamesV3Voice": ("en-GB", "male", "awb"),
    "de-DE_BirgitV3Voice": ("de-DE", "female", "de"),
    "es-LA_SofiaV3Voice": ("es-LA", "female", "es-419"),
    "fr-FR_ReneeV3Voice": ("fr-FR", "female", "fr"),
    "ja-JP_EmiV3Voice": ("ja-JP", "female", "ja"),
}
VERSION_1 = re.compile(r"^([a-z]{2}-[A-Z]{2}_[A-Za-z]+?)Voice$")  # the names of the first generation
QUERY = {"voice", "accept", "text", "rate_percentage", "pitch_percentage", "customization_id", "spell_out_mode"}
SAY_AS = {"characters", "spell-out", "cardinal", "number", "ordinal", "digits", "vxml:digits", "date", "time",
          "interjection", "telephone"}  # fmt: skip
RATED = {"audio/mulaw", "audio/alaw", "audio/l16"}
LOWEST_RATE, HIGHEST_RATE, WAV_RATE = 8000, 192_000, 22_050
STREAMED = 0xFFFFFFFF  # the length in the head of a file whose end is not known yet


class Refusal(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class WatsonTts(WatsonSimulator):
    key = "tts_watson"
    title = "Watson Text to Speech"
    description = "Speaks texts, with Flite."
    service = "text-to-speech"
    default_counts = {**WatsonSimulator.default_counts, "voice_lists": 0, "spoken": 0}

    def reset(self) -> None:
        super().reset()
        self.spoken = Memory()

    def api_routes(self) -> list[BaseRoute]:
        return [
            Route("/v1/voices", self.voices, methods=["GET"]),
            Route("/v1/voices/{name}", self.voice, methods=["GET"]),
            Route("/v1/synthesize", self.synthesize, methods=["GET", "POST"]),
        ]

    def board(self) -> Board:
        return self.spoken.board(self.figures())

    async def voices(self, request: Request) -> Response:
        if not self.is_signed_in(request):
            return unauthorised()
        self.counts["voice_lists"] += 1
        names = random.sample(sorted(VOICES), len(VOICES))  # IBM promises no order
        return JSONResponse({"voices": [described(request, name) for name in names]})

    async def voice(self, request: Request) -> Response:
        if not self.is_signed_in(request):
            return unauthorised()
        name = request.path_params["name"]
        return JSONResponse(described(request, name)) if name in VOICES else unknown(name)

    async def synthesize(self, request: Request) -> Response:
        if not self.is_signed_in(request):
            return unauthorised()
        try:
            text = await text_asked(request)
            voice, form = voice_asked(request), form_asked(request)
            speech = await asyncio.to_thread(voices.speak, voices.text_of(checked(text)), VOICES[voice][2])
            answer = encoded(speech, *form)
        except Refusal as refusal:
            return failure(refusal.status, str(refusal))
        except voices.CannotSpeak as problem:
            return failure(503, str(problem))
        self.counts["spoken"] += 1
        self.spoken.keep(voice, ";rate=".join(map(str, form)), speech.seconds, text)
        return Response(answer, media_type=form[0], headers=warnings_of(request))


async def text_asked(request: Request) -> str:
    if request.method == "GET":
        text: Any = request.query_params.get("text")
    else:
        try:
            body = json.loads(await request.body())
        except ValueError:
            raise Refusal(400, "The request body is not valid JSON.") from None
        text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise Refusal(400, 'Required parameter "text" is missing.')
    if len(text.encode()) > LARGEST_TEXT:
        raise Refusal(400, f"The text is longer than {LARGEST_TEXT} bytes.")
    return text


def voice_asked(request: Request) -> str:
    name = request.query_params.get("voice", DEFAULT_VOICE)
    first = VERSION_1.match(name)
    if first and f"{first[1]}V3Voice" in VOICES:
        warn(request, f"{name} is a voice of the first generation, which IBM replaces silently")
        name = f"{first[1]}V3Voice"
    if name not in VOICES:
        raise Refusal(404, f"Model '{name}' not found")
    return name


def form_asked(request: Request) -> tuple[str, int]:
    """The format and its rate: the query before the header, as at IBM."""
    header = request.headers.get("accept", "*/*")
    wanted = request.query_params.get("accept") or (DEFAULT_FORMAT if header == "*/*" else header)
    name, parameters = parameters_of(wanted)
    rate = parameters.get("rate", "")
    if name == "audio/basic":
        return name, 8000
    if name in RATED and not rate:
        raise Refusal(400, f"The sampling rate of {name} has to be specified: rate is missing.")
    if name not in RATED and name != "audio/wav":
        raise Refusal(406, f"This simulator does not make {wanted}. It makes audio/basic, mulaw, alaw, l16 and wav.")
    if rate and not (rate.isdecimal() and LOWEST_RATE <= int(rate) <= HIGHEST_RATE):
        raise Refusal(400, f"The sampling rate {rate} is not supported.")
    return name, int(rate or WAV_RATE)


def checked(text: str) -> str:
    """The text is a fragment of SSML, whether it has tags or not: a bare & is no XML."""
    if "<!" in text:
        raise Refusal(400, "Document type declarations are not allowed.")
    try:
        tree = ElementTree.fromstring(f"<said>{re.sub(r'^<[?]xml[^>]*>', '', text.strip())}</said>")  # noqa: S314 - no DTD
    except ElementTree.ParseError:
        raise Refusal(400, "The text is not well-formed XML.") from None
    for element in tree.iter():
        kind = element.get("interpret-as", "digits")
        if element.tag.rpartition("}")[2] == "say-as" and kind not in SAY_AS:
            raise Refusal(400, f"Tag <say-as> has invalid attribute interpret-as={kind}")
    return text


def encoded(speech: sound.Sound, name: str, rate: int) -> bytes:
    at_rate = sound.resampled(speech, rate)
    if name in ("audio/basic", "audio/mulaw"):
        return sound.mulaw_of(at_rate.samples)
    if name == "audio/alaw":
        return bytes(sound.audioop.lin2alaw(at_rate.samples, 2))
    return streamed_wav(at_rate) if name == "audio/wav" else at_rate.samples


def streamed_wav(speech: sound.Sound) -> bytes:
    form = struct.pack("<HHIIHH", sound.PCM, 1, speech.rate, 2 * speech.rate, 2, 16)
    head = struct.pack("<4sI4s4sI", b"RIFF", STREAMED, b"WAVE", b"fmt ", len(form)) + form
    return head + struct.pack("<4sI", b"data", STREAMED) + speech.samples


def warnings_of(request: Request) -> dict[str, str]:
    unknown_names = sorted(set(request.query_params) - QUERY)
    return {"Warnings": f"Unknown arguments: {', '.join(unknown_names)}."} if unknown_names else {}


def unknown(name: str) -> Response:
    return failure(404, f"Model '{name}' not found")


def described(request: Request, name: str) -> dict[str, Any]:
    language, gender, _ = VOICES[name]
    person = name.partition("_")[2].removesuffix("V3Voice")
    url = f"{request.url.scheme}://{request.url.netloc}/tts_watson/v1/voices/{name}"
    features = {"custom_pronunciation": True, "voice_transformation": False}
    return {"name": name, "language": language, "gender": gender, "url": url, "customizable": True,
            "description": f"{person}: {language} {gender} voice.", "supported_features": features}  # fmt: skip
