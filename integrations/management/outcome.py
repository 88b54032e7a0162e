"""What the commands print about an account: one JSON object for programs, lines for people. Never a secret."""

import json
from typing import Any

from integrations.actions import Result
from integrations.diagnosis import doctor
from integrations.errors import Cause, IntegrationError, Stage
from integrations.models import IntegrationAccount
from integrations.providers.base import Provider
from integrations.wire import redaction

KEYS = ("ok", "message", "stage", "cause", "who", "next_step", "identity")


class NotUsable(Exception):
    """The account, the action or its values do not exist or do not hold. The sentence says what to do."""

    def __init__(self, sentence: str, next_step: str) -> None:
        super().__init__(sentence)
        self.next_step = next_step

    def to_json(self) -> dict[str, Any]:
        return {
            "ok": False,
            "message": str(self),
            "stage": Stage.SETTINGS.value,
            "cause": Cause.INCOMPLETE.value,
            "who": "you",
            "next_step": self.next_step,
            "identity": "",
        }


def account_named(name: str) -> IntegrationAccount:
    account = IntegrationAccount.objects.filter(name=name).first()
    if account is None:
        known = list(IntegrationAccount.objects.values_list("name", flat=True)[:20])
        raise NotUsable(
            f'There is no account "{name}".',
            f"Use one of: {', '.join(known)}."
            if known
            else "Create an account first, in the admin or by import_accounts.",
        )
    return account


def result_json(provider: Provider, result: Result) -> dict[str, Any]:
    """The fixed keys. Where an action sends the browser on, the address is the next step."""
    if result.verdict is not None:
        return result.verdict.to_json()
    step = f"Open this address in a browser: {result.redirect}" if result.redirect else ""
    return {
        "ok": result.ok,
        "message": result.message,
        "stage": "",
        "cause": Cause.OK.value if result.ok else Cause.INVALID_DATA.value,
        "who": "" if result.ok and not result.redirect else "you",
        "next_step": step,
        "identity": provider.account.identity if result.ok else "",
    }


def error_json(provider: Provider, error: IntegrationError) -> dict[str, Any]:
    return doctor.explain(provider, error).to_json()


def as_json(outcome: dict[str, Any]) -> str:
    return json.dumps(redaction.mask_json(outcome), ensure_ascii=False)


def as_text(outcome: dict[str, Any], rows: tuple[tuple[str, str], ...] = ()) -> str:
    """For a person: what passed, the outcome, and what to do."""
    lines = [f"  {label}: {text}" for label, text in rows]
    lines.append(("OK: " if outcome["ok"] else "FAILED: ") + outcome["message"])
    lines += [f"Who acts: {outcome['who']}"] if outcome["who"] else []
    lines += [f"Next step: {outcome['next_step']}"] if outcome["next_step"] else []
    return redaction.mask("\n".join(lines))
