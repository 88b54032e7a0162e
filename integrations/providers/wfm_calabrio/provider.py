"""The RTA interface: how it is reached, and what its test does."""

from collections.abc import Iterator

import requests
from django.utils import timezone

from integrations import catalogue, deadlines
from integrations.capabilities import ConnectedFeed, FeedContext, Snapshot
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, YOU
from integrations.errors import Cause, IntegrationError, Stage
from integrations.providers.base import Provider
from integrations.providers.http_feed import seconds_for

from .line import Dialect, StateLine
from .properties import WfmCalabrioProperties
from .rest import Message, Rest, RestWithSnapshotId
from .soap import Soap
from .states import Naming
from .words import error_of, warning_of

DIALECTS: dict[str, type[Rest] | type[Soap]] = {"rest": Rest, "rest_snapshot_id": RestWithSnapshotId, "soap": Soap}
ENDINGS = ("/rta/state/batch", "/rta/state/change", "/rta/state/closesnapshot", "/rta/teleoptirtaservice.svc")
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "Calabrio does not accept the Auth key.",
        YOU,
        "Copy the Auth key again. It is the key of the real-time interface, not a password of a person.",
    ),
    Cause.NOT_FOUND: Advice(
        "The server is there, and takes no states at this path or for this Source ID.",
        YOU,
        "Compare URL, Interface (Advanced) and Source ID with what Calabrio's support or administrator gave you.",
    ),
    Cause.WRONG_HOST: Advice(
        "There is no real-time interface at this address: unknown name, or a web page answers in its place.",
        YOU,
        "Ask Calabrio's support for the final address of the real-time interface, with its path.",
    ),
    Cause.RATE_LIMITED: Advice(
        "Calabrio's input queue is full: states come faster than it works them off, or it stands still.",
        THEIR_ADMINISTRATOR,
        "Have Calabrio's real-time service looked at. Until then a longer Periodic update interval asks less of it.",
    ),
    Cause.REMOTE_ERROR: Advice(
        "Calabrio's real-time service answers with a fault of its own.",
        THEIR_ADMINISTRATOR,
        "Ask Calabrio's administrator to look into the log of the real-time service at this time.",
    ),
}


class WfmCalabrio(Provider, ConnectedFeed):
    """A Calabrio (Teleopti) server that takes agents' states."""

    key = "wfm_calabrio"
    label = "WFM (Calabrio, Teleopti)"
    type = catalogue.WFM
    documentation_url = "https://github.com/Teleopti/RTASend-Curl"
    advice = ADVICE
    Properties = WfmCalabrioProperties

    @property
    def interval(self) -> float:
        return float(self.properties["periodic_update_interval"])

    @property
    def base_url(self) -> str:
        """The root of the web application, with or without which the URL may be entered."""
        url = self.account.simulator_url if self.account.simulated else str(self.properties["url"]).rstrip("/")
        ending = next((each for each in ENDINGS if url.lower().endswith(each)), "")
        return url[: len(url) - len(ending)]

    @property
    def dialect(self) -> Dialect:
        made = DIALECTS[str(self.properties["interface"])]
        return made(self.account.secret("auth_key"), str(self.properties["source_id"]).strip())

    @property
    def naming(self) -> Naming:
        return Naming(str(self.properties["agent_id_is"]))

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        return error_of(response)

    def open_line(self) -> StateLine:
        full_every = float(self.properties["full_update_interval"])
        return StateLine(self.dialect, self.naming, self._send, full_every=full_every)

    def remarks(self, snapshot: Snapshot) -> list[str]:
        return list(self.naming.remarks(snapshot.agents))

    def probes(self) -> Iterator[Passed]:
        """An empty batch that is no snapshot: an empty snapshot would log everybody out."""
        self._send([self.dialect.test(timezone.now())], FeedContext(0, self.interval), purpose="Test connection")
        yield Passed(Stage.AUTHENTICATION, "Calabrio took an empty batch; agents and source are looked at later")

    def _send(self, messages: list[Message], context: FeedContext, *, purpose: str = "Push") -> str:
        """Each once, never repeated, all before the next update is due."""
        warnings = ""
        with deadlines.within(seconds_for(context.interval)):
            for message in messages:
                response = self.http.post(
                    message.path, data=message.body, headers=message.headers, purpose=purpose, retry=0
                )
                if self.dialect.answers:
                    warnings = warning_of(response, states=message.states) or warnings
        return warnings
