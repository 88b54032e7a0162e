"""An agent's colleagues: the directory on the desktop, and finding one of them."""

from django.utils.translation import gettext as _

from .errors import NotPossible
from .models import Agent, AgentState


def directory(agent: Agent) -> list[dict[str, str]]:
    """Everybody else who may log in, with the state they are in now."""
    others = Agent.objects.select_related("user").exclude(pk=agent.pk).filter(user__is_active=True)
    return [
        {
            "login": other.login,
            "name": str(other),
            "extension": other.extension,
            "state": other.state,
            "label": AgentState(other.state).label,
        }
        for other in others
    ]


def find(agent: Agent, login: str) -> Agent:
    """The colleague with this login. Raises `NotPossible`."""
    others = Agent.objects.select_related("user").exclude(pk=agent.pk).filter(user__is_active=True)
    found = others.filter(user__username=login).first()
    if found is None:
        raise NotPossible(_("This colleague does not exist any more. Choose somebody else."), "to")
    return found
