"""Watson Conversation, today watsonx Assistant: classic workspaces (v1) and assistants with sessions (v2)."""

from .provider import WatsonBot

__all__ = ["WatsonBot"]
