"""Who the agents are: what of a picture seldom changes, read apart from what changes all the time.

Of 50,000 agents names, teams and services take three quarters of the time that a picture takes. Who knows when a
picture will be due reads them a moment before, and the states at the last moment."""

import time
from collections.abc import Set
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from django.db.models import Aggregate, TextField

from ..models import Agent

LONGEST_AGE = 5.0  # seconds: nobody shall see a name or a service that was changed longer ago
# Login, employee id, extension, first and last name, team, as a picture has them; and the keys of the services, joined
# by commas as in "3,7": agents who serve the same share one text. Plain tuples, because there are so many.
Person = tuple[str, str | None, str | None, str | None, str | None, str | None]
Entry = tuple[Person, str]


@dataclass(frozen=True)
class Roster:
    """Everybody by key, in the order of the logins, whether logged in or not."""

    entries: dict[int, Entry]
    read_at: float = field(default_factory=time.monotonic)

    def serves(self, keys: Set[int]) -> bool:
        """Whether it is young enough, and nobody of these is missing."""
        return time.monotonic() - self.read_at <= LONGEST_AGE and keys <= self.entries.keys()


def read_roster() -> Roster:
    """Sorted here and not by the database, whose language has an order of its own: receivers compare characters."""
    serving = read_serving()
    columns = ("pk", "user__username", "employee_id", "extension", "user__first_name", "user__last_name", "team__name")
    rows = sorted(Agent.objects.order_by().values_list(*columns), key=itemgetter(1))
    return Roster(
        {
            pk: ((login, employee or None, extension or None, first or None, last or None, team), serving.get(pk, ""))
            for pk, login, employee, extension, first, last, team in rows
        }
    )


def read_serving() -> dict[int, str]:
    """The services of each agent as one text."""
    rows = Agent.services.through.objects.filter(service__enabled=True).order_by()
    return dict(rows.values_list("agent_id").annotate(served=Joined("service_id")))


class Joined(Aggregate):
    """Numbers joined by commas, in no particular order."""

    output_field = TextField()
    function = "GROUP_CONCAT"

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="STRING_AGG((%(expressions)s)::text, ',')", **extra)
