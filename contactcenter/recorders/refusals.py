"""Events that a recorder refused for good: kept for the page of its feed, or nobody would know what is missing."""

import logging
from collections.abc import Sequence

from integrations.capabilities import RecordingEvent, Refusal

from ..models import FeedState, RefusedEvent

logger = logging.getLogger(__name__)
LONGEST_ABOUT = 200


def keep(feed: FeedState, refused: Sequence[Refusal]) -> None:
    """Write them down and forget all but the newest `RefusedEvent.KEPT` of this feed."""
    if not refused:
        return
    logger.warning("Recorder %s refused %d events for good.", feed.account_id, len(refused))
    newest = refused[-RefusedEvent.KEPT :]
    RefusedEvent.objects.bulk_create(
        RefusedEvent(
            feed=feed, event_id=e.id, type=e.type, at=e.at, about=about(e), reason=reason
        )
        for e, reason in newest
    )  # fmt: skip
    kept = RefusedEvent.objects.filter(feed=feed).values_list("pk", flat=True)[: RefusedEvent.KEPT]
    RefusedEvent.objects.filter(feed=feed).exclude(pk__in=list(kept)).delete()


def about(event: RecordingEvent) -> str:
    """Whom or what an event is about: the call's id or the agent's log-in."""
    call = event.body.get("call") or {}
    return str(call.get("id") or event.body.get("agent_id") or "")[:LONGEST_ABOUT]
