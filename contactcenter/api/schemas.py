"""The shapes of requests and answers, with the descriptions and examples that integrators read."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _printable(text: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("Control characters are not allowed.")
    return text


def _text_of_time(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('A time is text in ISO 8601 with a time zone, for example "2026-01-15T09:00:02.050Z".')
    return value


def _plausible(moment: datetime) -> datetime:
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        moment = EARLIEST.replace(year=1999)
    if not EARLIEST <= moment < LATEST:
        raise ValueError("The time must lie between the years 2000 and 2100.")
    return moment


# Text without control characters; each field adds its own longest length.
Text = Annotated[str, StringConstraints(strict=True, strip_whitespace=True), AfterValidator(_printable)]
Moment = Annotated[AwareDatetime, BeforeValidator(_text_of_time), AfterValidator(_plausible)]

OFFERED: JsonDict = {
    "call_id": "c-7781",
    "event": "offered",
    "direction": "inbound",
    "from": "+14155550132",
    "to": "+14155550100",
    "service": "support",
    "agent": "agent1",
    "at": "2026-01-15T09:00:02.050Z",
}
RELEASED: JsonDict = {"call_id": "c-7781", "event": "released", "at": "2026-01-15T09:05:41Z", "cause": "customer"}


class CallEvent(Schema):
    """One thing that happened to one call."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [OFFERED, RELEASED]})

    call_id: Text = Field(
        min_length=1, max_length=128, description="Your id of the call. All reports of one call carry the same."
    )
    event: Literal["offered", "answered", "held", "resumed", "transferred", "released", "abandoned"] = Field(
        description='"transferred" names in `agent` or `service` who takes the call; with neither it left the centre.'
    )
    direction: Literal["inbound", "outbound"] = Field("inbound", description="Counts in the first report of a call.")
    from_: Text = Field(
        "",
        max_length=128,
        alias="from",
        description="The calling number as you have it; empty or `anonymous` when it is withheld.",
    )
    to: Text = Field("", max_length=128, description="The called number as you have it.")
    service: Text = Field(
        "", max_length=80, description="Code or name of the service; without it the called number tells."
    )
    agent: Text = Field(
        "",
        max_length=150,
        description="Login or extension of the agent whose phone it concerns. With `offered`: rings there at once.",
    )
    at: Moment | None = Field(
        None,
        description="When it happened, with a time zone. Together with `event` it tells a repetition from a new event.",
    )
    cause: Text = Field("", max_length=40, description="Why the call ended: `agent`, `customer`, or your own word.")


DIGITS: JsonDict = {"call_id": "c-7781", "request": 118, "digits": "35436"}
NO_DIGITS: JsonDict = {"call_id": "c-7781", "request": 118, "digits": ""}


class DigitsWanted(Schema):
    """A caller is to be asked for digits: play or speak the prompt, collect keys, answer with `POST /calls/digits`."""

    request: int = Field(description="Our id of the request; comes back with the answer.", examples=[118])
    call_id: str = Field(examples=["c-7781"])
    prompt: str = Field(examples=["Please enter the number of your ticket, then press the hash key."])
    prompt_audio: str = Field(
        examples=["https://contact.example.com/api/v1/calls/digits/118/prompt.wav"],
        description=(
            "The prompt spoken by the Text To Speech account, as a WAV file, with the same authentication. Empty: "
            "there is no such account, speak the text."
        ),
    )
    max_digits: int = Field(examples=[10], description="Stop after so many keys.")
    terminator: str = Field(examples=["#"], description="The key that ends the input, no part of it; empty: none.")
    timeout_seconds: int = Field(examples=[10], description="How long to wait for keys after the prompt.")
    expires_at: datetime = Field(description="The scenario goes on without an answer then.")


