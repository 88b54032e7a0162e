"""What happened in one interaction, put together from everything that was kept: who called and why we think so, the
events, the scenario's steps, what was written to CRMs, and what was said on the wire. A constant number of queries."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contactcenter.models import Interaction, InteractionEvent, OutboxEntry, ScenarioRun
from contactcenter.phone import normalise
from contactcenter.recordings import addresses
from contactcenter.scenarios.blocks import BY_KIND
from contactcenter.scenarios.blocks.base import FAILED, WAIT
from integrations.models import ApiCall, IntegrationAccount

from . import recording_view

MOST_ROWS = 200
# How an event reads, and how good it is. Kinds that are not here are shown by their own name.
EVENTS: dict[str, tuple[Any, str]] = {
    "offered": (_("The call arrived"), "info"),
    "queued": (_("Waiting for an agent"), "warn"),
    "ringing": (_("Rang at the agent"), "info"),
    "dialled": (_("The agent dialled"), "info"),
    "answered": (_("Answered"), "ok"),
    "held": (_("Put on hold"), "warn"),
    "resumed": (_("Taken off hold"), "ok"),
    "transferred": (_("Transferred"), "info"),
    "no_answer": (_("The agent did not answer in time"), "bad"),
    "rejected": (_("The agent declined"), "warn"),
    "released": (_("The call ended"), "neutral"),
    "abandoned": (_("The caller hung up before an answer"), "bad"),
    "completed": (_("After-call work completed"), "ok"),
    "caller_chosen": (_("The agent chose who is calling"), "ok"),
    "caller_rejected": (_("The agent said that it is somebody else"), "warn"),
    "served_by_bot": (_("A chat bot answers the customer"), "info"),
    "handed_over": (_("The chat bot handed over"), "info"),
    "recording_refused": (_("A recording was refused"), "warn"),
    "signal": (_("The scenario gave a signal to Zapier"), "info"),
    "ignored": (_("A report that no longer fitted was kept and ignored"), "neutral"),
}
OUTBOX_TONES = {
    OutboxEntry.Status.WAITING: "info",
    OutboxEntry.Status.SENDING: "info",
    OutboxEntry.Status.DONE: "ok",
    OutboxEntry.Status.STUCK: "bad",
    OutboxEntry.Status.DROPPED: "neutral",
}
RUN_TONES = {
    ScenarioRun.Status.RUNNING: "info",
    ScenarioRun.Status.WAITING: "info",
    ScenarioRun.Status.FINISHED: "ok",
    ScenarioRun.Status.FAILED: "bad",
}


def tell(interaction: Interaction, reader: User | AnonymousUser) -> dict[str, Any]:
    """Everything that the page of an interaction shows."""
    calls = _calls(interaction) if reader.has_perm("integrations.view_apicall") else []
    accounts = _accounts(interaction)
    run = ScenarioRun.objects.filter(interaction=interaction).select_related("version__scenario").first()
    return {
        "title": str(_("Call %s")) % interaction.reference,
        "interaction": interaction,
        "number": normalise(interaction.customer_e164 or interaction.customer_number).display,
        "caller": interaction.caller or {},
        "candidates": [_candidate(c, accounts) for c in (interaction.caller or {}).get("candidates", [])],
        "records": list(_records(interaction, accounts)),
        "pops": (interaction.records or {}).get("screen_pops", []),
        "times": list(_times(interaction)),
        "events": [_event(e) for e in interaction.events.select_related("agent__user").order_by("id")[:MOST_ROWS]],
        "run": run,
        "run_tone": RUN_TONES.get(ScenarioRun.Status(run.status), "neutral") if run else "",
        "steps": [step_shown(s, run) for s in run.steps.order_by("number")[:MOST_ROWS]] if run else [],
        "outbox": [
            _outbox(e)
            for e in interaction.outbox.select_related("account").defer("account__secrets").order_by("id")[:MOST_ROWS]
        ],
        "recordings": _recordings(interaction, reader),
        "recordings_to_come": addresses.to_be_told(interaction),
        "calls": calls,
        "simulated": any(call.simulated for call in calls),
    }


def _recordings(interaction: Interaction, reader: User | AnonymousUser) -> list[dict[str, Any]]:
    if not reader.has_perm("contactcenter.view_callrecording"):
        return []
    rows = interaction.recordings.select_related("transcript", "interaction__service").defer("source").order_by("id")
    return [recording_view.shown(recording, reader) for recording in rows[:MOST_ROWS]]


def _calls(interaction: Interaction) -> list[ApiCall]:
    ids = [str(interaction.public_id), interaction.public_id.hex]
    rows = ApiCall.objects.filter(interaction__in=ids).select_related("account")
    light = rows.defer("request_body", "response_body", "request_headers", "response_headers", "account__secrets")
    return list(light.order_by("id")[:MOST_ROWS])


def _accounts(interaction: Interaction) -> dict[str, str]:
    """Names of the accounts that records and candidates refer to by public id."""
    wanted = {c.get("account") for c in (interaction.caller or {}).get("candidates", [])}
    wanted |= {r.get("account") for r in _raw_records(interaction)}
    ids = [value for value in wanted if value and len(str(value)) in (32, 36)]
    found = IntegrationAccount.objects.filter(public_id__in=ids).values_list("public_id", "name") if ids else []
    return {str(public_id): name for public_id, name in found}


def _raw_records(interaction: Interaction) -> Iterator[dict[str, Any]]:
    records = interaction.records or {}
    for role in ("interaction", "caller"):
        if isinstance(records.get(role), dict):
            yield {"role": role, **records[role]}
    for record in records.get("related", []):
        yield {"role": "related", **record}


ROLES = {"interaction": _("Record of this call"), "caller": _("Caller"), "related": _("Related")}


def _records(interaction: Interaction, accounts: dict[str, str]) -> Iterator[dict[str, Any]]:
    for record in _raw_records(interaction):
        yield {
            "role": ROLES[record["role"]],
            "title": record.get("title") or record.get("id") or "",
            "kind": record.get("kind", ""),
            "url": safe_url(record.get("url")),
            "account": accounts.get(str(record.get("account")), ""),
        }


def _candidate(candidate: dict[str, Any], accounts: dict[str, str]) -> dict[str, Any]:
    where = accounts.get(str(candidate.get("account")), "")
    return {**candidate, "where": where or _("our contacts"), "url": safe_url(candidate.get("url"))}


def safe_url(url: Any) -> str:
    """A vendor's address as a link only when a browser cannot take it for a script."""
    text = str(url or "")
    return text if text.startswith(("https://", "http://")) else ""


