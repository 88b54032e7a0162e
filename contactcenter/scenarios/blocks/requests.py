"""What blocks share that ask for an address themselves: what came back, and that a request is not sent twice."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from contactcenter.models import ScenarioRequest
from contactcenter.scenarios.context import CannotRun, Context
from contactcenter.scenarios.json_paths import read
from integrations.errors import IntegrationError
from integrations.wire.redaction import mask

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Sent again after a crash these do the same once more, which is harmless (RFC 9110 section 9.2.2).
REPEATABLE = ("GET", "HEAD", "PUT", "DELETE")
BODY_KEPT = 4_000
ANSWER_KEPT = 65_536
VALUE_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and text of what came back."""

    status: int
    body: str


def ask(context: Context, method: str, send: Callable[[], Answer]) -> Answer:
    """The answer. What must not be repeated is a row before it leaves: a worker that takes over after a crash finds
    it, uses the answer where there is one, and otherwise takes the Failed exit, because nobody knows.

    Raises `CannotRun`, and `IntegrationError` from `send`."""
    if method in REPEATABLE:
        return send()
    row, is_new = ScenarioRequest.objects.get_or_create(key=context.key, defaults={"run": context.run})
    if row.answer is not None:
        return Answer(**row.answer)
    if not is_new:
        raise CannotRun(
            f"The {method} request had left when the work was interrupted, and nobody knows what came of it. It is not "
            "sent a second time."
        )
    try:
        answer = send()
    except IntegrationError as error:
        if not error.maybe_done:
            row.delete()  # it never left
        raise
    row.answer = asdict(answer)
    row.save(update_fields=["answer"])
    return answer


def shown(body: str) -> str:
    """A body as it may stand in variables and steps."""
    return mask(body)[:BODY_KEPT]


def take_out(context: Context, answer: Answer, paths: dict[str, str]) -> None:
    """Fill variables from an answer in JSON. Raises `CannotRun` where it is none."""
    if not paths:
        return
    try:
        document: Any = json.loads(answer.body)
    except ValueError:
        raise CannotRun("The answer is no JSON, so no values could be taken from it.") from None
    found = {name: mask(read(document, path))[:VALUE_KEPT] for name, path in paths.items()}
    for name, value in found.items():
        context.set(name, value)
    context.outcome["variables"] = found
