"""The WFM receiver: how a picture is sent, and what its test does."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from integrations import catalogue
from integrations.capabilities import FeedContext, Pushed, Snapshot
from integrations.diagnosis.doctor import Advice
from integrations.diagnosis.verdict import YOU
from integrations.errors import Cause
from integrations.providers.adherence import ReasonCoding
from integrations.providers.http_feed import HttpFeed

from . import rta_json
from .properties import WfmHttpProperties

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


class WfmHttp(ReasonCoding, HttpFeed):
    """A receiver of agent states over HTTP."""

    key = "wfm_http"
    label = "WFM (HTTP POST)"
    type = catalogue.WFM
    advice = ADVICE
    Properties = WfmHttpProperties

    def push(self, snapshot: Snapshot, context: FeedContext) -> Pushed:
        """One POST, never repeated. Any 2xx is success whatever its body says; the rest raises `IntegrationError`."""
        codes, unmapped = self.reason_codes, self.unmapped_code
        at = snapshot.taken_at
        agents = [rta_json.agent_entry(agent, at, codes=codes, unmapped=unmapped) for agent in snapshot.agents]
        services = [rta_json.service_entry(service) for service in snapshot.services]
        body = rta_json.envelope("full", agents, services, **self._about(context, at, tenant=snapshot.tenant))
        self.post(body, context, purpose="Push")
        return Pushed("full", len(agents), len(body))

    def remarks(self, snapshot: Snapshot) -> list[str]:
        return self.reason_remarks(snapshot)

    def test_body(self, context: FeedContext) -> bytes:
        """The guide's test: empty agents and services lists."""
        return rta_json.envelope("test", [], [], **self._about(context, timezone.now(), tenant=""))

    def _about(self, context: FeedContext, taken_at: datetime, *, tenant: str) -> dict[str, Any]:
        """What every message says about itself."""
        return {
            "account": str(self.account.public_id),
            "tenant": str(self.properties["tenant"] or tenant) or None,
            "taken_at": taken_at,
            "context": context,
        }
