"""What is put in front of the agent of an interaction: records that open, pages and texts, attached data."""

from typing import Any

from django.db import transaction

from . import displays, interactions
from .models import Interaction
from .recorders import reporting

MOST_PAGES = 20


@transaction.atomic
def screen_pop(interaction: Interaction, pop: dict[str, Any]) -> Interaction:
    """Open something in front of the agent: now, where one has the call, and for every agent whom it rings later.

    `pop` is {"account", "title", "url", "entity", "query", "relativeUrl", "search", "why"}; the interaction's id is
    added, and `because`: what was known of the caller at that moment. The same pop given twice (a step replayed after a
    crash) is kept once."""
    fresh = interactions.locked(interaction.pk)
    pop = {"interaction": str(fresh.public_id), "why": fresh.caller.get("rule", ""), **pop}
    pops = fresh.records.setdefault("screen_pops", [])
    if not any(kept.items() >= pop.items() for kept in pops):
        pop["because"] = because(fresh)
        pops.append(pop)
        fresh.save(update_fields=["records"])
        if fresh.agent is not None and fresh.state in interactions.WITH_AGENT:
            displays.open_for(fresh, fresh.agent, pop)
    interaction.records = fresh.records
    return fresh


def because(interaction: Interaction) -> dict[str, Any]:
    """Why a record opens: the number as received and in E.164, the query as sent, the rule, and the names it chose
    from."""
    caller = interaction.caller
    told = {name: str(caller.get(name, "")) for name in ("received", "normalised", "query", "rule", "status")}
    return {**told, "candidates": [str(candidate.get("name", "")) for candidate in caller.get("candidates", [])]}


@transaction.atomic
def show_page(interaction: Interaction, page: dict[str, Any]) -> None:
    """Show the agent a web page or a text; `interaction_view` says from when until when it is seen.

    `page` is {"action", "title", "url", "content", "popUponAnswer", "keepPopupOpenAfterFinish", "secondaryUrls"}, as
    the reference product's desktop tells it. The same page given twice is kept once."""
    fresh = interactions.locked(interaction.pk)
    pages = fresh.records.setdefault("pages", [])
    if page not in pages:
        fresh.records["pages"] = [*pages, page][-MOST_PAGES:]
        fresh.save(update_fields=["records"])
        interactions.tell(fresh)
    interaction.records = fresh.records


@transaction.atomic
def attach(interaction: Interaction, data: dict[str, str]) -> None:
    """Attach names and values; an empty value takes a name away."""
    fresh = interactions.locked(interaction.pk)
    attached = {name: value for name, value in {**fresh.attached_data, **data}.items() if value}
    if attached != fresh.attached_data:
        fresh.attached_data = attached
        fresh.save(update_fields=["attached_data"])
        interactions.tell(fresh)
        reporting.data_attached(fresh)
    interaction.attached_data = fresh.attached_data
