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
    CrmUser,
    EmbedHost,
    PeopleDirectory,
    PhoneMatches,
    Record,
    RecordDeletion,
    RecordRef,
    ScreenPop,
    UserDirectory,
)
from .feeds import (
    ActiveInteraction,
    AgentSnapshot,
    ConnectedFeed,
    FeedContext,
    FeedLine,
    Pushed,
    RecordingEvent,
    RecordingFeed,
    ServiceSnapshot,
    Snapshot,
    StatisticsFeed,
    WorkforceFeed,
)
from .knowledge import Article, KnowledgeBase
from .sentiment import Sentiment, SentimentAnalysis, SentimentLabel
from .sign_on import Identity, SignOnRefused, SingleSignOn
from .speech import Audio, Codec, Speech, SpeechToText, TextToSpeech, Utterance, Voice, Word
from .storage import OpenRecording, RecordingStorage, StoredRecording

__all__ = [
    "ActiveInteraction",
    "Activity",
    "AgentSnapshot",
    "Article",
    "Audio",
    "AutomationEndpoint",
    "AutomationEvent",
    "BotAnswer",
    "BotContext",
    "BotSuggestion",
    "CallFacts",
    "CallerLookup",
    "CallerProfile",
    "ChatBot",
    "Codec",
    "ConnectedFeed",
    "Crm",
    "CrmAgent",
    "CrmUser",
    "EmbedHost",
    "FeedContext",
    "FeedLine",
    "Identity",
    "KnowledgeBase",
    "Media",
    "Messenger",
    "OpenRecording",
    "OutgoingMessage",
    "PeopleDirectory",
    "PhoneMatches",
    "Pushed",
    "Record",
    "RecordDeletion",
    "RecordRef",
    "RecordingEvent",
    "RecordingFeed",
    "RecordingStorage",
    "ScreenPop",
    "Sentiment",
    "SentimentAnalysis",
    "SentimentLabel",
    "ServiceSnapshot",
    "SignOnRefused",
    "SingleSignOn",
    "Snapshot",
    "Speech",
    "SpeechToText",
    "StatisticsFeed",
    "StoredRecording",
    "TextToSpeech",
    "UserDirectory",
    "Utterance",
    "Voice",
    "Word",
    "WorkforceFeed",
]
