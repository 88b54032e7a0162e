"""What the workers do for accounts. Each task may come twice, late or not at all: the rows say what is due."""

import logging

from celery import shared_task

from . import check_ups, oauth, quotas, webhooks, wirelog

logger = logging.getLogger(__name__)


@shared_task
def refresh_due_tokens() -> int:
    """Every few seconds: renew tokens before they end."""
    return oauth.refresh_due()


@shared_task
def check_accounts() -> int:
    """Every minute: test accounts that have no token to renew, each every half hour."""
    return check_ups.check_due()


@shared_task
def process_events() -> int:
    """Soon after an event came in, and every few seconds: hand inbound events to the domain."""
    return webhooks.process_waiting()


@shared_task
def prune() -> int:
    """Every hour: forget old rows of the wire log, old events and the counts of days long past."""
    return wirelog.prune() + webhooks.prune() + quotas.prune()


def process_events_soon() -> None:
    """Have the events processed now. A broker that is away costs a few seconds, not the event."""
    try:
        process_events.apply_async(retry=False)
    except Exception as error:  # the broker's libraries raise what they like
        logger.warning("The broker is away (%s): events are processed by the next regular turn.", type(error).__name__)
