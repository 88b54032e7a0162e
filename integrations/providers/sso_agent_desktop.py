"""Single sign-on to the Agent Desktop."""

from .sso import SamlSignOn
from .sso_properties import SsoProperties

DOOR = "/agentdesktop/"


class AgentDesktopSsoProperties(SsoProperties):
    door = DOOR


class AgentDesktopSso(SamlSignOn):
    """Logs agents in. Whoever it creates becomes an agent, without any right to the administration."""

    key = "sso_agent_desktop"
    label = "Agent Desktop SSO"
    door = DOOR
    Properties = AgentDesktopSsoProperties
