"""The domain's tables, one module per subject."""

from .access import ApiToken
from .agent_mapping import AgentCheck, AgentMatch
from .agents import Agent, AgentCrmUser, AgentState, AgentStateChange, NotReadyReason, Team
from .centre import ContactCenter
from .chats import Chat, ChatFile, ChatMessage, ServiceMessenger
from .contacts import (
    CallerChoice,
    CallerDataAnswer,
    Contact,
    ContactAddress,
    ContactDetail,
    ContactEmail,
    ContactLink,
    ContactPhone,
)
from .events import AgentEvent
from .feeds import FeedAlert, FeedMinute, FeedState, RecordingQueueItem
from .heartbeats import Heartbeat
from .interactions import Interaction, InteractionEvent, InteractionState
from .knowledge import KnowledgeTopic
from .outbox import OutboxEntry
from .scenarios import Scenario, ScenarioRun, ScenarioStep, ScenarioVersion
from .services import Disposition, Service, ServiceNumber
from .sign_on import SignOnIdentity

__all__ = [
    "Agent",
    "AgentCheck",
    "AgentCrmUser",
    "AgentEvent",
    "AgentMatch",
    "AgentState",
    "AgentStateChange",
    "ApiToken",
    "CallerChoice",
    "CallerDataAnswer",
    "Chat",
    "ChatFile",
    "ChatMessage",
    "Contact",
    "ContactAddress",
    "ContactCenter",
    "ContactDetail",
    "ContactEmail",
    "ContactLink",
    "ContactPhone",
    "Disposition",
    "FeedAlert",
    "FeedMinute",
    "FeedState",
    "Heartbeat",
    "Interaction",
    "InteractionEvent",
    "InteractionState",
    "KnowledgeTopic",
    "NotReadyReason",
    "OutboxEntry",
    "RecordingQueueItem",
    "Scenario",
    "ScenarioRun",
    "ScenarioStep",
    "ScenarioVersion",
    "Service",
    "ServiceMessenger",
    "ServiceNumber",
    "SignOnIdentity",
    "Team",
]
