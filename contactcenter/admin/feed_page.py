"""The page of a feed: whether the receiver is up to date, how late it learns of changes, where it heard nothing."""

from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t

from contactcenter.feeds import alerts
from contactcenter.feeds.dispatch import snapshot
from contactcenter.feeds.figures import Figures, figures, quiet_seconds
from contactcenter.feeds.history import longest_quiet
from contactcenter.models import Agent, AgentState, FeedState, RecordingQueueItem
from integrations.admin.buttons import FRAGMENT
from integrations.capabilities import ConnectedFeed, RecordingFeed, WorkforceFeed
from integrations.models import IntegrationAccount
from integrations.providers import registry
from integrations.providers.tcp_receiver import TcpReceiver

# Its name, its length, and how many milliseconds pass until the page looks again: a week is ten thousand rows.
STRETCHES = {
    "2h": (_t("2 hours"), timedelta(hours=2), 2_000),
    "24h": (_t("24 hours"), timedelta(days=1), 15_000),
    "7d": (_t("7 days"), timedelta(days=7), 60_000),
}
MINUTES_SHOWN = 15
REFUSED_SHOWN = 20
KINDS = {"full": _t("everything"), "delta": _t("changes"), "keep_alive": _t("nothing new"), "events": _t("events")}
STRIP = {
    "ok": _t("arrived"),
    "partial": _t("some failed or were skipped"),
    "gap": _t("gap: the receiver heard nothing"),
    "none": _t("nothing was due, or nobody was at work"),
}
# Where a kind begins in the strip, which is 40 high: told by height too, not by colour alone.
TOPS = {"ok": 16, "partial": 8, "gap": 0, "none": 36}
HEIGHT = 40


class Bar(NamedTuple):
    """A rectangle of the strip, and its line in the legend."""

    kind: str
    x: int
    width: int
    word: Any = ""
    minutes: int = 0

    @property
    def y(self) -> int:
        return TOPS[self.kind]

    @property
    def height(self) -> int:
        return HEIGHT - self.y


class FeedPage:
    """Mixed into the account screen."""

    admin_site: admin.AdminSite
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.feed_view)
        own = path("<int:account_id>/feed/", view, name="integrations_integrationaccount_feed")
        return [own, *super().get_urls()]  # type: ignore[misc]

    def feed_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        if not request.user.has_perm("integrations.view_integrationaccount"):
            raise PermissionDenied
        account = get_object_or_404(IntegrationAccount, pk=account_id)
        feed = FeedState.objects.filter(account=account).select_related("account").first()
        if feed is None and not feeds_somebody(account):
            raise Http404(_("This account feeds nobody."))
        chosen = request.GET.get("t", "")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Feed of %s") % account.name,
            "account": account,
            "feed": feed,
            "queues": issubclass(account.provider_class, RecordingFeed),
            "chosen": chosen if chosen in STRETCHES else "2h",
        }
        context["every"] = STRETCHES[context["chosen"]][2]
        if feed is not None:
            context |= told(feed, STRETCHES[context["chosen"]][1])
        if request.headers.get(FRAGMENT):
            return TemplateResponse(request, "admin/contactcenter/account/feed_live.html", context)
        context |= {
            "remarks": remarks_of(account),
            "stretches": [(key, words[0]) for key, words in STRETCHES.items()],
        }
        return TemplateResponse(request, "admin/contactcenter/account/feed.html", context)


def feeds_somebody(account: IntegrationAccount) -> bool:
    provider = registry().get(account.provider)
    return provider is not None and issubclass(provider, (WorkforceFeed, RecordingFeed))


def told(feed: FeedState, stretch: timedelta) -> dict[str, Any]:
    """Everything that changes while somebody looks."""
    now = timezone.now()
    found = figures(feed, stretch, now)
    state, tone = state_of(feed, quiet_seconds(feed, now))
    connected = issubclass(feed.account.provider_class, ConnectedFeed)
    return {
        "figures": found,
        "due": due_in((feed.due_at - now).total_seconds()),
        "logged_in": logged_in(feed),
        "arrived": arrived_means(feed),
        "state": state,
        "tone": tone,
        "words": KINDS,
        "strip": [Bar(kind, 0, 10, word, found.minutes_in(kind)) for kind, word in STRIP.items()],
        "bars": [Bar(run.kind, run.start, run.length) for run in found.runs],
        "cells": sum(run.length for run in found.runs),
        "strip_words": strip_words(found),
        "gaps": [(gap, length(gap.seconds)) for gap in found.gaps],
        "latest": [(row, length(row.gap_seconds)) for row in found.minutes[:MINUTES_SHOWN]],
        "connected": connected,
        "last_call": feed.account.calls.only("status", "error", "started_at").order_by("-id").first(),
        "refused": feed.refused_events.all()[:REFUSED_SHOWN],
        "queued": RecordingQueueItem.objects.filter(account=feed.account).count(),
        "alert_after": alerts.limit_of(feed.account),
        "aim": feed.interval + 0.5 if issubclass(feed.account.provider_class, WorkforceFeed) else None,
    }


def due_in(seconds: float) -> str:
    return _("in %s") % length(seconds) if seconds >= 1 else _("now")


def logged_in(feed: FeedState) -> int | None:
    """How many agents a picture of now would have; None for a feed that sends no pictures."""
    if not issubclass(feed.account.provider_class, WorkforceFeed):
        return None
    return Agent.objects.exclude(state=AgentState.LOGGED_OUT).count()


def arrived_means(feed: FeedState) -> str:
    """What we know of an update that counts as arrived."""
    if issubclass(feed.account.provider_class, TcpReceiver):
        return _("its system took it; a receiver that only listens does not say what it made of it")
    return _("the receiver answered that it took it")


def state_of(feed: FeedState, quiet: float) -> tuple[str, str]:
    """The sentence at the top, and its colour."""
    if not feed.account.enabled:
        return _("The account is disabled: the receiver is told nothing."), "neutral"
    if feed.interval > 0 and quiet > longest_quiet(feed.interval):
        return _("Gap: the receiver has heard nothing for %s.") % length(quiet), "bad"
    if feed.consecutive_failures:
        return _("The last update failed; the next one is made at the interval."), "warn"
    if feed.sent == 0:
        return _("Nothing was sent yet."), "neutral"
    return _("The receiver is up to date."), "ok"


def strip_words(found: Figures) -> str:
    """The strip chart in words."""
    minutes = {kind: found.minutes_in(kind) for kind in STRIP}
    return (
        _("%(ok)d min in order, %(partial)d min with failures, %(gap)d min with a gap, %(none)d min without.") % minutes
    )


def length(seconds: float) -> str:
    """A length of time to the second: 8 s, 4 min 10 s, 2 h 5 min."""
    whole = int(seconds)
    if whole < 60:
        return _("%d s") % whole
    if whole < 3600:
        return _("%(m)d min %(s)d s") % {"m": whole // 60, "s": whole % 60}
    return _("%(h)d h %(m)d min") % {"h": whole // 3600, "m": whole % 3600 // 60}


def remarks_of(account: IntegrationAccount) -> list[str]:
    """What of the present picture does not arrive as it is."""
    provider = account.connect()
    return provider.remarks(snapshot()) if account.enabled and isinstance(provider, WorkforceFeed) else []
