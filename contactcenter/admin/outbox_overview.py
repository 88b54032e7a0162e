"""The top of the outbox page: how each account stands. Three queries, however many entries there are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contactcenter.models import Breaker, OutboxEntry
from contactcenter.outbox import breakers
from integrations.errors import Cause
from integrations.models import IntegrationAccount

from .outbox_words import next_try

Status = OutboxEntry.Status


@dataclass(frozen=True, slots=True)
class Standing:
    """One account: how much waits, since when, and in one sentence why nothing goes out, where that is so."""

    account: IntegrationAccount
    waiting: int
    in_flight: int
    stuck: int
    oldest: datetime | None
    shut: Breaker | None

    @property
    def state(self) -> tuple[str, str]:
        """Words and tone."""
        if not self.account.enabled:
            return _("Switched off"), "neutral"
        if self.shut is None:
            return (_("Sending"), "ok") if self.waiting else (_("Answers"), "ok")
        if self.shut.cause == Cause.RATE_LIMITED:
            return _("Limited"), "warn"
        return _("Away"), "bad"

    @property
    def sentence(self) -> str:
        if not self.account.enabled:
            return _("The account is switched off: its entries wait until it is switched on.")
        if self.shut is None:
            return ""
        waits = ngettext("%d entry waits.", "%d entries wait.", self.waiting) % self.waiting
        return f"{breakers.in_words(self.shut)} {waits} {next_try(self.shut)}"

    @property
    def words(self) -> str:
        """The vendor's own words, where nothing goes out."""
        return self.shut.message if self.shut else ""


def standings() -> list[Standing]:
    """Accounts with something open, or that are away; those in trouble first."""
    counted = {row["account_id"]: row for row in _counts()}
    shut = {row.account_id: row for row in Breaker.objects.filter(open_since__isnull=False).defer("account")}
    accounts = IntegrationAccount.objects.defer("secrets").in_bulk({*counted, *shut})
    found = [_standing(account, counted.get(pk, {}), shut.get(pk)) for pk, account in accounts.items()]
    return sorted(found, key=lambda each: (each.shut is None, not each.stuck, each.account.name))


def _standing(account: IntegrationAccount, counts: dict[str, Any], shut: Breaker | None) -> Standing:
    if shut is not None:
        shut.account = account
    numbers = {name: counts.get(name, 0) for name in ("waiting", "in_flight", "stuck")}
    return Standing(account, **numbers, oldest=counts.get("oldest"), shut=shut)


def _counts() -> Any:
    waiting = Q(status__in=[Status.WAITING, Status.SENDING])
    entries = OutboxEntry.objects.filter(status__in=[Status.WAITING, Status.SENDING, Status.STUCK])
    return entries.order_by().values("account_id").annotate(
        waiting=Count("pk", filter=waiting),
        in_flight=Count("pk", filter=waiting & Q(leased_until__gt=timezone.now())),
        stuck=Count("pk", filter=Q(status=Status.STUCK)),
        oldest=Min("created_at", filter=waiting),
    )  # fmt: skip
