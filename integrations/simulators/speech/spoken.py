"""What a simulated voice has said, for its page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ..boards import Board, Table
from . import voices

LONGEST_SHOWN = 200


class Memory:
    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []

    def keep(self, voice: str, form: str, seconds: float, text: str) -> None:
        row = (f"{datetime.now(UTC):%H:%M:%S}", voice, form, f"{seconds:.1f}", text[:LONGEST_SHOWN])
        self.rows = [row, *self.rows][:50]

    def board(self, counts: list[tuple[str, Any]]) -> Board:
        head = ("When", "Voice", "Form", "Seconds", "Text")
        found = voices.engines()
        return Board(
            facts=[("Speaks with", found), *counts],
            tables=[Table("Spoken", head, self.rows, empty="Nothing was spoken yet.")],
            problems=[found] if found == voices.MISSING else [],
        )
