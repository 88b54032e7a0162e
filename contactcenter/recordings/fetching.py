"""Fetches a recording from the address that a telephone system has given, through the guarded HTTP client."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from django.utils import timezone

from integrations.fields import Sealed
from integrations.http import HttpClient
from integrations.transport import Download

from ..errors import NotPossible
from ..models import CallRecording
from . import audio_files, spool
from .holds import Hold, Stuck

GIVE_UP_AFTER = timedelta(hours=24)
State = CallRecording.State


def fetch(recording: CallRecording, hold: Hold) -> None:
    """One attempt. The address is forgotten when the sound is here."""
    if recording.attempts and timezone.now() - recording.received_at > GIVE_UP_AFTER:
        raise Stuck(f"It could not be fetched within a day. {recording.last_error}")
    url = str(recording.source.reveal())
    try:
        with client(url).download(url, headers={"Accept": "audio/*"}, purpose="Fetch recording") as download:
            kept = spool.keep(_pieces(download, hold), recording.public_id)
    except NotPossible as too_large:
        raise Stuck(too_large.sentence) from None
    try:
        with kept.path.open("rb") as file:
            facts = audio_files.look(file)
    except NotPossible as poison:
        kept.path.unlink(missing_ok=True)
        raise Stuck(f"What came from the address is not a recording. {poison.sentence}") from None
    known = audio_files.columns(facts, channels=recording.channels, duration_ms=recording.duration_ms)
    hold.save(**kept.columns, **known, state=State.STORING, source=Sealed(""), last_error="", attempts=0)


def client(url: str) -> HttpClient:
    """For an address that is nobody's account: no credentials, and internal networks only where they are allowed."""
    parts = urlsplit(url)
    return HttpClient(None, base_url=f"{parts.scheme}://{parts.netloc}")


def _pieces(download: Download, hold: Hold) -> Iterator[bytes]:
    for piece in download:
        hold.keep()
        yield piece
