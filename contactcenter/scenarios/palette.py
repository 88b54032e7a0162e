"""The kinds of blocks as an editor offers them: grouped, with their exits. Everything is read off the classes, so a new
block appears here by being in `BLOCKS`."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t

from integrations import catalogue

from .blocks import BLOCKS, Block
from .blocks.base import NEXT
from .settings_fields import AccountField

CRM, LOGIC, CALL, CHAT, OTHER = "crm", "logic", "call", "chat", "other"
GROUPS: dict[str, Any] = {
    CALL: _t("Call"),
    CHAT: _t("Chat"),
    LOGIC: _t("Logic"),
    CRM: _t("CRM"),
    OTHER: _t("Other systems"),
}
CHAT_TYPES = {catalogue.BOT.key, catalogue.MESSENGER.key}
CRM_TYPES = {
    entry.key
    for entry in (
        catalogue.SERVICENOW,
        catalogue.SALESFORCE,
        catalogue.ZENDESK,
        catalogue.RIGHTNOW,
        catalogue.ORACLE,
    )
}
# By the word in the name of the block's module, for blocks that work with no account of a type.
BY_MODULE = {
    "call": CALL, "digits": CALL, "voice": CALL, "chat": CHAT, "bot": CHAT, "logic": LOGIC,
    "flow": LOGIC, "desktop": CALL, "contacts": CALL,
}  # fmt: skip


def group_of(kind: type[Block]) -> str:
    if kind.account_type in CRM_TYPES:
        return CRM
    if kind.account_type in CHAT_TYPES:
        return CHAT
    if kind.account_type:
        return OTHER
    module = kind.__module__.rpartition(".")[2]
    return next((group for word, group in BY_MODULE.items() if word in module), OTHER)


def entry(kind: type[Block]) -> dict[str, Any]:
    """One kind: {"kind", "label", "words", "group", "vendor", "exits": [{"key", "label", "falls"}], "onward", "says"}.

    `says`: the settings that a card may show in one line, in the form's order: [{"name", "label", "choices"}].
    `falls`: an exit that goes on at "next" where it is not connected. `onward` is the exit that continues the flow
    when the block is put into a line."""
    falling = kind.conditional if NEXT in kind.exits else ()
    vendor = catalogue.BY_KEY[kind.account_type].label if kind.account_type in catalogue.BY_KEY else ""
    return {
        "kind": kind.kind,
        "label": kind.label,
        "words": words_of(kind),
        "group": group_of(kind),
        "vendor": vendor,
        "exits": [{"key": key, "label": label, "falls": key in falling} for key, label in kind.exits.items()],
        "onward": NEXT if NEXT in kind.exits else next(iter(kind.exits), ""),
        "says": [_says(name, field) for name, field in kind.Settings.base_fields.items() if _is_telling(field)],
    }


def _is_telling(field: forms.Field) -> bool:
    """Not the account, which is nearly always the default, and not what is more than one line."""
    return not isinstance(field, AccountField | forms.JSONField | forms.BooleanField | forms.IntegerField)


def _says(name: str, field: forms.Field) -> dict[str, Any]:
    choices = {str(key): str(words) for key, words in getattr(field, "choices", ())}
    return {"name": name, "label": str(field.label or ""), "choices": choices}


def words_of(kind: type[Block]) -> str:
    """The description, else the first sentence of the class's own docstring, else what it asks for."""
    if kind.description:
        return kind.description
    fields = [str(field.label) for field in kind.Settings.base_fields.values() if field.label]
    return _("Settings: %s.") % ", ".join(fields[:4]).lower() if fields else ""


def catalogue_of_blocks() -> dict[str, Any]:
    """What the editor is told about all kinds: {"groups": [{"key", "label"}], "kinds": [entry]}."""
    return {
        "groups": [{"key": key, "label": str(label)} for key, label in GROUPS.items()],
        "kinds": [entry(kind) for kind in BLOCKS],
    }
