"""The digits that the caller of a dry run presses."""

from contactcenter.models import Interaction


def wanted(interaction: Interaction) -> bool:
    """Whether the scenario is asking for digits now."""
    return False


def press(interaction: Interaction, pressed: str) -> None:
    """Answer the question with these digits."""
