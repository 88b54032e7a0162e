"""The simulators as a test handles them: faults, settings, and what they have understood."""

from typing import Any

import requests


class Simulators:
    """Speaks to running simulators at `url`. Every refusal of theirs fails the test."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Accept": "application/json"}
        response = requests.request(method, f"{self.url}{path}", headers=headers, timeout=10, **options)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text[:300]}"
        return response.json() if response.content else None

    def reset(self) -> None:
        self.call("POST", "/_reset")

    def fault(self, key: str, name: str, **details: Any) -> None:
        """Switch one fault on. `times`, `seconds`, `path`, `options` as in `PUT /<key>/_faults`."""
        self.call("PUT", f"/{key}/_faults", json={"fault": name, **details})

    def heal(self, key: str) -> None:
        self.call("DELETE", f"/{key}/_faults")

    def settings(self, key: str, **changes: Any) -> None:
        self.call("PUT", f"/{key}/_settings", json=changes)

    def requests(self, key: str) -> list[dict[str, Any]]:
        """What arrived, oldest first."""
        seen: list[dict[str, Any]] = self.call("GET", f"/{key}/_requests")
        return sorted(seen, key=lambda exchange: exchange["id"])

    def board(self, key: str) -> dict[str, Any]:
        """What a receiver has understood so far."""
        board: dict[str, Any] = self.call("GET", f"/{key}/_board")
        return board
