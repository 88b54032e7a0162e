"""The domain's tables, one module per subject."""

from .access import ApiToken
from .agent_mapping import AgentCheck, AgentMatch
from .agents import Agent, AgentCrmUser, AgentState, AgentStateChange, NotReadyReason, Team
from .breakers import Breaker
from .call_recordings import CallRecording, Transcript
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
from .digits import DigitRequest
from .dry_runs import DryRun, ScenarioTest
from .events import AgentEvent
from .feeds import FeedAlert, FeedMinute, FeedState, RecordingQueueItem, RefusedEvent, StateNumbering
from .heartbeats import Heartbeat
from .interactions import Interaction, InteractionEvent, InteractionState
from .knowledge import KnowledgeTopic
from .list_runs import ListExport, ListFilePart, ListImport, ListRun, RefusedRow
from .lists import CallingList, ListRow
from .messages import InternalMessage, OutgoingMail
from .outbox import OutboxEntry
from .presence import AgentPresenceRow, PresenceRule, PresenceSync
from .reports import Report, ReportDelivery, ReportFile, ReportRoster, ReportRun, ReportTarget
from .scenarios import Scenario, ScenarioRequest, ScenarioRun, ScenarioStep, ScenarioVersion
from .services import Disposition, Service, ServiceNumber
from .sign_on import SignOnIdentity

__all__ = [
    "Agent",
    "AgentCheck",
    "AgentCrmUser",
    "AgentEvent",
    "AgentMatch",
    "AgentPresenceRow",
    "AgentState",
    "AgentStateChange",
    "ApiToken",
    "Breaker",
    "CallRecording",
    "CallerChoice",
    "CallerDataAnswer",
    "CallingList",
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
    "DigitRequest",
    "Disposition",
    "DryRun",
    "FeedAlert",
    "FeedMinute",
    "FeedState",
    "Heartbeat",
    "Interaction",
    "InteractionEvent",
    "InteractionState",
    "InternalMessage",
    "KnowledgeTopic",
    "ListExport",
    "ListFilePart",
    "ListImport",
    "ListRow",
    "ListRun",
    "NotReadyReason",
    "OutboxEntry",
    "OutgoingMail",
    "PresenceRule",
    "PresenceSync",
    "RecordingQueueItem",
    "RefusedEvent",
    "RefusedRow",
    "Report",
    "ReportDelivery",
    "ReportFile",
    "ReportRoster",
    "ReportRun",
    "ReportTarget",
    "Scenario",
    "ScenarioRequest",
    "ScenarioRun",
    "ScenarioStep",
    "ScenarioTest",
    "ScenarioVersion",
    "Service",
    "ServiceMessenger",
    "ServiceNumber",
    "SignOnIdentity",
    "StateNumbering",
    "Team",
    "Transcript",
]
