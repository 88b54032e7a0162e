"""How answers reach the customer: in order, by whoever holds the chat's lease, never twice by our own decision.

Messengers have no idempotency key (LINE has one). So a message is noted as *sending* before it leaves: a worker that
dies in between, or an answer that never came, leaves it *uncertain*, and the agent decides whether to send it again."""

import logging
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from integrations import leases
from integrations.capabilities import OutgoingMessage
from integrations.errors import IntegrationError, RateLimited, Rejected, Unavailable
from integrations.wire import wirelog

from .. import interactions
from ..models import Chat, ChatMessage
from ..nudge import nudge
from . import files

logger = logging.getLogger(__name__)

Status = ChatMessage.Status
LEASE_SECONDS = 60.0
MOST_ATTEMPTS = 5
FIRST_PAUSE = 2.0
MOST_AT_ONCE = 50
NOT_KNOWN = "Nobody knows whether the customer got this: the messenger did not answer."
CUT_SHORT = "Nobody knows whether the customer got this: sending was interrupted."


def soon(chat: Chat) -> None:
    """Have the chat's messages sent after the caller's transaction."""
    from ..tasks import send_chat

    nudge(send_chat, chat.pk)


def send_due() -> int:
    """Repair, every second: chats with messages that nobody sends. Returns how many."""
    now = timezone.now()
    due = Q(not_before__isnull=True) | Q(not_before__lte=now)
    waiting = ChatMessage.objects.filter(due, status__in=(Status.WAITING, Status.SENDING))
    chats = Chat.objects.filter(leases.free(now), pk__in=waiting.values("chat"))
    found = list(chats.order_by("pk")[:MOST_AT_ONCE])
    for chat in found:
        soon(chat)
    return len(found)


def send(chat_id: int) -> int:
    """Send what waits in the chat, oldest first; returns how many messages left."""
    chat = Chat.objects.select_related("account", "interaction").get(pk=chat_id)
    sent = 0
    with leases.held(chat, seconds=LEASE_SECONDS) as owner:
        if not owner:
            return 0
        _note_interrupted(chat)
        while leases.extend(chat, owner, seconds=LEASE_SECONDS) and (message := _next(chat)) is not None:
            if not _send(chat, message):
                break
            sent += 1
    return sent


def _note_interrupted(chat: Chat) -> None:
    """We hold the lease, so nobody is sending: what still says so was cut short."""
    if chat.messages.filter(status=Status.SENDING).update(status=Status.UNCERTAIN, error=CUT_SHORT):
        interactions.tell_of(chat.interaction_id)


def _next(chat: Chat) -> ChatMessage | None:
    """The oldest waiting message; a later one never overtakes one that waits for its time."""
    message = chat.messages.filter(status=Status.WAITING).order_by("id").first()
    waits = message is not None and message.not_before is not None and message.not_before > timezone.now()
    return None if waits else message


def _send(chat: Chat, message: ChatMessage) -> bool:
    _note(chat, message, status=Status.SENDING)
    try:
        outgoing = OutgoingMessage(
            text=message.text, picture=files.address_for_vendor(message), reply_token=_take_reply_token(chat),
            key=str(message.key or ""),
        )  # fmt: skip
        with wirelog.for_interaction(chat.interaction.public_id):
            vendor_id = chat.account.connect().send(chat.conversation, outgoing)
    except IntegrationError as error:
        _failed(chat, message, error)
        return False
    _note(chat, message, status=Status.SENT, vendor_id=vendor_id[:200], error="")
    return True


def _take_reply_token(chat: Chat) -> str:
    """A reply token works once: gone before it is used."""
    token = Chat.objects.values_list("reply_token", flat=True).get(pk=chat.pk)
    if token:
        Chat.objects.filter(pk=chat.pk, reply_token=token).update(reply_token="")
    return str(token)


def _failed(chat: Chat, message: ChatMessage, error: IntegrationError) -> None:
    attempts = message.attempts + 1
    comes_back = isinstance(error, RateLimited | Unavailable) and not error.maybe_done
    if attempts < MOST_ATTEMPTS and comes_back:
        pause = error.retry_after if isinstance(error, RateLimited) else FIRST_PAUSE * 2**message.attempts
        later = timezone.now() + timedelta(seconds=pause or FIRST_PAUSE)
        _note(chat, message, status=Status.WAITING, error=error.message, not_before=later, attempts=attempts)
        return
    if error.maybe_done:
        _note(chat, message, status=Status.UNCERTAIN, error=NOT_KNOWN)
        return
    _note(chat, message, status=Status.FAILED, error=str(error))
    if isinstance(error, Rejected) and error.field == "recipient":
        Chat.objects.filter(pk=chat.pk).update(out_of_reach=True)
        interactions.tell_of(chat.interaction_id)


def _note(chat: Chat, message: ChatMessage, **values: object) -> None:
    ChatMessage.objects.filter(pk=message.pk).update(**values)
    for name, value in values.items():
        setattr(message, name, value)
    interactions.tell_of(chat.interaction_id)
