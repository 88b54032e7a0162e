"""The demo's messengers know where to send what customers write: nobody has to press Set Webhook first."""

import logging

from django.core.exceptions import ValidationError
from django.db import connections

from integrations import catalogue
from integrations.errors import IntegrationError
from integrations.fields import SecretUnreadable
from integrations.models import IntegrationAccount

logger = logging.getLogger(__name__)


def set_webhooks() -> int:
    """At the simulators, which forget when they stop; returns how many. One that fails can be set by its button."""
    done = 0
    simulated = IntegrationAccount.objects.filter(type=catalogue.MESSENGER.key, simulated=True, enabled=True)
    for account in simulated:
        try:
            provider = account.connect()
            provider.set_webhook(provider.webhook_address())
            done += 1
        except (IntegrationError, ValidationError, LookupError, SecretUnreadable) as error:
            logger.warning("The webhook of “%s” is not set: %s", account, error)
    connections.close_all()
    return done
