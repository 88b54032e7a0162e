"""A CRM with presence, in memory: it says what it has, refuses or dies when told to, and may answer with a change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from contactcenter import agents
from contactcenter.models import Agent, AgentCrmUser, AgentPresenceRow, NotReadyReason, PresenceRule, PresenceSync
from contactcenter.presence import ready_set, sending, watching
from integrations.capabilities import AgentPresence, PresenceStatus
from integrations.errors import Cause, Rejected
from integrations.models import IntegrationAccount
from tests.contactcenter.fake_crm import FakeCrm
from tests.factories import AccountFactory, AgentCrmUserFactory, AgentFactory

STATUSES = (
    PresenceStatus("on", "Available", True), PresenceStatus("away", "Away", False),
    PresenceStatus("off", "Offline", False), PresenceStatus("meet", "Meeting", False),
)  # fmt: skip
SHOWN = [[each.id, each.name, each.available] for each in STATUSES]


@dataclass
class Desk:
    """The CRM's side. `answers`: the status that it sets by itself when it is given one, as a loop of its own would."""

    of: dict[str, str] = field(default_factory=dict)
    set_by_us: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    before: Callable[[], None] | None = None
    after: Callable[[], None] | None = None

    def take(self, user: str, status: str) -> None:
        if user not in self.of or status not in {each.id for each in STATUSES}:
            raise Rejected("No such agent.", cause=Cause.NOT_FOUND)
        self.of[user] = self.answers.get(status, status)
        self.set_by_us.append((user, status))


desk = Desk()


class FakePresence(FakeCrm, AgentPresence):
    key = "fake_presence"
    presence_batch = 2

    def statuses(self, user_id: str) -> list[PresenceStatus]:
        return list(STATUSES)

    def presence_of(self, user_ids: Sequence[str]) -> dict[str, PresenceStatus]:
        assert not connection.in_atomic_block, "a vendor was called inside a transaction"
        if desk.before:
            desk.before()
        by_id = {each.id: each for each in STATUSES}
        return {user: by_id[desk.of[user]] for user in user_ids if user in desk.of}

    def set_presence(self, user_id: str, status_id: str) -> None:
        assert not connection.in_atomic_block, "a vendor was called inside a transaction"
        if desk.before:
            desk.before()
        desk.take(user_id, status_id)
        if desk.after:
            desk.after()


def begin(*, count: int = 1, **values: Any) -> IntegrationAccount:
    """An account that takes part with the ready set, and agents `agent1` ... who are there as `u1` ..."""
    desk.__init__()  # type: ignore[misc]
    account = AccountFactory(provider="fake_presence", name="CRM", simulated=False)
    sync = PresenceSync.objects.create(account=account, enabled=True, statuses=SHOWN, **values)
    ready_set.make(sync)
    for number in range(1, count + 1):
        agent = AgentFactory(login=f"agent{number}")
        AgentCrmUserFactory(account=account, agent=agent, vendor_id=f"u{number}")
        desk.of[f"u{number}"] = "off"
        agents.log_in(agent)
    return account


def send(clock: Any, account: IntegrationAccount, seconds: float = 1.5) -> int:
    clock.shift(timedelta(seconds=seconds))
    return sending.send(account.pk)


def look(account: IntegrationAccount) -> int:
    """A round that is due now."""
    PresenceSync.objects.filter(account=account).update(due_at=timezone.now(), cursor=0, round_began=None)
    return watching.watch(account.presence_sync.pk)


def settle(clock: Any, account: IntegrationAccount) -> None:
    """Some turns of the workers, a second and a half apart each."""
    for _ in range(4):
        send(clock, account)
        look(account)


def row(account: IntegrationAccount, login: str = "agent1") -> AgentPresenceRow:
    return AgentPresenceRow.objects.get(account=account, agent__user__username=login)


def agent(login: str = "agent1") -> Agent:
    return Agent.objects.select_related("user").get(user__username=login)


def lunch() -> NotReadyReason:
    return NotReadyReason.objects.get_or_create(key="lunch", defaults={"name": "Lunch"})[0]


def rule(account: IntegrationAccount, direction: str, **values: Any) -> PresenceRule:
    """Before all others."""
    return PresenceRule.objects.create(account=account, direction=direction, position=0, **values)


def unknown_user(account: IntegrationAccount) -> None:
    AgentCrmUser.objects.filter(account=account).delete()
