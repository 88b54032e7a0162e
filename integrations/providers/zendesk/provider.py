"""Zendesk on one page: who it is, what it can do, and where each part lives."""

from collections.abc import Iterator

from integrations import catalogue
from integrations.diagnosis.doctor import Passed

from .advice import ADVICE
from .history import History
from .login import Login
from .presence import Presence
from .probes import probes
from .properties import ZendeskProperties
from .sign_on import SignOn
from .workspace import Workspace


class Zendesk(Login, Workspace, SignOn, Presence, History):
    """A Zendesk help desk: OAuth2, Crm, PeopleDirectory, EmbedHost, RemoteSignOn and AgentPresence."""

    key = "zendesk"
    label = "Zendesk"
    type = catalogue.ZENDESK
    valid_message = "Connection is valid"
    documentation_url = "https://developer.zendesk.com/api-reference/"
    advice = ADVICE
    Properties = ZendeskProperties

    @property
    def base_url(self) -> str:
        return self.account.simulator_url if self.account.simulated else str(self.properties["url"] or "").rstrip("/")

    def probes(self) -> Iterator[Passed]:
        return probes(self)
