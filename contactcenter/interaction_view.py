"""An interaction as the desktop shows it: one JSON object, the same in events and in the overview."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from .models import Agent, ContactCenter, Disposition, Interaction, InteractionState, Service
from .models.interactions import ENDED
from .phone import normalise

_S = InteractionState
CONTROLS: dict[str, list[str]] = {
    _S.RINGING: ["accept", "reject"],
    _S.ACTIVE: ["hold", "transfer", "end"],
    _S.HELD: ["resume", "transfer", "end"],
    _S.WRAP_UP: ["complete"],
}
CALLING_OUT = ["end"]
IN_CHAT: dict[str, list[str]] = {_S.ACTIVE: ["say", "transfer", "end"]}
RECORDS = ("interaction", "caller", "related")


class Background:
    """What many interactions share, read once: the centre's settings and the dispositions."""

    def __init__(self) -> None:
        self.centre = ContactCenter.current()
        self._dispositions: list[Disposition] | None = None

    def dispositions(self, service_id: int | None) -> list[dict[str, str]]:
        """Those of every service and those of this one."""
        if self._dispositions is None:
            self._dispositions = list(Disposition.objects.all())
        mine = (None, service_id)
        return [{"code": d.code, "name": d.name} for d in self._dispositions if d.service_id in mine]


def view(
    interaction: Interaction, *, reader: Agent | None = None, background: Background | None = None
) -> dict[str, Any]:
    """The interaction for its agent. For any other `reader` "mine" is false and there are no controls."""
    from . import activities
    from .chats import view as chat_view

    background = background or Background()
    mine = interaction.agent_id is not None and (reader is None or reader.pk == interaction.agent_id)
    return {
        "id": str(interaction.public_id),
        "reference": interaction.reference,
        "callId": interaction.call_id,
        "media": interaction.media,
        "direction": interaction.direction,
        "state": interaction.state,
        "stateLabel": label(interaction),
        "mine": mine,
        "service": service_view(interaction),
        "customer": customer(interaction, background.centre.default_region),
        "caller": interaction.caller,
        "records": {name: interaction.records[name] for name in RECORDS if name in interaction.records},
        "pages": pages(interaction) if mine else [],
        "attachedData": interaction.attached_data,
        "digits": digits_wanted(interaction),
        **times(interaction, background.centre),
        "disposition": interaction.disposition.code if interaction.disposition else "",
        "notes": interaction.notes,
        "transferredBy": interaction.records.get("transferred_by", ""),
        "dispositions": background.dispositions(interaction.service_id),
        "activity": activities.status_of(interaction),
        "controls": controls(interaction) if mine else [],
        **({"chat": chat_view.view(interaction, mine=mine)} if interaction.media == Service.Media.CHAT else {}),
    }


def pages(interaction: Interaction) -> list[dict[str, Any]]:
    """Web pages and texts that a scenario shows: on delivery or on answer, and after the end those that are to stay."""
    ended, talked = interaction.state in ENDED, interaction.answered_at is not None
    return [
        page
        for page in interaction.records.get("pages", [])
        if (page["keepPopupOpenAfterFinish"] if ended else talked or not page["popUponAnswer"])
    ]


def digits_wanted(interaction: Interaction) -> dict[str, Any] | None:
    """What the caller is asked to press, for whoever plays the caller at a demo desktop."""
    from . import digits

    if interaction.media != Service.Media.VOICE or interaction.state in (_S.WRAP_UP, *ENDED):
        return None
    request = digits.open_requests(interaction).first()
    return {"prompt": request.prompt, "maxDigits": request.max_digits} if request else None


def views(
    interactions: Iterable[Interaction], *, reader: Agent | None = None, background: Background | None = None
) -> list[dict[str, Any]]:
    background = background or Background()
    return [view(interaction, reader=reader, background=background) for interaction in interactions]


def is_outbound(interaction: Interaction) -> bool:
    return interaction.direction == Interaction.Direction.OUTBOUND


def is_calling_out(interaction: Interaction) -> bool:
    """Whether it rings at the far side of an outbound call. One that was transferred rings at our agent instead, and
    has waited in a queue for that, if only for a moment."""
    return interaction.state == _S.RINGING and is_outbound(interaction) and interaction.queued_at is None


def controls(interaction: Interaction) -> list[str]:
    if is_calling_out(interaction):
        return CALLING_OUT
    if interaction.media == Service.Media.CHAT and interaction.state in IN_CHAT:
        return IN_CHAT[interaction.state]
    return CONTROLS.get(interaction.state, [])


def label(interaction: Interaction) -> str:
    if is_calling_out(interaction):
        return "Calling"
    if interaction.state == _S.ABANDONED and is_outbound(interaction):
        return "Not reached"
    return str(_S(interaction.state).label)


def service_view(interaction: Interaction) -> dict[str, str] | None:
    service = interaction.service
    return {"code": service.code, "name": service.name} if service else None


def customer(interaction: Interaction, region: str) -> dict[str, Any]:
    """The customer's number for people, as received, and in E.164 (empty where it has no such form)."""
    number = normalise(interaction.customer_number, region)
    return {
        "number": number.display,
        "raw": interaction.customer_number,
        "e164": number.e164,
        "anonymous": number.anonymous,
    }


def times(interaction: Interaction, centre: ContactCenter) -> dict[str, str | None]:
    rings = interaction.state == _S.RINGING and not is_calling_out(interaction)
    wraps = interaction.state == _S.WRAP_UP and centre.after_call_work_seconds > 0
    return {
        "offeredAt": _iso(interaction.offered_at),
        "ringingAt": _iso(interaction.ringing_at),
        "answeredAt": _iso(interaction.answered_at),
        "heldAt": interaction.records.get("held_at") if interaction.state == _S.HELD else None,
        "endedAt": _iso(interaction.ended_at),
        "ringUntil": _iso(interaction.ringing_at if rings else None, plus=centre.answer_timeout_seconds),
        "wrapUpUntil": _iso(interaction.ended_at if wraps else None, plus=centre.after_call_work_seconds),
    }


def _iso(moment: datetime | None, *, plus: int = 0) -> str | None:
    return (moment + timedelta(seconds=plus)).isoformat() if moment else None
