"""Digits that a caller is asked to press: a request to the telephone system, and its answer.

The telephone system reads open requests (`open_requests`), plays or speaks the prompt, and answers (`answer`). What is
not answered in time is over; the call goes on in any case."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from . import interactions, prompts
from .errors import NotPossible
from .models import DigitRequest, Interaction

Outcome = DigitRequest.Outcome
# What the prompt may take besides the time that the caller has for pressing keys.
PROMPT_SECONDS = 20
KEYS = "0123456789*#"
MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """`prompt` is what the caller hears; `terminator` ("#", "*" or empty) ends the input and is no part of it."""

    prompt: str
    max_digits: int
    terminator: str
    timeout_seconds: int


@transaction.atomic
def ask(interaction: Interaction, wanted: Wanted, *, key: str) -> DigitRequest:
    """Add a request, or return the one that has this key already. Tells the desktop, whose demo line shows it."""
    seconds = wanted.timeout_seconds + PROMPT_SECONDS
    request, is_new = DigitRequest.objects.get_or_create(
        key=key,
        defaults={
            "interaction": interaction,
            "prompt": wanted.prompt,
            "max_digits": wanted.max_digits,
            "terminator": wanted.terminator,
            "timeout_seconds": wanted.timeout_seconds,
            "expires_at": timezone.now() + timedelta(seconds=seconds),
        },
    )
    if is_new:
        interactions.tell_of(interaction.pk)
    return request


def open_requests(interaction: Interaction | None = None) -> QuerySet[DigitRequest]:
    """What is still to be answered, the oldest first."""
    found = DigitRequest.objects.filter(outcome=Outcome.OPEN, expires_at__gt=timezone.now())
    if interaction is not None:
        found = found.filter(interaction=interaction)
    return found.select_related("interaction").order_by("pk")


@transaction.atomic
def answer(request_id: int, *, call_id: str, digits: str = "", failed: str = "") -> DigitRequest:
    """Take in what the caller pressed; nothing: no input. `failed`: why nothing could be collected.

    Repeating an answer is harmless. Raises `NotPossible` with the field for an unknown request, keys that no telephone
    has, more digits than were asked for, and another answer than the one that is there."""
    found = DigitRequest.objects.filter(pk=request_id, interaction__call_id=call_id).first()
    if found is None:
        raise NotPossible(f"The call {call_id} has no request {request_id} for digits.", "request")
    interaction = interactions.locked(found.interaction_id)
    request = DigitRequest.objects.get(pk=found.pk)
    pressed = _checked(request, digits)
    outcome = Outcome.FAILED if failed else Outcome.COLLECTED if pressed else Outcome.NO_INPUT
    if request.outcome != Outcome.OPEN:
        if (request.outcome, request.digits) != (outcome, pressed):
            raise NotPossible("This request was answered already, with something else.", "request")
        return request
    request.digits, request.outcome, request.error = pressed, outcome, failed[:200]
    request.save(update_fields=["digits", "outcome", "error"])
    interactions.record(interaction, "digits", key=f"digits:{request.pk}", data={"outcome": str(outcome)})
    interactions.after(interaction)
    return request


def _checked(request: DigitRequest, digits: str) -> str:
    """Without the terminator, which some telephone systems leave at the end."""
    pressed = digits.strip()
    if request.terminator and pressed.endswith(request.terminator):
        pressed = pressed[:-1]
    if any(key not in KEYS for key in pressed):
        raise NotPossible("Only the keys 0 to 9, * and # can be pressed on a telephone.", "digits")
    if len(pressed) > request.max_digits:
        raise NotPossible(f"These are {len(pressed)} digits; at most {request.max_digits} were asked for.", "digits")
    return pressed


def end_silent(call_ids_begin_with: str, now: datetime | None = None) -> int:
    """The time of callers on the simulated line is over: no input. Returns how many."""
    now = now or timezone.now()
    late = DigitRequest.objects.filter(
        outcome=Outcome.OPEN, interaction__call_id__startswith=call_ids_begin_with,
        expires_at__lte=now + timedelta(seconds=PROMPT_SECONDS),
    ).select_related("interaction")  # fmt: skip
    for request in late[:MOST_AT_ONCE]:
        answer(request.pk, call_id=request.interaction.call_id)
    return len(late)


def view(request: DigitRequest) -> dict[str, Any]:
    """A request for the API. `prompt_audio`: where the prompt is to be had as a sound; empty where nobody speaks it."""
    path = reverse("api:spoken_prompt", args=[request.pk]) if prompts.speaker() else ""
    return {
        "request": request.pk,
        "call_id": request.interaction.call_id,
        "prompt": request.prompt,
        "prompt_audio": f"{settings.PUBLIC_URL}{path}" if path else "",
        "max_digits": request.max_digits,
        "terminator": request.terminator,
        "timeout_seconds": request.timeout_seconds,
        "expires_at": request.expires_at,
    }
