"""How recordings come in: as a file, or as the address of one. A row before it is answered; the same recording told
twice is one."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.fields import Sealed

from .. import interactions
from ..errors import NotPossible
from ..models import CallRecording, Interaction, Transcript
from . import audio_files, consent, spool
from .holds import soon

State = CallRecording.State
REFUSED = "recording_refused"


class UnknownCall(NotPossible):
    """No call with this id was reported."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a telephone system says about a recording. `key` is its own id of it; `duration_ms` and `channels` 0 where
    the file is to tell; `agent_channel` is 1 or 2."""

    call_id: str
    key: str
    started_at: datetime
    duration_ms: int = 0
    channels: int = 0
    agent_channel: int = 1


def receive(offer: Offer, pieces: Iterable[bytes], *, announced: int | None = None) -> tuple[CallRecording, bool]:
    """Keep a recording that is sent; the row, and whether it is new. `announced`: its length in bytes, where known.

    Raises `UnknownCall`, `spool.TooLarge`, `OSError` when the folder takes nothing, and `NotPossible` for everything
    else; nothing of the sound is kept then."""
    refuse_unwanted(_interaction(offer.call_id), offer)
    public_id = uuid.uuid4()
    kept = spool.keep(pieces, public_id)
    new = False
    try:
        if announced is not None and kept.size != announced:
            raise NotPossible(f"The body ended after {kept.size:,} of {announced:,} bytes. Send it again.", "body")
        with kept.path.open("rb") as file:
            facts = audio_files.look(file)
        known = audio_files.columns(facts, channels=offer.channels, duration_ms=offer.duration_ms)
        recording, new = _row(offer, public_id, **kept.columns, **known, state=State.STORING)
    finally:
        if not new:
            kept.path.unlink(missing_ok=True)
    if not new and recording.sha256 and recording.sha256 != kept.sha256:
        raise NotPossible(f'The recording "{offer.key}" of this call was sent before, with other contents.', "key")
    return recording, new


def announce(offer: Offer, url: str) -> tuple[CallRecording, bool]:
    """Have a recording fetched from `url`; the row, and whether it is new. Raises `NotPossible`."""
    refuse_unwanted(_interaction(offer.call_id), offer)
    known = {"channels": offer.channels or 1, "duration_ms": offer.duration_ms, "source": Sealed.of(url)}
    return _row(offer, uuid.uuid4(), **known, state=State.FETCHING)


def _interaction(call_id: str) -> Interaction:
    found = Interaction.objects.select_related("service").filter(call_id=call_id).first()
    if found is None:
        raise UnknownCall(f'No call with the id "{call_id}" was reported. Report the call first.', "call_id")
    return found


def refuse_unwanted(interaction: Interaction, offer: Offer) -> None:
    """Raises `NotPossible`; the call's story says so once."""
    reason = consent.refusal(interaction)
    if not reason:
        return
    seen = {"why": reason, "recording": offer.key}
    about = interaction.events.filter(key=f"{REFUSED}:{offer.key}"[:160])
    with transaction.atomic():
        locked = interactions.locked(interaction.pk)
        if not about.exists():
            interactions.record(locked, REFUSED, key=f"{REFUSED}:{offer.key}"[:160], data=seen)
    raise NotPossible(f"{reason} Nothing of it was kept.", "call_id")


def _row(offer: Offer, public_id: uuid.UUID, **columns: Any) -> tuple[CallRecording, bool]:
    """The row of this recording, made once whoever comes first. The call's consent is asked again under its lock."""
    now = timezone.now()
    try:
        with transaction.atomic():
            interaction = interactions.locked(interaction_id(offer.call_id))
            known = interaction.recordings.filter(key=offer.key).first()
            if known is not None:
                return known, False
            if reason := consent.refusal(interaction):
                raise NotPossible(f"{reason} Nothing of it was kept.", "call_id")
            recording = CallRecording.objects.create(
                interaction=interaction, key=offer.key, public_id=public_id, started_at=offer.started_at,
                agent_channel=offer.agent_channel, due_at=now, **columns,
            )  # fmt: skip
            if consent.is_transcribed(interaction):
                Transcript.objects.create(recording=recording, due_at=now)
            soon(recording)
            return recording, True
    except IntegrityError:
        return CallRecording.objects.get(interaction__call_id=offer.call_id, key=offer.key), False


def interaction_id(call_id: str) -> int:
    return Interaction.objects.values_list("pk", flat=True).get(call_id=call_id)
