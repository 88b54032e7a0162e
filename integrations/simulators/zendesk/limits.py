"""How many calls are allowed: per account and minute, per ticket in ten minutes, per changed user in a minute."""

from __future__ import annotations

import time
from collections import defaultdict, deque

from starlette.responses import Response

from . import errors

MINUTE, TEN_MINUTES = 60.0, 600.0


class Limits:
    def __init__(self) -> None:
        self.seen: dict[str, deque[float]] = defaultdict(deque)

    def left(self, key: str, most: int, window: float) -> int:
        calls, now = self.seen[key], time.monotonic()
        while calls and calls[0] <= now - window:
            calls.popleft()
        return most - len(calls)

    def take(self, key: str, most: int, window: float, *, text: bool = False) -> None:
        """Count one call. Raises `Refused` with 429 where there is none left."""
        if self.left(key, most, window) <= 0:
            wait = max(1, round(window - (time.monotonic() - self.seen[key][0])))
            raise errors.Refused(errors.too_many(wait, text=text))
        self.seen[key].append(time.monotonic())

    def headers(self, response: Response, most: int) -> None:
        """On every answer, under the older and the newer names."""
        left = max(0, self.left("account", most, MINUTE))
        response.headers["X-Rate-Limit"] = str(most)
        response.headers["X-Rate-Limit-Remaining"] = str(left)
        for name, value in (("limit", most), ("remaining", left), ("reset", int(MINUTE))):
            response.headers[f"ratelimit-{name}"] = str(value)
