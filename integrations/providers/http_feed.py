"""What workforce feeds over HTTP share: one POST per interval, a token in a header, and errors that are ignored.

The rules are the administrator's guide's: POST to the URL each interval, the next request comes after the interval.
A feed adds its own bodies (`push`, `test_body`)."""

from abc import abstractmethod
from collections.abc import Iterator

import requests

from integrations import deadlines
from integrations.capabilities import FeedContext, WorkforceFeed
from integrations.diagnosis.doctor import Passed
from integrations.errors import IntegrationError, Stage
from integrations.http import error_from_response
from integrations.providers.base import Provider

LONGEST_SECONDS = 30.0


class HttpFeed(WorkforceFeed, Provider):
    """Base of the feeds. Their properties have `url`, `token`, `token_header`, `token_scheme` and the interval."""

    @abstractmethod
    def test_body(self, context: FeedContext) -> bytes:
        """A message with empty lists that says it is a test."""

    @property
    def interval(self) -> float:
        return float(self.properties["periodic_update_interval"])

    @property
    def base_url(self) -> str:
        return f"{self.account.simulator_url}/feed" if self.account.simulated else str(self.properties["url"])

    def authorise(self, request: requests.PreparedRequest) -> None:
        token = self.account.secret("token")
        if token:
            scheme = self.properties["token_scheme"]
            request.headers[self.properties["token_header"]] = f"{scheme} {token}" if scheme else token

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        return None if 200 <= response.status_code < 300 else error_from_response(response)

    def probes(self) -> Iterator[Passed]:
        """A POST with empty lists. Its type keeps it from logging agents out.

        Here, unlike in a push, a web page in place of an answer counts as a fault."""
        context = FeedContext(sequence=0, interval=self.interval)
        response = self.post(self.test_body(context), context, purpose="Test connection")
        error = error_from_response(response)
        if error:
            raise error
        yield Passed(Stage.ANSWER, f"The receiver took an empty update (HTTP {response.status_code})")

    def post(self, body: bytes, context: FeedContext, *, purpose: str) -> requests.Response:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json",
            "X-Feed-Sequence": str(context.sequence),
            "Idempotency-Key": f"{self.account.public_id}:{context.sequence}",
        }
        with deadlines.within(seconds_for(self.interval)):
            return self.http.post(self.base_url, data=body, headers=headers, purpose=purpose, retry=0)


def seconds_for(interval: float) -> float:
    """Connecting and answering together end before the next update is due: two are never in flight."""
    return max(1.0, min(LONGEST_SECONDS, 0.8 * interval))
