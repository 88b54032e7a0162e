"""Remembers what arrived at a simulator and what it answered, with secrets hidden.

One `Exchange` per request; the newest 2,000 are kept. A vendor module adds warnings ("unknown field dropped")
through `warn(request, text)`: real vendors keep quiet about those mistakes, which is why they are shown here.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from . import masking

LIMIT = 2_000


@dataclass
class Exchange:
    id: int
    at: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    status: int | None = None
    duration_ms: float | None = None
    response_body: Any = None
    warnings: list[str] = field(default_factory=list)
    fault: str | None = None
    started: float = 0.0
    page: bool = False  # a person looked at one of our pages; of little interest to a tester

    @property
    def troubled(self) -> bool:
        """Refused, broken, disturbed by a fault, or with a mistake that a vendor would not mention."""
        return bool(self.warnings or self.fault) or self.status is None or self.status >= 400

    def as_json(self) -> dict[str, Any]:
        shown = asdict(self)
        del shown["started"], shown["page"]
        return shown


class Recorder:
    def __init__(self, secrets: Callable[[], list[str]]) -> None:
        self._secrets = secrets
        self._exchanges: deque[Exchange] = deque(maxlen=LIMIT)
        self._next_id = 1

    def open(self, request: Request, path: str, body: bytes) -> Exchange:
        secrets = self._secrets()
        exchange = Exchange(
            id=self._next_id,
            at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            method=request.method,
            path=masking.mask_values(path, secrets),
            query=masking.mask_pairs(request.url.query, secrets),
            headers=masking.mask_headers(request.headers, secrets),
            body=masking.mask_body(body, request.headers.get("content-type", ""), secrets),
            started=time.monotonic(),
        )
        self._next_id += 1
        self._exchanges.append(exchange)
        return exchange

    def close(self, exchange: Exchange, status: int | None, body: bytes, content_type: str) -> None:
        exchange.status = status
        exchange.page = exchange.method == "GET" and content_type.startswith("text/html") and not exchange.fault
        exchange.duration_ms = round((time.monotonic() - exchange.started) * 1000, 1)
        exchange.response_body = masking.mask_body(body, content_type, self._secrets())

    def newest_first(self) -> list[Exchange]:
        return list(reversed(self._exchanges))

    def __len__(self) -> int:
        return len(self._exchanges)

    def clear(self) -> None:
        self._exchanges.clear()


def warn(request: Request, text: str) -> None:
    """Adds a warning to the exchange of this request, once."""
    exchange = request.scope.get("simulator.exchange")
    if exchange is not None and text not in exchange.warnings:
        exchange.warnings.append(text)
