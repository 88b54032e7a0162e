"""Pictures and files of chats. What customers send is fetched from the messenger and kept for a while; what agents send
is kept for the messenger to fetch, at a signed address that is good for a day."""

import logging
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.signing import BadSignature, Signer, TimestampSigner
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected
from integrations.models import IntegrationAccount
from integrations.wire import wirelog

from .. import interactions
from ..errors import NotPossible
from ..models import Agent, Chat, ChatFile, ChatMessage, Interaction, Service
from .picture_types import ENDINGS, picture_type

logger = logging.getLogger(__name__)

KEEP = timedelta(days=30)
KEEP_UNSENT = timedelta(days=1)
ADDRESS_IS_GOOD_FOR = timedelta(hours=24)
# Of these a messenger has a file; a place or a contact is words only.
WITH_FILE = {
    "picture", "sticker", "animation", "video", "video_note", "audio", "voice", "file", "document",
}  # fmt: skip
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF"}
GONE = "This picture is not kept any longer."
signer = TimestampSigner(sep=".", salt="contactcenter.chat_files")
passes = Signer(sep=".", salt="contactcenter.chat_files.passes")


# -- what customers send


def has_file(entry: dict[str, Any]) -> bool:
    """Whether an entry of a customer's message names something that can be fetched."""
    return entry.get("type") in WITH_FILE and bool(entry.get("ref") or entry.get("url"))


def fetch_all(message_id: int) -> int:
    """Fetch everything of a customer's message on its arrival, because vendors' addresses run out. Returns how many
    came; the rest is tried again when the agent looks at it."""
    message = _messages().get(pk=message_id)
    came = 0
    for number, entry in enumerate(message.media):
        if has_file(entry):
            try:
                _fetch(message, number)
                came += 1
            except NotPossible as reason:
                logger.info("File %s of chat message %s: %s", number, message.pk, reason.sentence)
    return came


def for_agent(agent: Agent, message_id: int, number: int) -> ChatFile:
    """The file of a message, for the agent who has the chat at hand. Raises `NotPossible`."""
    mine = _messages().filter(chat__interaction__agent=agent).exclude(chat__interaction__state__in=interactions.ENDED)
    message = mine.filter(pk=message_id).first()
    if message is None:
        raise NotPossible(_("This chat is not with you any more."), "interaction")
    if number >= len(message.media):  # taken back by the customer, perhaps while it was being fetched
        raise NotPossible(GONE)
    return message.files.filter(number=number).first() or _fetch(message, number)


def pass_for(agent_id: int | None, message_id: int, number: int) -> str:
    """Opens one file in a tab of its own, where the cookie of a desktop inside another page does not go. It names the
    agent, and is good for as long as that agent has the chat."""
    return passes.sign(f"{agent_id}-{message_id}-{number}") if agent_id else ""


def agent_of_pass(text: str, message_id: int, number: int) -> Agent | None:
    try:
        agent_id, *file = passes.unsign(text).split("-")
    except BadSignature:
        return None
    return Agent.objects.filter(pk=agent_id).first() if file == [str(message_id), str(number)] else None


def _messages() -> Any:
    return ChatMessage.objects.select_related("chat__interaction", "chat__account")


def _fetch(message: ChatMessage, number: int) -> ChatFile:
    """From the vendor, outside of any transaction. Whoever comes second finds what the first has stored."""
    entry = message.media[number] if number < len(message.media) else {}
    if not has_file(entry):
        raise NotPossible(GONE)
    account = message.chat.account
    try:
        with wirelog.for_interaction(message.chat.interaction.public_id):
            media = account.connect().fetch_media(entry)
    except IntegrationError as error:
        raise NotPossible(_words(error, account.provider_class.label)) from None
    values = {
        "chat": message.chat, "content": media.content, "content_type": picture_type(media.content),
        "name": _plain_name(media.name),
    }  # fmt: skip
    file: ChatFile = ChatFile.objects.get_or_create(message=message, number=number, defaults=values)[0]
    return file


def _words(error: IntegrationError, vendor: str) -> str:
    """For the agent: whose fault, and whether it is worth another try. Names no address; the API calls do."""
    if isinstance(error, AuthenticationFailed):
        return f"{vendor} does not accept our account, so it cannot be fetched. Tell your administrator."
    if isinstance(error, RateLimited):
        return f"{vendor} asks us to wait before it can be fetched."
    if isinstance(error, Rejected):
        return f"It cannot be fetched from {vendor}. {error.message}"
    return f"{vendor} does not hand it out at the moment."


