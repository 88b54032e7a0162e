"""What the bot proposes to answer in a chat. Nothing is sent by itself: the agent puts a suggestion into the reply."""

import logging
from typing import Any

from django.db import transaction

from integrations.capabilities import BotContext, ChatBot
from integrations.catalogue import BOT
from integrations.errors import IntegrationError
from integrations.wire import wirelog

from .. import interactions
from ..crm_access import NotConfigured, account_for
from ..models import Chat, ChatMessage, Service

logger = logging.getLogger(__name__)

OPEN = (*interactions.UNANSWERED, *interactions.TALKING)


def suggest(chat_id: int) -> int:
    """Ask the default bot about the customer's last message; returns how many suggestions there are now.

    A bot that is away, or has no calls left for today, costs the agent nothing but its suggestions."""
    chat = Chat.objects.select_related("interaction__service__suggestion_engine").get(pk=chat_id)
    asked = _last_asked(chat)
    bot = _bot(chat.interaction.service)
    if bot is None or asked is None or chat.interaction.state not in OPEN:
        return 0
    context = BotContext(conversation=str(chat.interaction.public_id), state=chat.bot_state)
    try:
        with wirelog.for_interaction(chat.interaction.public_id):
            answer = bot.suggest(asked.text, context)
    except IntegrationError as error:
        logger.info("No suggestions for chat %s: %s", chat.pk, error)
        return 0
    proposed = [{"text": each.text, "confidence": each.confidence} for each in answer.suggestions]
    return _keep(chat, asked, proposed, answer.state)


def _last_asked(chat: Chat) -> ChatMessage | None:
    """The customer's last words, unless somebody of ours has answered since."""
    last = chat.messages.order_by("id").last()
    return last if last is not None and not last.is_ours and last.text.strip() else None


def _bot(service: Service | None) -> ChatBot | None:
    """The service's own suggestion engine, or the default one."""
    chosen = service.suggestion_engine if service else None
    try:
        account = chosen if chosen is not None and chosen.enabled else account_for("", BOT.key)
        provider = account.connect()
    except (NotConfigured, LookupError):
        return None
    return provider if isinstance(provider, ChatBot) else None


@transaction.atomic
def _keep(chat: Chat, asked: ChatMessage, proposed: list[dict[str, Any]], state: dict[str, Any]) -> int:
    interaction = interactions.locked(chat.interaction_id)
    fresh = Chat.objects.get(pk=chat.pk)
    fresh.bot_state = state
    if _last_asked(fresh) == asked:  # nothing was said meanwhile
        fresh.suggestions = proposed
    fresh.save(update_fields=["bot_state", "suggestions"])
    interactions.tell(interaction)
    return len(fresh.suggestions)
