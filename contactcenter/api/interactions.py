"""Reading interactions."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from ninja.errors import HttpError

from contactcenter import digits
from contactcenter.models import Interaction

from .schemas import InteractionDetail, Problem

router = Router(tags=["Interactions"])


@router.get(
    "/{interaction_id}",
    response={200: InteractionDetail, 401: Problem, 404: Problem, 422: Problem},
    summary="Read an interaction",
    by_alias=True,
)
def read_interaction(request: HttpRequest, interaction_id: UUID) -> dict[str, Any]:
    """The interaction with its history, oldest event first. `interaction_id` is the `id` that a report answered."""
    found = Interaction.objects.select_related("service", "agent__user", "disposition")
    interaction = found.filter(public_id=interaction_id).first()
    if interaction is None:
        raise HttpError(404, f"There is no interaction {interaction_id}.")
    events = interaction.events.select_related("agent__user")
    history = [
        {"kind": e.kind, "at": e.at, "agent": e.agent.login if e.agent else None, "data": e.data} for e in events
    ]
    return {**shown(interaction), "events": history}


def shown(interaction: Interaction) -> dict[str, Any]:
    """The fields of `InteractionOut`."""
    customer = interaction.customer_e164 or interaction.customer_number
    inbound = interaction.direction == Interaction.Direction.INBOUND
    names = ("name", "rule", "status")
    wanted = digits.open_requests(interaction).first()
    return {
        "id": interaction.public_id,
        "call_id": interaction.call_id,
        "reference": interaction.reference,
        "media": interaction.media,
        "direction": interaction.direction,
        "state": interaction.state,
        "service": interaction.service.code if interaction.service else None,
        "agent": interaction.agent.login if interaction.agent else None,
        "from": customer if inbound else interaction.service_number,
        "to": interaction.service_number if inbound else customer,
        "caller": {name: interaction.caller.get(name, "") for name in names},
        "disposition": interaction.disposition.code if interaction.disposition else None,
        "cause": interaction.cause,
        "attached_data": interaction.attached_data,
        "digits_wanted": digits.view(wanted) if wanted else None,
        "offered_at": interaction.offered_at,
        "answered_at": interaction.answered_at,
        "ended_at": interaction.ended_at,
        "completed_at": interaction.completed_at,
    }
