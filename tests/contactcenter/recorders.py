"""What happens in a contact centre, as recorders are told of it."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from contactcenter.feeds import dispatch
from contactcenter.models import AgentStateChange, FeedState, Interaction, InteractionEvent
from contactcenter.models import RecordingQueueItem as Item
from contactcenter.recorders import reporting
from integrations.models import IntegrationAccount
from tests.factories import InteractionEventFactory, InteractionFactory


def feed() -> FeedState:
    return FeedState.objects.get()


def begin(account: IntegrationAccount) -> None:
    dispatch.dispatch_due(timezone.now(), lambda *_: None)
    assert feed().session_open


def queued() -> list[str]:
    return list(Item.objects.values_list("type", flat=True))


def entered(agent: Any, state: str, previous: str, trigger: str = "choose", **options: Any) -> None:
    """The agent's state changed, as `contactcenter.agents` reports it."""
    agent.state = state
    agent.save()
    AgentStateChange.objects.filter(agent=agent, ended_at=None).update(ended_at=timezone.now())
    change = AgentStateChange.objects.create(agent=agent, state=state, began_at=timezone.now(), **options)
    reporting.agent_changed(change, previous, trigger)


def happened(call: Interaction, kind: str, **changes: Any) -> InteractionEvent:
    """Something happened to the call, as `contactcenter.interactions` reports it."""
    for name, value in changes.items():
        setattr(call, name, value)
    call.save()
    event = InteractionEventFactory(interaction=call, kind=kind, agent=call.agent)
    reporting.call_changed(call, event)
    return event


def whole_call(agent: Any, **options: Any) -> Interaction:
    now = timezone.now()
    call = InteractionFactory(agent=agent, **options)
    happened(call, "ringing", ringing_at=now, state="ringing")
    happened(call, "answered", answered_at=now, state="active")
    happened(call, "held", state="held")
    happened(call, "resumed", state="active")
    happened(call, "released", ended_at=now + timedelta(seconds=95), state="wrap_up", cause="customer")
    return call
