"""How a customer feels who writes: read by the default sentiment account, shown beside the message.

A mood is a help for the agent and nothing waits for it: an engine that is away costs the word, not the message."""

import logging

from django.db import transaction

from integrations.capabilities import Sentiment, SentimentAnalysis
from integrations.catalogue import NLU
from integrations.errors import IntegrationError
from integrations.wire import wirelog

from .. import interactions
from ..crm_access import NotConfigured, account_for
from ..models import ChatMessage

logger = logging.getLogger(__name__)


def read(message_id: int) -> str:
    """Note the mood of one message of a customer; the label, empty where none could be told."""
    message = ChatMessage.objects.select_related("chat__interaction").get(pk=message_id)
    engine = _engine()
    if engine is None or message.is_ours or not message.text.strip():
        return ""
    try:
        with wirelog.for_interaction(message.chat.interaction.public_id):
            found = engine.analyze(message.text)
    except IntegrationError as error:
        logger.info("No mood for message %s: %s", message.pk, error)
        return ""
    _keep(message, found)
    return found.label.value


def _engine() -> SentimentAnalysis | None:
    try:
        provider = account_for("", NLU.key).connect()
    except (NotConfigured, LookupError):
        return None
    return provider if isinstance(provider, SentimentAnalysis) else None


@transaction.atomic
def _keep(message: ChatMessage, found: Sentiment) -> None:
    ChatMessage.objects.filter(pk=message.pk).update(mood=found.label.value, mood_score=found.score)
    interactions.tell_of(message.chat.interaction_id)