def _times(interaction: Interaction) -> Iterator[tuple[Any, float | None]]:
    """How long the customer waited, talked, and the agent wrapped up, in seconds."""
    i = interaction
    for label, start, end in (
        (_("Waited"), i.offered_at, i.answered_at or i.ended_at),
        (_("Talked"), i.answered_at, i.ended_at),
        (_("After-call work"), i.ended_at if i.answered_at else None, i.completed_at),
    ):
        yield label, (end - start).total_seconds() if start and end else None


def _event(event: InteractionEvent) -> dict[str, Any]:
    label, tone = EVENTS.get(event.kind, (event.kind.replace("_", " ").capitalize(), "neutral"))
    data = {key: value for key, value in (event.data or {}).items() if value not in ("", None, False, {}, [])}
    return {"at": event.at, "label": label, "tone": tone, "agent": event.agent, "data": data, "kind": event.kind}


def step_shown(step: Any, run: ScenarioRun) -> dict[str, Any]:
    blocks = {block.get("key"): block for block in run.version.definition.get("blocks", [])}
    title = blocks.get(step.block, {}).get("title") or step.block
    kind = BY_KIND.get(step.kind)
    tone = "bad" if step.error or step.exit == FAILED else "info" if step.exit in ("", WAIT) else "ok"
    exit_label = _("waits") if step.exit in ("", WAIT) else (kind.exits if kind else {}).get(step.exit, step.exit)
    return {"step": step, "title": title, "kind": kind.label if kind else step.kind, "exit": exit_label, "tone": tone}


def _outbox(entry: OutboxEntry) -> dict[str, Any]:
    url = reverse("admin:contactcenter_outboxentry_change", args=[entry.pk])
    return {"entry": entry, "url": url, "tone": OUTBOX_TONES.get(OutboxEntry.Status(entry.status), "neutral")}
