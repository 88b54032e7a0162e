"""Where workforce management systems fetch agents' states that want to come for them."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router
from ninja.errors import HttpError

from contactcenter.feeds import changes

from .schemas import AgentStates, Problem

router = Router(tags=["Workforce management"])
MOST = 1000


@router.get(
    "/agent-states",
    response={200: AgentStates, 401: Problem, 410: Problem, 422: Problem},
    summary="Read changes of agents' states",
)
def read_agent_states(
    request: HttpRequest,
    since: int = Query(
        0, ge=0, le=2**62, description="The `next` of the answer before. 0: from the oldest change that is kept."
    ),
    limit: int = Query(500, ge=1, le=MOST, description="How many changes at most."),
) -> dict[str, Any]:
    """Changes after a number, oldest first: each change once, whatever was committed at the same time.

    Ask with `since=0` first and with the `next` of the answer from then on, at once while `more` is true. Kept for 72
    hours: with an older number the answer is 410, and reading begins anew with `since=0`."""
    try:
        return changes.after(since, limit)._asdict()
    except changes.Forgotten as gone:
        raise HttpError(410, str(gone)) from None
