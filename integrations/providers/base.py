"""The small interface that carries every provider.

A provider is a fact sheet (class attributes and the inner `Properties` form) followed by short methods. Whatever it
can do besides being tested comes from a capability in its bases (`integrations.capabilities`)."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import requests

from integrations.actions import Result, action
from integrations.catalogue import AccountType
from integrations.diagnosis import doctor
from integrations.errors import Cause, IntegrationError
from integrations.expiry.expiries import Announced
from integrations.http import HttpClient, error_from_response
from integrations.properties import PropertiesForm

if TYPE_CHECKING:
    from integrations.models import IntegrationAccount

PropertiesClass = type[PropertiesForm]  # named here, because `type` is another thing inside the class


class Provider:
    """Base of all providers. An instance speaks for one account and lives for one piece of work."""

    key: ClassVar[str]
    label: ClassVar[str]
    type: ClassVar[AccountType]
    valid_message: ClassVar[str] = "Connection is valid"
    documentation_url: ClassVar[str] = ""
    # What anybody should know who sets up or keeps such an account, above its form.
    notice: ClassVar[str] = ""
    # False where the work is done in this process: no vendor, no address, and so nothing to simulate.
    remote: ClassVar[bool] = True
    # What a cause means at this vendor and where to click there, over the doctor's general advice.
    advice: ClassVar[Mapping[Cause, "doctor.Advice"]] = {}
    # What the vendor has announced to switch off, with the day.
    announced: ClassVar[tuple[Announced, ...]] = ()

    # The account's own fields, with the labels and defaults of the administrator's guide: usually an inner class.
    Properties: ClassVar[PropertiesClass] = PropertiesForm

    def __init__(self, account: "IntegrationAccount") -> None:
        self.account = account
        self.properties: dict[str, Any] = account.values()
        self.http = HttpClient(
            account, base_url=self.base_url, interpret=self.interpret, authorise=self.authorise, renew=self.renew
        )

    @property
    def base_url(self) -> str:
        """Where requests go, without a trailing slash. A simulated account goes to the simulator in the box."""
        if not self.remote:
            return ""
        return self.account.simulator_url if self.account.simulated else str(self.properties.get("url", "")).rstrip("/")

    def authorise(self, request: requests.PreparedRequest) -> None:
        """Put the credentials on a request, just before it leaves."""

    def renew(self, response: requests.Response) -> bool:
        """Called on a 401: True when new credentials were fetched and the request is worth one more try."""
        return False

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        """What an answer means: None when it is good. A provider with error bodies of its own extends this."""
        return error_from_response(response)

    def notices(self) -> Iterator[str]:
        """What the owner of this account should know, above its form."""
        if self.notice:
            yield self.notice

    def probes(self) -> Iterator["doctor.Passed"]:
        """The vendor's own checks after name, TCP and TLS: yields what passed, raises at the first fault."""
        return iter(())

    @action("Test connection", help_text="Tries the account step by step and says who has to fix what.")
    def test_connection(self) -> Result:
        verdict = doctor.examine(self)
        return Result(verdict.ok, verdict.message, rows=verdict.rows, verdict=verdict)
