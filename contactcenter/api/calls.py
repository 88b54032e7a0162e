"""Where telephone systems report calls."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Header, Router
from ninja.errors import HttpError

from contactcenter import calls, digits, prompts

from .interactions import shown
from .schemas import CallEvent, DigitsAnswer, DigitsWanted, InteractionOut, Problem, Text

router = Router(tags=["Calls"])


@router.post(
    "/events",
    response={200: InteractionOut, 400: Problem, 401: Problem, 413: Problem, 422: Problem},
    summary="Report a telephony event",
    by_alias=True,
)
def report_event(
    request: HttpRequest,
    report: CallEvent,
    idempotency_key: Text = Header(  # noqa: B008 - how ninja declares a header
        "",
        alias="Idempotency-Key",
        max_length=120,
        description="The same key is the same event of the call. Without it `event` and `at` are.",
    ),
) -> dict[str, Any]:
    """Take in one event of a call and answer the interaction as it is then.

    The first report of a call creates the interaction; `offered` with an `agent` rings there at once. Unknown agents
    and services are refused with 422."""
    taken = calls.apply(
        calls.CallReport(
            call_id=report.call_id,
            event=report.event,
            direction=report.direction,
            from_number=report.from_,
            to_number=report.to,
            service=report.service,
            agent=report.agent,
            at=report.at,
            cause=report.cause,
            key=idempotency_key,
        )
    )
    return shown(taken)


@router.get("/digits", response={200: list[DigitsWanted], 401: Problem}, summary="Read what callers are to be asked")
def read_digits_wanted(request: HttpRequest) -> list[dict[str, Any]]:
    """Every open request for digits, the oldest first: ask for this once a second. At most 100 at once."""
    return [digits.view(wanted) for wanted in digits.open_requests()[: digits.MOST_AT_ONCE]]


@router.get(
    "/digits/{request_id}/prompt.wav",
    response={200: None, 401: Problem, 404: Problem, 503: Problem},
    summary="Hear a prompt",
    url_name="spoken_prompt",
)
def read_spoken_prompt(request: HttpRequest, request_id: int) -> HttpResponse:
    """The prompt of an open request as a WAV file, one channel, 8 kHz. 503: it cannot be spoken now, speak the text."""
    wanted = digits.open_requests().filter(pk=request_id).first()
    if wanted is None:
        raise HttpError(404, f"Request {request_id} for digits is not open.")
    try:
        return HttpResponse(prompts.spoken(wanted), content_type="audio/wav")
    except prompts.NotSpoken as reason:
        raise HttpError(503, str(reason)) from reason


@router.post(
    "/digits",
    response={200: InteractionOut, 400: Problem, 401: Problem, 413: Problem, 422: Problem},
    summary="Report what a caller has pressed",
    by_alias=True,
)
def report_digits(request: HttpRequest, told: DigitsAnswer) -> dict[str, Any]:
    """Answer one request for digits; the scenario goes on at once. The same answer given twice is one answer.

    Refused with 422: an unknown request, more digits than were asked for, another answer than the one given before."""
    answered = digits.answer(told.request, call_id=told.call_id, digits=told.digits, failed=told.failed)
    return shown(answered.interaction)
