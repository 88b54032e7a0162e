"""The wire log: every exchange with a vendor is a row, written before it is sent and finished after.

A crash in between leaves a row without an answer: the trace that something was tried. Secrets are masked before a row
is written; headers are kept by an allow-list; bodies are cut."""

import json
import logging
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import requests
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from ..answers import is_read
from . import redaction

if TYPE_CHECKING:
    from ..models import ApiCall, IntegrationAccount

logger = logging.getLogger(__name__)

BODY_LIMIT = 4096
PARSE_LIMIT = 65_536
PRUNE_BATCH = 1000
# What `_cut` and `shown_body` leave of a body that is too long or no text.
CUT = re.compile(r" \.\.\. \(\d+ characters\)$")
BINARY = re.compile(r"\(\d+ bytes\)")
DEFAULT_DAYS = 14
SHOWN_HEADERS = {
    "accept", "content-encoding", "content-length", "content-range", "content-type", "date", "idempotency-key",
    "if-match", "if-none-match", "link", "location", "osvc-crest-next-request-after", "range", "ratelimit-limit",
    "ratelimit-remaining", "ratelimit-reset", "retry-after", "server", "sforce-limit-info", "transfer-encoding",
    "user-agent", "www-authenticate", "x-amz-bucket-region", "x-amz-request-id", "x-correlation-id",
    "x-global-transaction-id", "x-is-logged-in", "x-rate-limit", "x-rate-limit-remaining", "x-ratelimit-limit",
    "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-rule", "x-request-id", "x-total-count",
}  # fmt: skip
# Nobody reads these in a log; a recording can look like text (silence is a row of zeros).
MEDIA = re.compile(r"(audio|video|image)/|application/octet-stream", re.IGNORECASE)
_interaction: ContextVar[str] = ContextVar("interaction", default="")
_overheard: ContextVar["list[ApiCall] | None"] = ContextVar("overheard", default=None)


@contextmanager
def for_interaction(public_id: object) -> Iterator[None]:
    """Calls made inside the `with` block are shown with this interaction."""
    before = _interaction.set(str(public_id or ""))
    try:
        yield
    finally:
        _interaction.reset(before)


@contextmanager
def overheard() -> Iterator["list[ApiCall]"]:
    """The rows of the exchanges that begin inside the `with` block, so that nobody has to look for them again."""
    rows: list[ApiCall] = []
    before = _overheard.set(rows)
    try:
        yield rows
    finally:
        _overheard.reset(before)


class Exchange:
    """One exchange that is under way. `finish` is called once, with the answer or the error."""

    def __init__(self, row: "ApiCall") -> None:
        self.row = row
        self.began = time.monotonic()

    def finish(self, *, response: requests.Response | None = None, error: str = "") -> None:
        """Never fails because of the log: an answer that arrived is worth more than its row."""
        changes: dict[str, Any] = {
            "duration_ms": round((time.monotonic() - self.began) * 1000),
            "error": redaction.mask(error)[:2000],
        }
        if response is not None:
            changes |= {
                "status": response.status_code,
                "response_headers": shown_headers(response.headers),
                "response_body": shown_answer(response),
            }
        for name, value in changes.items():
            setattr(self.row, name, value)
        try:
            type(self.row).objects.filter(pk=self.row.pk).update(**changes)
        except DatabaseError:
            logger.exception("The wire log row of %s %s could not be finished.", self.row.method, self.row.url)


def begin(account: "IntegrationAccount | None", request: requests.PreparedRequest, *, purpose: str = "") -> Exchange:
    """Write the row of a request that is about to leave."""
    from ..models import ApiCall

    body = request.body if isinstance(request.body, str | bytes) else b""
    row = ApiCall.objects.create(
        account=account if account is not None and account.pk else None,
        interaction=_interaction.get()[:36],
        purpose=purpose[:80],
        method=(request.method or "")[:10],
        url=redaction.mask_url(request.url or ""),
        request_headers=shown_headers(request.headers),
        request_body=shown_body(body or b"", request.headers.get("Content-Type", "")),
        simulated=account is not None and account.simulated,
        started_at=timezone.now(),
    )
    rows = _overheard.get()
    if rows is not None:
        rows.append(row)
    return Exchange(row)


def shown_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers of the allow-list; of the credentials only which scheme they follow; of the others nothing."""
    shown = {}
    for name, value in headers.items():
        if name.lower() in SHOWN_HEADERS:
            shown[name] = redaction.mask_url(value) if name.lower() == "location" else redaction.mask(str(value))
        elif name.lower() == "authorization":
            scheme, space, _ = str(value).partition(" ")  # without a blank there is no scheme: all of it is the secret
            shown[name] = f"{redaction.mask(scheme)} {redaction.MASK}" if space else redaction.MASK
    return shown


def shown_answer(response: requests.Response) -> str:
    """The body of an answer; of a download, which is still on its way, the announced length."""
    if is_read(response):
        return shown_body(response.content, response.headers.get("Content-Type", ""))
    return f"({response.headers.get('Content-Length', 'an unknown number of')} bytes, not kept)"


def shown_body(body: str | bytes, content_type: str) -> str:
    """A body with its secrets masked, cut to `BODY_LIMIT` characters; of sound, pictures and the like only the size."""
    if not body:
        return ""
    if MEDIA.match(content_type):
        return f"({len(body)} bytes)"
    text = body if isinstance(body, str) else _decoded(body)
    if text is None or "\0" in text:  # the character with the number 0 fits into no text column of PostgreSQL
        return f"({len(body)} bytes)"
    # A feed's megabytes are not masked to show four kilobytes; twice as many, so that no secret is cut in half.
    return _cut(_masked(text if len(text) <= PARSE_LIMIT else text[: 2 * BODY_LIMIT], content_type.lower()), len(text))


def _decoded(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _masked(text: str, content_type: str) -> str:
    if "x-www-form-urlencoded" in content_type:
        return redaction.mask_form(text)
    try:
        return json.dumps(redaction.mask_json(json.loads(text)), ensure_ascii=False)
    except ValueError:
        return redaction.mask_text(text)


def _cut(text: str, whole: int) -> str:
    return text if len(text) <= BODY_LIMIT else f"{text[:BODY_LIMIT]} ... ({whole} characters)"


def is_partial(body: str) -> bool:
    """Whether a body as the log shows it lacks something: it was cut, or it was no text."""
    return bool(CUT.search(body) or BINARY.fullmatch(body))


def prune() -> int:
    """Delete rows older than `WIRELOG_DAYS` (14), in small batches so that nobody waits for the database."""
    from ..models import ApiCall

    oldest = timezone.now() - timedelta(days=getattr(settings, "WIRELOG_DAYS", DEFAULT_DAYS))
    deleted = 0
    while True:
        batch = list(
            ApiCall.objects.filter(started_at__lt=oldest).order_by("id").values_list("pk", flat=True)[:PRUNE_BATCH]
        )
        deleted += ApiCall.objects.filter(pk__in=batch).delete()[0]
        if len(batch) < PRUNE_BATCH:
            return deleted
