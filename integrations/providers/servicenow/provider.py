"""ServiceNow on one page: who it is, what it can do, and where each part lives."""

from collections.abc import Iterator

from integrations import catalogue
from integrations.diagnosis.doctor import Passed

from .advice import ADVICE
from .history import History
from .login import Login
from .people import People
from .presence import Presence
from .probes import probes
from .properties import ServiceNowProperties
from .registration import Registration


class ServiceNow(Login, People, Registration, Presence, History):
    """A ServiceNow instance: OAuth2, Crm, PeopleDirectory, EmbedHost and AgentPresence."""

    key = "servicenow"
    label = "ServiceNow"
    type = catalogue.SERVICENOW
    valid_message = "Connection is valid"
    documentation_url = "https://docs.servicenow.com/"
    advice = ADVICE
    Properties = ServiceNowProperties

    @property
    def base_url(self) -> str:
        if self.account.simulated:
            return self.account.simulator_url
        return str(self.properties["instance_url"] or "").rstrip("/")

    def probes(self) -> Iterator[Passed]:
        return probes(self)
