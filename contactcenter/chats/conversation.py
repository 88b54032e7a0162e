"""Chats: what customers write in a messenger reaches an agent, and what the agent answers reaches the customer.

The first message makes an interaction, which is routed like a call. Further ones join it while it is open. `take_in`
is handed every inbound event of the integrations; it may see one twice. How answers leave is in `sending`, what is
seen in `view`, pictures and files in `files`."""

import uuid
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from integrations.capabilities import Messenger
from integrations.models import InboundEvent, IntegrationAccount

from .. import interactions, routing
from ..callers import matching
from ..digits import Wanted
from ..errors import NotPossible
from ..models import Agent, Chat, ChatFile, ChatMessage, DigitRequest, Interaction, Service, ServiceMessenger
from ..nudge import nudge
from . import bot, files, sending

Status = ChatMessage.Status
TALKING_OR_WAITING = (*interactions.UNANSWERED, *interactions.TALKING)
LONGEST_TEXT = 5_000
# A receipt never takes a message back to an earlier state; the vendors repeat them and mix them up.
RANK = {Status.WAITING: 0, Status.SENDING: 1, Status.UNCERTAIN: 1, Status.SENT: 2, Status.DELIVERED: 3, Status.SEEN: 4}


# -- what customers do


def take_in(event: InboundEvent) -> None:
    """Handler of `integrations.webhooks`. Raises `NotPossible` where no service takes the account's messages; the
    event is kept with this reason and tried again."""
    account = event.account
    if not issubclass(account.provider_class, Messenger):
        return
    step = STEPS.get(event.kind)
    if step is not None:
        step(account, event)


@transaction.atomic
def _message(account: IntegrationAccount, event: InboundEvent) -> None:
    if ChatMessage.objects.filter(inbound=event).exists():
        return
    told = event.payload
    chat, is_new = _chat(account, event)
    interaction = interactions.locked(chat.interaction_id)
    message = ChatMessage.objects.create(
        chat=chat, inbound=event, text=str(told.get("text") or ""), media=told.get("media") or [],
        at=_moment(told), vendor_id=str(told.get("message_id") or ""),
    )  # fmt: skip
    chat.reply_token, chat.out_of_reach, chat.suggestions = str(told.get("reply") or ""), False, []
    chat.save(update_fields=["reply_token", "out_of_reach", "suggestions"])
    if is_new:
        _begin(chat, interaction)
    else:
        interactions.tell(interaction)
    _wake_bot(chat)
    _read_mood(message)
    _fetch_files(message)


def _chat(account: IntegrationAccount, event: InboundEvent) -> tuple[Chat, bool]:
    """The customer's open chat, or a new one. Two first messages that arrive together make one."""
    conversation = str(event.payload.get("conversation") or event.payload.get("user") or "")[:200]
    key = f"{account.pk}:{conversation}"
    found = _open_chat(key)
    if found is not None:
        return found, False
    interaction = _interaction(account, event)
    try:
        with transaction.atomic():
            interaction.save(force_insert=True)
            return Chat.objects.create(
                interaction=interaction, account=account, conversation=conversation, open_key=key
            ), True
    except IntegrityError:
        return Chat.objects.get(open_key=key), False


def _open_chat(key: str) -> Chat | None:
    found = Chat.objects.select_related("interaction").filter(open_key=key).first()
    if found is None or found.interaction.state in TALKING_OR_WAITING:
        return found
    Chat.objects.filter(pk=found.pk).update(open_key=None)
    return None


def _interaction(account: IntegrationAccount, event: InboundEvent) -> Interaction:
    told = event.payload
    interaction = Interaction(
        call_id=f"chat-{uuid.uuid4().hex}", media=Service.Media.CHAT, service=_service(account),
        offered_at=timezone.now(),
    )  # fmt: skip
    provider = account.provider_class
    if provider.customer_is_a_phone_number:
        interaction.customer_number = str(told.get("user") or "")
        matching.identify(interaction)
    else:
        name = str(told.get("name") or "")
        rule = f"Writes by {provider.label}{f' as {name}' if name else ''}."
        interaction.caller = {"name": name, "rule": rule, "status": "none", "candidates": []}
    return interaction


def _service(account: IntegrationAccount) -> Service:
    """The service that the account's customers reach; without an entry the only chat service there is."""
    entry = ServiceMessenger.objects.select_related("service").filter(account=account, service__enabled=True).first()
    if entry is not None:
        return entry.service
    chat_services = list(Service.objects.filter(media=Service.Media.CHAT, enabled=True)[:2])
    if len(chat_services) == 1:
        return chat_services[0]
    raise NotPossible(
        f"No service takes the messages of “{account}”. Open a service for chats and add this messenger to it."
    )


