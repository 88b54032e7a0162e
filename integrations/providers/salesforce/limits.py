"""*Check limits*: what the organisation has used up of what it may use (REST API guide, "Limits").

Salesforce's numbers lag by some minutes. The fullest comes first, because that is what will break next."""

import re
from collections.abc import Iterator
from typing import Any

from integrations.actions import Meter, Result, action
from integrations.errors import AuthenticationFailed

from .answers import mapping
from .login import Login

API_REQUESTS = "DailyApiRequests"
SHORT = {"Api", "MB", "V2", "DB"}  # kept as they are written
SHOWN = 30


class Limits(Login):
    @action("Check limits", help_text="Shows the limits of your Salesforce organisation and how far they are used up.")
    def check_limits(self) -> Result:
        try:
            found = sorted(self.limits(), key=lambda meter: (-meter.share, meter.label))
        except AuthenticationFailed as error:
            if error.status != 403:
                raise
            return Result(False, f"Connected, but the limits are not visible: {error} {WHAT_TO_GRANT}")
        if not found:
            return Result(True, "Salesforce names no limits for this organisation.")
        fullest = found[0]
        message = f"{len(found)} limits. The fullest is {fullest.label}: {fullest.share:.0%} used."
        return Result(True, message, rows=tuple((m.label, m.text) for m in found[:SHOWN]), meters=tuple(found[:SHOWN]))

    def limits(self) -> Iterator[Meter]:
        """Every limit with a maximum. Raises `IntegrationError`."""
        answer = mapping(self.call("GET", self.data("/limits"), purpose="Check limits"), API_REQUESTS)
        for name, value in answer.items():
            used = usage(value)
            if used and used[1] > 0:
                yield Meter(words(name), *used)


WHAT_TO_GRANT = "The user needs View Setup and Configuration (Setup > Permission Sets > System Permissions)."


def usage(value: Any) -> tuple[int, int] | None:
    """(used, maximum) of one entry; None for one of another shape."""
    if not isinstance(value, dict):
        return None
    maximum, remaining = value.get("Max"), value.get("Remaining")
    if not isinstance(maximum, int) or not isinstance(remaining, int):
        return None
    return max(0, maximum - remaining), maximum


def words(name: str) -> str:
    """`DailyApiRequests` as "Daily API requests"."""
    parts = re.findall(r"V2|MB|[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)
    text = " ".join(part if part in SHORT or part.isupper() else part.lower() for part in parts)
    return (text[:1].upper() + text[1:]).replace("Api", "API").replace("api", "API")
