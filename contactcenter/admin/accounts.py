"""What the contact centre adds to the account screen: enabled types, where a feed stands, what waits in the outbox."""

from collections.abc import Collection
from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext as _

from contactcenter.models import (
    Breaker,
    ContactCenter,
    FeedState,
    NotReadyReason,
    OutboxEntry,
    RecordingQueueItem,
    Service,
)
from contactcenter.outbox import breakers
from integrations.admin.accounts import IntegrationAccountAdmin
from integrations.admin.panels import Panel
from integrations.models import IntegrationAccount

from .agent_mapping import AgentMapping, agents_panel, knows_agents
from .feed_page import FeedPage, remarks_of
from .outbox_words import next_try
from .presence import PresencePages, has_presence, presence_panel

OPEN = (OutboxEntry.Status.WAITING, OutboxEntry.Status.SENDING, OutboxEntry.Status.STUCK)

admin.site.unregister(IntegrationAccount)


@admin.register(IntegrationAccount)
class AccountAdmin(FeedPage, AgentMapping, PresencePages, IntegrationAccountAdmin):
    goes_along = (*IntegrationAccountAdmin.goes_along, OutboxEntry)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What was delivered goes along; what still has to be delivered keeps the account."""
        found, counts, lacking, protected = super().get_deleted_objects(objs, request)
        waiting = OutboxEntry.objects.filter(account__in=objs, status__in=OPEN).count()
        kept = [_("Entries of the outbox that are not delivered yet: %d") % waiting] if waiting else []
        return found, counts, lacking, [*protected, *kept]

    def enabled_types(self) -> Collection[str]:
        return ContactCenter.current().enabled_types

    def known_names(self) -> dict[str, list[str]]:
        """Services and reasons are compared by name: nobody should have to type them without a mistake."""
        services = Service.objects.filter(enabled=True).order_by("name").values_list("name", flat=True)
        reasons = NotReadyReason.objects.order_by("name").values_list("name", flat=True)
        return {**super().known_names(), "service": list(services), "reason": list(reasons)}

    def panels(self, request: HttpRequest, account: IntegrationAccount) -> list[Panel]:
        found = super().panels(request, account)
        feed = FeedState.objects.filter(account=account).first()
        if feed is not None:
            found.append(feed_panel(account, feed))
        if knows_agents(account):
            found.append(agents_panel(account))
        if has_presence(account):
            found.append(presence_panel(account))
        waiting = outbox_counts(account)
        shut = breakers.find_open(account)
        if waiting or shut:
            waiting = {"stuck": 0, "waiting": 0, **waiting, "standing": standing_of(shut)}
            found.append(
                Panel(_("Outbox"), "admin/contactcenter/account/panel_outbox.html", {"account": account, **waiting})
            )
        return found


def feed_panel(account: IntegrationAccount, feed: FeedState) -> Panel:
    queued = RecordingQueueItem.objects.filter(account=account).count()
    data = {"account": account, "feed": feed, "queued": queued, "remarks": remarks_of(account)}
    return Panel(_("Feed"), "admin/contactcenter/account/panel_feed.html", data)


def standing_of(shut: Breaker | None) -> str:
    return f"{breakers.in_words(shut)} {next_try(shut)}" if shut else ""


def outbox_counts(account: IntegrationAccount) -> dict[str, Any]:
    """How many entries are open, by status; empty when none is."""
    entries = OutboxEntry.objects.filter(account=account, status__in=OPEN).order_by()
    counts = dict(entries.values_list("status").annotate(Count("id")))
    stuck = counts.pop(OutboxEntry.Status.STUCK, 0)
    return {"stuck": stuck, "waiting": sum(counts.values())} if stuck or counts else {}
