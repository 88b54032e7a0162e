"""What an account can do. `isinstance(account.connect(), Crm)` is the only feature test in the product.

Data handed around is frozen dataclasses; vendor JSON stays inside the provider."""

from .automation import AutomationEndpoint, AutomationEvent
from .callers import CallerLookup, CallerProfile
from .conversations import BotAnswer, BotContext, BotSuggestion, ChatBot, Media, Messenger, OutgoingMessage
from .crm import (
    Activity,
    CallFacts,
    Crm,
    CrmAgent,
    EmbedHost,
    PeopleDirectory,
    PhoneMatches,
    Record,
    RecordRef,
    ScreenPop,
)
from .feeds import (
    ActiveInteraction,
    AgentSnapshot,
    FeedContext,
    RecordingEvent,
    RecordingFeed,
    ServiceSnapshot,
    Snapshot,
    StatisticsFeed,
    WorkforceFeed,
)
from .knowledge import Article, KnowledgeBase

__all__ = [
    "ActiveInteraction",
    "Activity",
    "AgentSnapshot",
    "Article",
    "AutomationEndpoint",
    "AutomationEvent",
    "BotAnswer",
    "BotContext",
    "BotSuggestion",
    "CallFacts",
    "CallerLookup",
    "CallerProfile",
    "ChatBot",
    "Crm",
    "CrmAgent",
    "EmbedHost",
    "FeedContext",
    "KnowledgeBase",
    "Media",
    "Messenger",
    "OutgoingMessage",
    "PeopleDirectory",
    "PhoneMatches",
    "Record",
    "RecordRef",
    "RecordingEvent",
    "RecordingFeed",
    "ScreenPop",
    "ServiceSnapshot",
    "Snapshot",
    "StatisticsFeed",
    "WorkforceFeed",
]
