"""Prompts as callers hear them, spoken by the text-to-speech account, for telephone systems that play a file.

The administrator's guide: with text to speech enabled, call prompts may use the vendor's voices, accents and languages.
The default account of the type speaks, in the voice chosen there. What was spoken is kept for a day, because the same
prompt is played to many callers and the vendor counts its characters."""

import hashlib
import json

from django.core.cache import cache

from integrations import deadlines, sound
from integrations.capabilities import TextToSpeech
from integrations.catalogue import TTS
from integrations.diagnosis import health
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount
from integrations.wire import wirelog

from . import crm_access
from .models import DigitRequest

KEPT_SECONDS = 24 * 60 * 60
RATE = 8000


class NotSpoken(Exception):
    """Nobody speaks this prompt. The sentence says why and what to do instead."""


def speaker() -> IntegrationAccount | None:
    """The account that speaks prompts; None where there is none."""
    try:
        account = crm_access.account_for("", TTS.key)
    except crm_access.NotConfigured:
        return None
    return account if issubclass(account.provider_class, TextToSpeech) else None


def spoken(request: DigitRequest) -> bytes:
    """The prompt as a WAV file: one channel, 8 kHz, linear samples. Raises `NotSpoken`. Never in a transaction."""
    account = speaker()
    if account is None:
        raise NotSpoken("No Text To Speech account is the default one, so nobody speaks prompts: speak the text.")
    key = _key(account, request.prompt)
    mulaw: bytes | None = cache.get(key)
    if mulaw is None:
        mulaw = _speak(account, request)
        cache.set(key, mulaw, KEPT_SECONDS)
    return sound.wav_of(sound.Sound(sound.linear_of(mulaw), RATE))


def _speak(account: IntegrationAccount, request: DigitRequest) -> bytes:
    """A caller is on the line: quickly, or not at all."""
    try:
        with wirelog.for_interaction(request.interaction.public_id), deadlines.within(crm_access.LIVE_SECONDS):
            speech = account.connect().synthesize(request.prompt)
    except IntegrationError as error:
        crm_access.note_health(account, error)
        raise NotSpoken(f"{account.name} could not speak the prompt: speak the text. {error.message}") from error
    health.succeeded(account)
    return bytes(speech.data)


def _key(account: IntegrationAccount, text: str) -> str:
    """Another voice, language or text is another sound."""
    what = json.dumps([account.pk, account.simulated, account.properties, text], sort_keys=True)
    return f"prompt:{hashlib.sha256(what.encode()).hexdigest()}"
