"""What the adherence feeds share: states and Not Ready reasons as numbers, for receivers that know no words."""

from collections.abc import Mapping
from typing import Any

from integrations.capabilities import AgentSnapshot, Snapshot
from integrations.property_fields import codes_by_reason

# The numbers that the comparable adherence feeds of this product family use; LOGGED_OUT is 27 there too.
STATE_CODES = {"READY": 1, "BUSY": 2, "ACW": 3, "SUPERVISING": 4, "NOT_READY": 5, "LOGGED_OUT": 27}
NO_REASON = 0


class ReasonCoding:
    """For providers with the properties `reason_codes_mapping` and `unmapped_reason_code`."""

    properties: dict[str, Any]

    @property
    def reason_codes(self) -> dict[str, int]:
        """Codes by folded reason."""
        return codes_by_reason(self.properties["reason_codes_mapping"])

    @property
    def unmapped_code(self) -> int:
        return int(self.properties["unmapped_reason_code"])

    def unmapped_reasons(self, snapshot: Snapshot) -> list[str]:
        """Reasons in use that have no code."""
        known = self.reason_codes
        used = {agent.reason.strip() for agent in snapshot.agents if agent.state == "NOT_READY" and agent.reason}
        return sorted(reason for reason in used if reason.casefold() not in known)

    def reason_remarks(self, snapshot: Snapshot) -> list[str]:
        return [
            f"The reason “{reason}” has no code and is sent as {self.unmapped_code}."
            for reason in self.unmapped_reasons(snapshot)
        ]


def reason_code(agent: AgentSnapshot, codes: Mapping[str, int], unmapped: int) -> int:
    """The code of an agent's reason; 0 where there is none."""
    reason = agent.reason.strip().casefold() if agent.reason and agent.state == "NOT_READY" else ""
    return codes.get(reason, unmapped) if reason else NO_REASON
