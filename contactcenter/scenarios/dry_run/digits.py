"""The digits that the caller of a dry run presses, where this version of the product has a block that asks for them."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from contactcenter.models import Interaction


def _module() -> Any:
    return import_module("contactcenter.digits") if find_spec("contactcenter.digits") else None


def wanted(interaction: Interaction) -> bool:
    """Whether the scenario is asking for digits now."""
    module = _module()
    return bool(module and module.open_requests(interaction).exists())


def press(interaction: Interaction, pressed: str) -> None:
    """Answer the question with these digits. Raises `NotPossible` for what cannot be pressed."""
    module = _module()
    request = module.open_requests(interaction).first()
    module.answer(request.pk, call_id=interaction.call_id, digits=pressed)
