"""A bot that answers customers by itself, before an agent does.

The administrator's guide: a bot account can be chosen as the chat bot on the chat service's launch point, and customers
then complete self-service tasks without a live agent. While the bot answers, the chat is in no service's queue and in
none of its figures. It arrives there when the bot hands over: because it wants a person, has nothing to say, cannot see
what the customer sent, or cannot be asked; and when the customer writes one of the service's words for an agent. A chat
in which a customer falls silent ends without an agent."""

import logging
import re
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from integrations import leases
from integrations.capabilities import BotAnswer, BotContext, ChatBot
from integrations.diagnosis import health
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount
from integrations.wire import wirelog

from .. import crm_access, interactions, routing
from ..callers import matching
from ..models import Chat, ChatMessage, Interaction, InteractionState, Service
from ..nudge import nudge
from . import sending

logger = logging.getLogger(__name__)

SILENCE = timedelta(minutes=30)
MOST_AT_ONCE = 50
LEASE_SECONDS = 30.0
RECEIVED = ChatMessage.Status.RECEIVED


def account_of(service: Service | None) -> IntegrationAccount | None:
    """The account that answers customers of the service; None: agents do."""
    account = service.chat_bot if service else None
    usable = account is not None and account.enabled and issubclass(account.provider_class, ChatBot)
    return account if usable else None


# -- the chat is locked, by way of its interaction


def begin(chat: Chat, interaction: Interaction, account: IntegrationAccount) -> None:
    """The bot takes a new chat."""
    chat.bot_service, interaction.service = interaction.service, None
    chat.save(update_fields=["bot_service"])
    interactions.serve_by_bot(interaction, account.name)


def soon(chat: Chat) -> None:
    """Have the customer answered after the caller's transaction."""
    from ..tasks import answer_by_bot

    nudge(answer_by_bot, chat.pk)


def arrive(interaction: Interaction) -> None:
    """As for a call: the service's scenario, or straight to routing."""
    from ..scenarios import engine

    matching.ask_around(interaction)
    if engine.start(interaction) is None:
        routing.place(interaction)


# -- the conversation


def answer(chat_id: int) -> int:
    """Answer what the customer wrote since the bot's last answer; returns how many answers there were. Harmless to
    repeat: one worker at a time holds the chat."""
    chat, answered = Chat.objects.get(pk=chat_id), 0
    with leases.held(chat, seconds=LEASE_SECONDS) as owner:
        while owner and _answer_once(chat_id):
            answered += 1
            leases.extend(chat, owner, seconds=LEASE_SECONDS)
    if answered:
        sending.soon(chat)
    return answered


def _answer_once(chat_id: int) -> bool:
    """One question to the bot; False when nothing is asked, or the chat goes to an agent."""
    chat = Chat.objects.select_related("bot_service__chat_bot", "interaction").get(pk=chat_id)
    asked = list(chat.messages.filter(status=RECEIVED, id__gt=chat.bot_heard))
    if chat.bot_service is None or not asked:
        return False
    said = _ask(chat, "\n".join(message.text.strip() for message in asked if message.text.strip()))
    return _keep(chat, asked[-1].pk, said)


def _ask(chat: Chat, words: str) -> BotAnswer:
    """What the bot says. A bot that cannot be asked wants a person, so that no customer waits for it."""
    account = account_of(chat.bot_service)
    nobody = BotAnswer(state=chat.bot_state, hand_over=True)
    if account is None or not words or wants_an_agent(words, chat.bot_service):
        return nobody
    context = BotContext(str(chat.interaction.public_id), chat.bot_state)
    try:
        with wirelog.for_interaction(chat.interaction.public_id):
            said: BotAnswer = account.connect().suggest(words, context)
    except IntegrationError as error:
        logger.info("The bot %s cannot answer in chat %s: %s", account, chat.pk, error)
        crm_access.note_health(account, error)
        return nobody
    health.succeeded(account)
    return said


def wants_an_agent(words: str, service: Service | None) -> bool:
    """Whether the customer used one of the service's words for an agent. Languages that are written without blanks
    have no word boundaries to look for."""
    named = (word.strip().casefold() for word in (service.agent_words if service else "").split(","))
    text = words.casefold()
    return any(
        re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) if word.isascii() else word in text
        for word in named
        if word
    )


@transaction.atomic
def _keep(chat: Chat, heard: int, said: BotAnswer) -> bool:
    """Write down what the bot said, and hand the chat over where it wants that."""
    interaction = interactions.locked(chat.interaction_id)
    fresh = Chat.objects.select_related("bot_service__chat_bot").get(pk=chat.pk)
    if fresh.bot_service is None or interaction.state != InteractionState.ACTIVE:
        return False
    fresh.bot_heard, fresh.bot_state = heard, said.state
    if said.reply:
        ChatMessage.objects.create(
            chat=fresh, by_bot=True, key=uuid.uuid4(), text=said.reply, at=timezone.now(),
            status=ChatMessage.Status.WAITING,
        )  # fmt: skip
        sending.soon(fresh)
    goes_on = bool(said.reply) and not said.hand_over
    if not goes_on:
        _hand_over(fresh, interaction, fresh.bot_service)
    fresh.save(update_fields=["bot_heard", "bot_state", "bot_service"])
    return goes_on


def _hand_over(chat: Chat, interaction: Interaction, service: Service) -> None:
    """The chat arrives at the service, as if the customer had just written the first words."""
    from ..tasks import suggest_answers

    chat.bot_service = None
    if service.suggestion_engine_id not in (None, service.chat_bot_id):
        chat.bot_state = {}  # the memory of one bot is nothing to another
    interactions.hand_over(interaction, service)
    arrive(interaction)
    nudge(suggest_answers, chat.pk)


# -- what the sweep does every second


def answer_due() -> int:
    """Repair: customers whom the bot has not answered, because a message between processes was lost."""
    unheard = ChatMessage.objects.filter(chat=OuterRef("pk"), status=RECEIVED, id__gt=OuterRef("bot_heard"))
    found = Chat.objects.filter(leases.free(), Exists(unheard), bot_service__isnull=False)[:MOST_AT_ONCE]
    for chat in found:
        soon(chat)
    return len(found)


def end_silent(now: datetime | None = None) -> int:
    """End chats with a bot in which nothing was said for a while. Returns how many."""
    now = now or timezone.now()
    lately = ChatMessage.objects.filter(chat=OuterRef("pk"), at__gt=now - SILENCE)
    old = Chat.objects.filter(bot_service__isnull=False, interaction__offered_at__lte=now - SILENCE)
    found = list(old.filter(~Exists(lately)).values_list("interaction", flat=True)[:MOST_AT_ONCE])
    return sum(_end(pk, now) for pk in found)


@transaction.atomic
def _end(interaction_id: int, now: datetime) -> bool:
    interaction = interactions.locked(interaction_id)
    chat = Chat.objects.filter(interaction=interaction, bot_service__isnull=False)
    if interaction.state != InteractionState.ACTIVE or not chat.update(bot_service=None, open_key=None):
        return False
    interactions.release(interaction, interactions.Trigger.RELEASED, at=now, cause="bot")
    interactions.record(interaction, interactions.Trigger.RELEASED, data={"by": "bot"})
    return True