def _plain_name(name: str) -> str:
    """A file name without folders and invisible characters."""
    return "".join(sign for sign in name.replace("\\", "/").rpartition("/")[2] if sign.isprintable())[:200]


def forget(message: ChatMessage) -> None:
    """The customer took it back."""
    message.files.all().delete()


# -- what agents send


def limits(account: IntegrationAccount) -> dict[str, Any]:
    """For the desktop: what this messenger takes as a picture, and why nothing can be sent where that is so."""
    provider = account.provider_class
    return {
        "types": list(provider.picture_types),
        "largest": provider.largest_picture,
        "problem": _no_way(account),
    }


def _no_way(account: IntegrationAccount) -> str:
    """Real messengers fetch over https only; a simulated one sits on this machine."""
    if account.simulated or settings.PUBLIC_URL.startswith("https://"):
        return ""
    return (
        "Pictures cannot be sent: the messenger fetches them from our public address, and PUBLIC_URL is no https "
        "address. Tell your administrator."
    )


def upload(agent: Agent, interaction_id: str, picture: "File[bytes]") -> ChatFile:
    """Keep a picture that the agent is about to send. Raises `NotPossible` on the field `picture`."""
    chat = _chat_of(agent, interaction_id)
    provider = chat.account.provider_class
    if _no_way(chat.account):
        raise NotPossible(_no_way(chat.account), "picture")
    if picture.size > provider.largest_picture:
        most, size = provider.largest_picture / 1_048_576, picture.size / 1_048_576
        raise NotPossible(f"{provider.label} takes pictures of at most {most:.0f} MB; this has {size:.1f}.", "picture")
    content = picture.read()
    kind = picture_type(content)
    if kind not in provider.picture_types:
        takes = ", ".join(FORMATS[each] for each in provider.picture_types)
        raise NotPossible(f"This is no picture that {provider.label} takes ({takes}).", "picture")
    return ChatFile.objects.create(chat=chat, content=content, content_type=kind, name=_plain_name(picture.name or ""))


def _chat_of(agent: Agent, interaction_id: str) -> Chat:
    try:
        wanted = uuid.UUID(interaction_id)
    except ValueError:
        wanted = uuid.UUID(int=0)
    mine = Interaction.objects.filter(agent=agent, media=Service.Media.CHAT, state__in=interactions.TALKING)
    chat = Chat.objects.select_related("account").filter(interaction__in=mine, interaction__public_id=wanted).first()
    if chat is None:
        raise NotPossible(_("This chat is not with you any more."), "interaction")
    return chat


def unsent(chat: Chat, public_id: str) -> ChatFile:
    """An uploaded picture that belongs to no message yet. Raises `NotPossible`."""
    try:
        waiting = chat.files.defer("content").filter(public_id=uuid.UUID(public_id), message=None).first()
    except ValueError:
        waiting = None
    if waiting is None:
        raise NotPossible("The picture is not here any more. Add it again.", "picture")
    return waiting


# -- what messengers fetch


def address_for_vendor(message: ChatMessage) -> str:
    """Where the messenger fetches the picture of an agent's message; empty where it has none."""
    if not message.media:
        return ""
    file = message.files.defer("content").first()
    if file is None:
        raise Rejected(GONE, field="picture", cause=Cause.NOT_FOUND)
    # Some messengers want an address that ends like the name of a picture.
    path = reverse("chat_picture", args=[signer.sign(str(file.public_id)), ENDINGS[file.content_type]])
    return f"{settings.PUBLIC_URL}{path}"


def at_signed_address(signed: str) -> ChatFile | None:
    """The picture of an address that we gave out less than a day ago."""
    try:
        public_id = signer.unsign(signed, max_age=ADDRESS_IS_GOOD_FOR)
    except BadSignature:
        return None
    return ChatFile.objects.filter(public_id=public_id).first()


def prune() -> int:
    """Forget files after a month, and after a day those that were never sent; returns how many."""
    now = timezone.now()
    old = Q(created_at__lt=now - KEEP) | Q(message=None, created_at__lt=now - KEEP_UNSENT)
    return ChatFile.objects.filter(old).delete()[0]