def _begin(chat: Chat, interaction: Interaction) -> None:
    """The service's chat bot answers, if it has one; otherwise an agent is looked for."""
    interactions.record(interaction, "offered", key="offered")
    account = bot.account_of(interaction.service)
    if account is not None:
        bot.begin(chat, interaction, account)
    else:
        bot.arrive(interaction)


def _moment(told: dict[str, Any]) -> datetime:
    return parse_datetime(str(told.get("at") or "")) or timezone.now()


# -- what happens to messages


@transaction.atomic
def _edited(account: IntegrationAccount, event: InboundEvent) -> None:
    _change(account, event, text=str(event.payload.get("text") or ""))


@transaction.atomic
def _deleted(account: IntegrationAccount, event: InboundEvent) -> None:
    _change(account, event, text="(deleted by the customer)", media=[])


def _change(account: IntegrationAccount, event: InboundEvent, **values: Any) -> None:
    for message in _messages(account, event).filter(status=Status.RECEIVED):
        ChatMessage.objects.filter(pk=message.pk).update(**values)
        if "media" in values:
            files.forget(message)
        interactions.tell_of(message.chat.interaction_id)


@transaction.atomic
def _receipt(account: IntegrationAccount, event: InboundEvent) -> None:
    """Delivered, seen or failed. It may come before our own call has returned: then the event is tried again."""
    status = Status(event.kind)
    messages = list(_messages(account, event).exclude(status=Status.RECEIVED))
    if not messages and event.attempts == 0 and event.payload.get("message_id"):
        raise NotPossible("The receipt names a message that is not known yet.")
    for message in messages:
        if RANK.get(Status(message.status), 5) >= RANK.get(status, 5) and status != Status.FAILED:
            continue
        error = str(event.payload.get("error") or "The messenger could not deliver it.")
        values = {"status": status, "error": error if status == Status.FAILED else ""}
        ChatMessage.objects.filter(pk=message.pk).update(**values)
        interactions.tell_of(message.chat.interaction_id)


def _messages(account: IntegrationAccount, event: InboundEvent) -> Any:
    vendor_id = str(event.payload.get("message_id") or "")
    known = ChatMessage.objects.filter(chat__account=account, vendor_id=vendor_id) if vendor_id else None
    return (known if known is not None else ChatMessage.objects.none()).select_related("chat__interaction")


@transaction.atomic
def _out_of_reach(account: IntegrationAccount, event: InboundEvent) -> None:
    _reach(account, event, out_of_reach=True)


@transaction.atomic
def _in_reach(account: IntegrationAccount, event: InboundEvent) -> None:
    _reach(account, event, out_of_reach=False)


def _reach(account: IntegrationAccount, event: InboundEvent, *, out_of_reach: bool) -> None:
    key = f"{account.pk}:{event.payload.get('conversation') or event.payload.get('user')}"
    for chat in Chat.objects.filter(open_key=key):
        Chat.objects.filter(pk=chat.pk).update(out_of_reach=out_of_reach)
        interactions.tell_of(chat.interaction_id)


STEPS: dict[str, Any] = {
    "message": _message, "edited": _edited, "deleted": _deleted, "delivered": _receipt, "seen": _receipt,
    "failed": _receipt, "opted_out": _out_of_reach, "opted_in": _in_reach,
}  # fmt: skip


# -- what the agent does


@transaction.atomic
def say(agent: Agent, interaction_id: str, key: uuid.UUID, text: str, picture: str = "") -> ChatMessage:
    """Answer the customer: text, the id of an uploaded picture, or both. Repeating it with its `key` is harmless."""
    interaction = interactions.locked_by_public_id(interaction_id)
    if interaction is None or interaction.agent_id != agent.pk or interaction.media != Service.Media.CHAT:
        raise NotPossible(_("This chat is not with you any more."), "interaction")
    known = ChatMessage.objects.filter(key=key, chat__interaction=interaction).first()
    if known is not None:
        return known
    file = _checked(interaction, text, picture)
    message = ChatMessage.objects.create(
        chat=interaction.chat, agent=agent, key=key, text=text, at=timezone.now(), status=Status.WAITING,
        media=[{"type": "picture"}] if file else [],
    )  # fmt: skip
    if file is not None:
        ChatFile.objects.filter(pk=file.pk).update(message=message)
    Chat.objects.filter(pk=interaction.chat.pk).update(suggestions=[])
    interaction.chat.refresh_from_db()
    interactions.tell(interaction)
    sending.soon(interaction.chat)
    return message