class DigitsAnswer(Schema):
    """What a caller has pressed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [DIGITS, NO_DIGITS]})

    call_id: Text = Field(min_length=1, max_length=128, description="Your id of the call.")
    request: int = Field(ge=1, le=2**62, description="The `request` that this answers.")
    digits: Text = Field("", max_length=40, description="The keys 0 to 9, * and #. Empty: the caller pressed nothing.")
    failed: Text = Field(
        "", max_length=200, description="Why nothing could be collected, in words; takes the block's Failed exit."
    )


class Caller(Schema):
    """Who is calling, and the rule by which we think so."""

    name: str = Field("", examples=["Don Goodliffe"])
    rule: str = Field("", examples=["Phone number matches +1 415-555-0132 of Don Goodliffe in ServiceNow."])
    status: str = Field("", examples=["matched"], description="looking_up, matched, several, none, anonymous, failed")


class InteractionOut(Schema):
    """An interaction as it is now."""

    id: UUID = Field(description="Our id of the interaction.")
    call_id: str = Field(examples=["c-7781"])
    reference: str = Field(examples=["8f3a2c1d9e"], description="Short name for people.")
    media: str = Field(examples=["voice"])
    direction: str = Field(examples=["inbound"])
    state: str = Field(
        examples=["ringing"], description="new, queued, ringing, active, held, wrap_up, completed, abandoned"
    )
    service: str | None = Field(examples=["support"], description="Code of the service.")
    agent: str | None = Field(examples=["agent1"], description="Login of the agent.")
    from_: str = Field(alias="from", description="The calling number, in E.164 where it has such a form.")
    to: str = Field(description="The called number, likewise.")
    caller: Caller
    disposition: str | None = Field(examples=["resolved"], description="Code of the disposition.")
    cause: str = ""
    attached_data: dict[str, str] = Field(
        {}, examples=[{"Order": "35436"}], description="What scenarios attached, by name."
    )
    digits_wanted: DigitsWanted | None = Field(None, description="What the caller is to be asked to press now.")
    offered_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    completed_at: datetime | None


class EventOut(Schema):
    """One line of an interaction's history."""

    kind: str = Field(examples=["answered"], description='A reported event, a step of ours, or "ignored".')
    at: datetime
    agent: str | None = None
    data: dict[str, Any] = {}


class InteractionDetail(InteractionOut):
    """An interaction with its history."""

    events: list[EventOut]


class AgentStateOut(Schema):
    """An agent entered a state. States are called what the feeds call them; a ringing agent is busy."""

    sequence: int = Field(examples=[4711], description="Rises with every change; numbers may be missing in between.")
    login_id: str = Field(examples=["agent1"])
    employee_id: str | None = None
    extension: str | None = Field(examples=["1001"])
    team: str | None = Field(examples=["Support"])
    state: str = Field(examples=["NOT_READY"], description="READY, BUSY, ACW, SUPERVISING, NOT_READY, LOGGED_OUT")
    reason: str | None = Field(examples=["Lunch"], description="With NOT_READY only.")
    since: datetime
    until: datetime | None = Field(description="When the next state began; null while this one lasts.")


class AgentStates(Schema):
    """Changes in the order of their numbers."""

    changes: list[AgentStateOut]
    next: int = Field(examples=[4711], description="What to ask with as `since` the next time.")
    more: bool = Field(description="There are further changes already: ask at once.")


class RecordingTold(Schema):
    """What is known of a recording besides its sound. A WAV file tells length and channels itself."""

    model_config = ConfigDict(extra="forbid")

    recording_id: Text = Field(
        min_length=1, max_length=128, description="Your id of the recording. The same one sent again is one recording.",
        examples=["r-7781-1"],
    )  # fmt: skip
    started_at: Moment = Field(
        description="When it begins, with a time zone.", examples=["2026-01-15T09:00:04Z"],
    )  # fmt: skip
    duration_seconds: float = Field(0, ge=0, le=7 * 86_400, description="Its length; 0: not known.")
    channels: int = Field(0, ge=0, le=2, description="1 or 2; 0: not known.")
    agent_channel: int = Field(1, ge=1, le=2, description="Of two channels the one with the agent; 1 is the left one.")


class RecordingAddress(RecordingTold):
    """A recording that is to be fetched."""

    url: Text = Field(
        min_length=8, max_length=2000, pattern=r"^https?://[^/@\s]+(/|$|\?)",
        description="Where it is: http or https, without a user name. It is forgotten when the recording is here.",
        examples=["https://pbx.example.com/recordings/r-7781-1.wav"],
    )  # fmt: skip


class RecordingOut(Schema):
    """A recording as it is now."""

    recording_id: str = Field(examples=["r-7781-1"])
    state: str = Field(examples=["storing"], description="fetching, storing, local, stored, stuck, deleting, deleted")
    why: str = Field("", description="Why it is stuck or waits, in words.")
    content_type: str = Field(examples=["audio/wav"])
    size: int = Field(examples=[960044], description="Bytes.")
    sha256: str
    duration_seconds: float
    channels: int
    started_at: datetime
    address: str = Field(
        description="Where people who are logged in and may listen find the recordings of this call.",
        examples=["https://contact.example.com/recordings/8f3a2c1d-9e51-4c0f-8ee1-0242ac120002"],
    )


class FieldError(Schema):
    field: str = Field(examples=["agent"])
    message: str = Field(examples=['No agent has the login or extension "agent9".'])


class Problem(Schema):
    """What every error looks like."""

    detail: str
    errors: list[FieldError] = []
