"""The domain's tables, one module per subject."""

from .access import ApiToken
from .agents import Agent, AgentCrmUser, AgentState, AgentStateChange, NotReadyReason, Team
from .centre import ContactCenter
from .contacts import CallerChoice, Contact, ContactPhone
from .events import AgentEvent
from .feeds import FeedState, RecordingQueueItem
from .heartbeats import Heartbeat
from .interactions import Interaction, InteractionEvent, InteractionState
from .outbox import OutboxEntry
from .scenarios import Scenario, ScenarioRun, ScenarioStep, ScenarioVersion
from .services import Disposition, Service, ServiceNumber
from .sign_on import SignOnIdentity

__all__ = [
    "Agent",
    "AgentCrmUser",
    "AgentEvent",
    "AgentState",
    "AgentStateChange",
    "ApiToken",
    "CallerChoice",
    "Contact",
    "ContactCenter",
    "ContactPhone",
    "Disposition",
    "FeedState",
    "Heartbeat",
    "Interaction",
    "InteractionEvent",
    "InteractionState",
    "NotReadyReason",
    "OutboxEntry",
    "RecordingQueueItem",
    "Scenario",
    "ScenarioRun",
    "ScenarioStep",
    "ScenarioVersion",
    "Service",
    "ServiceNumber",
    "SignOnIdentity",
    "Team",
]
