"""The digits that the caller of a dry run presses."""

from contactcenter import digits
from contactcenter.models import Interaction


def wanted(interaction: Interaction) -> bool:
    """Whether the scenario is asking for digits now."""
    return digits.open_requests(interaction).exists()


def press(interaction: Interaction, pressed: str) -> None:
    """Answer the question with these digits. Raises `NotPossible` for what cannot be pressed."""
    request = digits.open_requests(interaction).first()
    if request is not None:
        digits.answer(request.pk, call_id=interaction.call_id, digits=pressed)
