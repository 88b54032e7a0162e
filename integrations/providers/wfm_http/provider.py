"""The WFM receiver: how a picture is sent, and what its test does."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import requests
from django.utils import timezone

from integrations import catalogue, deadlines
from integrations.capabilities import FeedContext, Snapshot, WorkforceFeed
from integrations.doctor import Advice, Passed
from integrations.errors import Cause, IntegrationError, Stage
from integrations.http import error_from_response
from integrations.property_fields import codes_by_reason
from integrations.providers.base import Provider
from integrations.verdict import YOU

from . import rta_json
from .properties import WfmHttpProperties

LONGEST_SECONDS = 30.0
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "The WFM system does not accept the token, or looks for it in another header.",
        YOU,
        "Copy the token again from the WFM system. Compare Token header and Token scheme (Advanced) with its "
        "documentation.",
    ),
    Cause.NOT_FOUND: Advice(
        "The WFM server is there, but receives nothing at this path.",
        YOU,
        "Copy the whole URL again from the WFM system, with its path.",
    ),
    Cause.WRONG_HOST: Advice(
        "There is no receiver at this address: unknown name, a log-in page or proxy in between, or a redirect, which "
        "is not followed because the token would go along.",
        YOU,
        "Open the URL's host in a browser to see whose page it is, then ask the WFM system's administrator for the "
        "final address of its data feed.",
    ),
}


class WfmHttp(WorkforceFeed, Provider):
    """A receiver of agent states over HTTP."""

    key = "wfm_http"
    label = "WFM (HTTP POST)"
    type = catalogue.WFM
    advice = ADVICE
    Properties = WfmHttpProperties

    @property
    def interval(self) -> float:
        return float(self.properties["periodic_update_interval"])

    @property
    def base_url(self) -> str:
        return f"{self.account.simulator_url}/feed" if self.account.simulated else str(self.properties["url"])

    def push(self, snapshot: Snapshot, context: FeedContext) -> None:
        """One POST, never repeated. Any 2xx is success whatever its body says; the rest raises `IntegrationError`."""
        codes = codes_by_reason(self.properties["reason_codes_mapping"])
        unmapped = int(self.properties["unmapped_reason_code"])
        at = snapshot.taken_at
        agents = [rta_json.agent_entry(agent, at, codes=codes, unmapped=unmapped) for agent in snapshot.agents]
        services = [rta_json.service_entry(service) for service in snapshot.services]
        body = rta_json.envelope("full", agents, services, **self._about(context, at, tenant=snapshot.tenant))
        self._post(body, context, purpose="Push")

    def unmapped_reasons(self, snapshot: Snapshot) -> list[str]:
        """Reasons in use that have no code, for the account page."""
        known = codes_by_reason(self.properties["reason_codes_mapping"])
        used = {agent.reason.strip() for agent in snapshot.agents if agent.state == "NOT_READY" and agent.reason}
        return sorted(reason for reason in used if reason.casefold() not in known)

    def authorise(self, request: requests.PreparedRequest) -> None:
        token = self.account.secret("token")
        if token:
            scheme = self.properties["token_scheme"]
            request.headers[self.properties["token_header"]] = f"{scheme} {token}" if scheme else token

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        return None if 200 <= response.status_code < 300 else error_from_response(response)

    def probes(self) -> Iterator[Passed]:
        """The guide's test: a POST with an empty agents and services list. Its type keeps it from logging agents out.

        Here, unlike in a push, a web page in place of an answer counts as a fault."""
        context = FeedContext(sequence=0, interval=self.interval)
        body = rta_json.envelope("test", [], [], **self._about(context, timezone.now(), tenant=""))
        response = self._post(body, context, purpose="Test connection")
        error = error_from_response(response)
        if error:
            raise error
        yield Passed(Stage.ANSWER, f"The receiver took an empty update (HTTP {response.status_code})")

    def _about(self, context: FeedContext, taken_at: datetime, *, tenant: str) -> dict[str, Any]:
        """What every message says about itself."""
        return {
            "account": str(self.account.public_id),
            "tenant": str(self.properties["tenant"] or tenant) or None,
            "taken_at": taken_at,
            "context": context,
        }

    def _post(self, body: bytes, context: FeedContext, *, purpose: str) -> requests.Response:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json",
            "X-Feed-Sequence": str(context.sequence),
            "Idempotency-Key": f"{self.account.public_id}:{context.sequence}",
        }
        with deadlines.within(self._seconds()):
            return self.http.post(self.base_url, data=body, headers=headers, purpose=purpose, retry=0)

    def _seconds(self) -> float:
        """Connecting and answering together end before the next update is due: two are never in flight."""
        return max(1.0, min(LONGEST_SECONDS, 0.8 * self.interval))
