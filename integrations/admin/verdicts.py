"""A verdict of the doctor as a card: how far the connection came, what broke, who acts."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from integrations.errors import Cause, Stage

# In the order in which the doctor goes. After a failure the stages of STEPS show how far it came; the others, and all
# of them after a success, are shown only where something happened.
STEPS = (Stage.NAME, Stage.TCP, Stage.TLS, Stage.AUTHENTICATION, Stage.PERMISSION, Stage.LIMITS)
LABELS = {
    Stage.SETTINGS: "Settings",
    Stage.NAME: "Name",
    Stage.TCP: "TCP",
    Stage.TLS: "TLS",
    Stage.HOST_KEY: "Host key",
    Stage.ANSWER: "Answer",
    Stage.AUTHENTICATION: "Authentication",
    Stage.PERMISSION: "Permission",
    Stage.LIMITS: "Limits",
    Stage.WEBHOOK: "Webhook",
    Stage.FOLDER: "Folder",
    Stage.WRITE: "Write",
    Stage.RENAME: "Rename",
}
WHO = {
    "you": "You can fix this",
    "the vendor's administrator": "The vendor system's administrator has to act",
    "the vendor": "The vendor has to act",
    "your network": "Your network administrator has to act",
}
CAUSES = {
    Cause.INCOMPLETE: "Settings incomplete",
    Cause.NEVER_AUTHORISED: "Never authorised",
    Cause.BAD_CREDENTIALS: "Wrong credentials",
    Cause.TOKEN_EXPIRED: "Token expired",
    Cause.REFRESH_REVOKED: "Authorisation withdrawn",
    Cause.WRONG_HOST: "Wrong address",
    Cause.BLOCKED_ADDRESS: "Address not allowed",
    Cause.TLS_FAILED: "No secure connection",
    Cause.ASLEEP: "Asleep",
    Cause.NO_PERMISSION: "Permission missing",
    Cause.IP_RESTRICTED: "Our address is not let in",
    Cause.API_DISABLED: "API switched off",
    Cause.RATE_LIMITED: "Too many calls",
    Cause.NOT_FOUND: "Not found",
    Cause.INVALID_DATA: "Refused content",
    Cause.CONFLICT: "Conflict",
    Cause.REMOTE_ERROR: "Fault at the vendor",
    Cause.UNREACHABLE: "Not reachable",
    Cause.TIMEOUT: "No answer in time",
}


@dataclass(frozen=True, slots=True)
class Step:
    """`state` is "passed", "failed", "skipped" (went on without it) or "ahead" (not reached)."""

    label: str
    state: str
    text: str


def steps(verdict: Any) -> list[Step]:
    """The stages with their outcome, in the doctor's order."""
    texts: dict[Stage, list[str]] = {}
    for passed in verdict.passed:
        texts.setdefault(passed.stage, []).append(passed.text)
    failed = None if verdict.ok else verdict.stage
    shown = [stage for stage in Stage if stage in texts or (failed and (stage in STEPS or stage == failed))]
    reached = max((shown.index(stage) for stage in shown if stage in texts or stage == failed), default=-1)
    return [
        Step(_(LABELS[stage]), _state(stage, failed, stage in texts, index < reached), "; ".join(texts.get(stage, [])))
        for index, stage in enumerate(shown)
    ]


def _state(stage: Stage, failed: Stage | None, passed: bool, before_the_end: bool) -> str:
    if stage == failed:
        return "failed"
    if passed:
        return "passed"
    return "skipped" if before_the_end else "ahead"


def card(verdict: Any) -> dict[str, Any]:
    """What the template `integrations/account/verdict.html` shows."""
    return {
        "verdict": verdict,
        "steps": steps(verdict),
        "who": _(WHO.get(verdict.who, verdict.who)) if verdict.who else "",
        "cause": _(CAUSES.get(verdict.cause, str(verdict.cause))),
    }
