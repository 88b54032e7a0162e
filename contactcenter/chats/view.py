"""How a chat is seen: by the agent at the desktop, and as text in the activity history."""

from typing import Any

from .. import interactions
from ..models import Chat, ChatMessage, Interaction, InteractionState
from . import files as chat_files

Status = ChatMessage.Status
SHOWN = 100


def view(interaction: Interaction, *, mine: bool = True) -> dict[str, Any]:
    """The chat for the desktop: where it comes from, what was said, what the bot proposes. What was said is for the
    agent who has it, until it is over."""
    chat = Chat.objects.select_related("account").prefetch_related("messages__agent__user").get(interaction=interaction)
    said = list(chat.messages.all())[-SHOWN:] if mine and interaction.state not in interactions.ENDED else []
    return {
        "channel": chat.account.provider_class.label,
        "account": chat.account.name,
        "simulated": chat.account.simulated,
        "outOfReach": chat.out_of_reach,
        "canSay": interaction.state in interactions.TALKING,
        "pictures": chat_files.limits(chat.account),
        "suggestions": chat.suggestions if interaction.state == InteractionState.ACTIVE else [],
        "messages": [_line(message, interaction) for message in said],
    }


def _line(message: ChatMessage, interaction: Interaction) -> dict[str, Any]:
    return {
        "id": message.pk,
        "ours": message.is_ours,
        "byBot": message.by_bot,
        "text": message.text,
        "media": [_attachment(message, number, interaction.agent_id) for number in range(len(message.media))],
        "at": message.at.isoformat(),
        "status": message.status,
        "mood": message.mood,
        "statusText": str(Status(message.status).label),
        "error": message.error,
    }


def _attachment(message: ChatMessage, number: int, agent_id: int | None) -> dict[str, Any]:
    """Never the vendor's address: the desktop asks us for the file."""
    entry = message.media[number]
    name = entry.get("name") or entry.get("fileName") or entry.get("file_name")
    there = message.is_ours or chat_files.has_file(entry)
    told = {"type": str(entry.get("type") or "file"), "name": str(name or ""), "there": there}
    return {**told, "pass": chat_files.pass_for(agent_id, message.pk, number)} if there else told


def transcript(interaction: Interaction) -> str:
    """The conversation as text, a line for each message: for the activity history."""
    said = ChatMessage.objects.filter(chat__interaction=interaction).select_related("agent__user")
    return "\n".join(f"{message.at:%H:%M} {_speaker(message)}: {_words(message)}" for message in said)


def _speaker(message: ChatMessage) -> str:
    if not message.is_ours:
        return "Customer"
    return ("Bot" if message.by_bot else str(message.agent or "Agent")) + (
        "" if message.status != Status.FAILED else " (not sent)"
    )


def _words(message: ChatMessage) -> str:
    files = [f"({entry.get('type') or 'file'})" for entry in message.media]
    return " ".join(part for part in (message.text.strip(), *files) if part)
