"""Platforms that call us."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class AutomationEvent:
    """Something that happened here and may start a workflow elsewhere. `id` is stable, so that repeats are seen."""

    id: str
    kind: str
    at: datetime
    fields: dict[str, Any] = field(default_factory=dict)


class AutomationEndpoint(ABC):
    """A platform that calls us, with credentials that were made up here for it."""

    @abstractmethod
    def authenticate(self, request: HttpRequest) -> bool:
        """Whether the request carries this account's credentials; compared in constant time."""

    @abstractmethod
    def payload(self, event: AutomationEvent) -> dict[str, Any]:
        """The event in the form in which the platform takes it."""
