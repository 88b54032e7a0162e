"""Scenarios in the box, to begin with: every file of `library`. A file is a definition and nothing else; its name and
what it does are said here, and a file that nobody described is still offered, under its own name."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _t

LIBRARY = Path(__file__).parent / "library"
WORDS: dict[str, tuple[Any, Any]] = {
    "servicenow_inbound": (
        _t("ServiceNow inbound call"),
        _t("Finds the caller, makes the interaction record, opens it, keeps it up to date until the call is over."),
    ),
    "servicenow_interaction": (
        _t("ServiceNow interaction"),
        _t("The guide's three steps and no more: an interaction New before an agent, Work In Progress, Closed."),
    ),
    "salesforce_inbound": (
        _t("Salesforce inbound call"),
        _t("Finds the contact, lead or account, opens it, and writes one Task from the first ring to the end."),
    ),
    "salesforce_look_up": (
        _t("Salesforce look-up and screen pop"),
        _t("The guide's simple inbound call: looks the caller up, opens the record, connects. Writes nothing."),
    ),
    "zendesk_inbound": (
        _t("Zendesk inbound call"),
        _t("Finds the caller, opens the profile, and keeps one ticket that is solved when the call is over."),
    ),
    "zendesk_ticket_number": (
        _t("Zendesk by ticket number"),
        _t("Asks for the ticket's number, else finds the caller by theirs; opens the ticket or the profile, connects."),
    ),
}


@dataclass(frozen=True, slots=True)
class Ready:
    """One scenario of the library. `stem` is its file's name."""

    stem: str
    name: str
    description: str
    definition: dict[str, Any]


def ready_scenarios() -> list[Ready]:
    return [_read(path) for path in sorted(LIBRARY.glob("*.json"))]


def ready_scenario(stem: str) -> Ready | None:
    return next((found for found in ready_scenarios() if found.stem == stem), None)


def _read(path: Path) -> Ready:
    name, words = WORDS.get(path.stem, (path.stem.replace("_", " ").capitalize(), ""))
    return Ready(path.stem, str(name), str(words), json.loads(path.read_text()))