def _checked(interaction: Interaction, text: str, picture: str) -> ChatFile | None:
    """The picture to send, if there is one."""
    if interaction.state not in interactions.TALKING:
        raise NotPossible(_("The chat is over. The customer can write again and reaches whoever is ready then."))
    if not text.strip() and not picture:
        raise NotPossible(_("There is nothing to send yet. Write something first."), "text")
    if len(text) > LONGEST_TEXT:
        raise NotPossible(f"A message has at most {LONGEST_TEXT:,} characters; this one has {len(text):,}.", "text")
    return files.unsent(interaction.chat, picture) if picture else None


@transaction.atomic
def say_again(agent: Agent, interaction_id: str, message_id: int) -> None:
    """Send a message once more that failed, or of which nobody knows whether it arrived."""
    interaction = interactions.locked_by_public_id(interaction_id)
    if interaction is None or interaction.agent_id != agent.pk or interaction.state not in interactions.TALKING:
        raise NotPossible(_("This chat is not with you any more."), "interaction")
    unsent = ChatMessage.objects.filter(
        pk=message_id, chat__interaction=interaction, status__in=(Status.FAILED, Status.UNCERTAIN)
    )
    if unsent.update(status=Status.WAITING, error="", not_before=None, attempts=0):
        interactions.tell(interaction)
        sending.soon(interaction.chat)


class ChatLine:
    """Moves a chat by the words of `telephony.Line`, with no telephone system in between."""

    def answer(self, interaction: Interaction) -> Interaction:
        interactions.answer(interaction, interaction.agent, at=timezone.now())
        return self._done(interaction, interactions.Trigger.ANSWERED)

    def reject(self, interaction: Interaction) -> Interaction:
        interactions.pass_over(interaction, interactions.Trigger.REJECTED)
        routing.find(interaction)
        return interaction

    def hang_up(self, interaction: Interaction) -> Interaction:
        interactions.release(interaction, interactions.Trigger.RELEASED, at=timezone.now(), cause="agent")
        Chat.objects.filter(interaction=interaction).update(open_key=None, suggestions=[])
        return self._done(interaction, interactions.Trigger.RELEASED)

    def transfer(
        self, interaction: Interaction, *, agent: Agent | None = None, service: Service | None = None, number: str = ""
    ) -> Interaction:
        if number:
            raise NotPossible(_("A chat goes to a colleague or a service, not to a phone number."), "number")
        giver = interaction.agent
        facts = interactions.transfer(interaction, service, to=agent)
        Chat.objects.filter(interaction=interaction).update(suggestions=[])
        interactions.record(interaction, interactions.Trigger.TRANSFERRED, agent=giver, data=facts)
        routing.hand_on(interaction, agent)
        interactions.after(interaction)
        return interaction

    def hold(self, interaction: Interaction) -> Interaction:
        raise NotPossible(_("A chat needs no hold: the customer waits for your answer anyway."))

    resume = hold

    def dial(self, agent: Agent, number: str, *, service: str = "") -> Interaction:
        raise NotPossible("A chat begins when the customer writes.")

    def ring(self, agent: Agent, number: str, *, service: str) -> Interaction:
        raise NotPossible("A chat begins when the customer writes.")

    def collect(self, interaction: Interaction, wanted: Wanted, *, key: str) -> DigitRequest:
        raise NotPossible("Nobody presses keys in a chat: ask for it in words.")

    def _done(self, interaction: Interaction, trigger: interactions.Trigger) -> Interaction:
        interactions.record(interaction, trigger, agent=interaction.agent)
        interactions.after(interaction)
        return interaction


# -- shared


def _wake_bot(chat: Chat) -> None:
    """A chat bot answers the customer; with agents, a bot proposes what to answer."""
    from ..tasks import suggest_answers

    if chat.bot_service_id is not None:
        bot.soon(chat)
    else:
        nudge(suggest_answers, chat.pk)


def _read_mood(message: ChatMessage) -> None:
    from ..tasks import read_mood

    nudge(read_mood, message.pk)


def _fetch_files(message: ChatMessage) -> None:
    from ..tasks import fetch_chat_files

    if any(files.has_file(entry) for entry in message.media):
        nudge(fetch_chat_files, message.pk)
