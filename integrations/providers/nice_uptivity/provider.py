"""A NICE Uptivity recorder that is told of calls by its API server."""

import itertools
import time
from collections.abc import Iterator, Sequence

import requests

from integrations import catalogue, deadlines
from integrations.addresses import simulator_tcp_address
from integrations.basic_auth import basic
from integrations.capabilities import Delivered, FeedContext, RecordingEvent, RecordingFeed, Refusal
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, YOU
from integrations.errors import Cause, IntegrationError, Stage
from integrations.http import refuse_inside_transaction
from integrations.providers.base import Provider

from .commands import TEST, Command, Vocabulary
from .conversation import Conversation, TcpConversation, WebConversation, page_or_error
from .properties import DEFAULT_PORTS, TCP, NiceUptivityProperties
from .results import Refused

# After so many seconds a batch is left where it is, and an event of many commands is given up: the lease on the queue,
# 60 seconds, must not run out meanwhile.
LONGEST_PUSH, LONGEST_EVENT = 20.0, 50.0
HIGHEST_REQUEST_ID = 1_000_000_000
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "The API itself asks for no log-in: a proxy in front of it does, and does not accept ours.",
        YOU,
        "Enter Username and Password of the proxy again, under Advanced.",
    ),
    Cause.NO_PERMISSION: Advice(
        "Something in front of the API server knows us and does not let us through.",
        THEIR_ADMINISTRATOR,
        "Ask Uptivity's administrator to let our address, and the user if there is one, reach the API server.",
    ),
    Cause.UNREACHABLE: Advice(
        "The host is there, and nothing takes connections at this port, or it breaks them off.",
        THEIR_ADMINISTRATOR,
        "Ask Uptivity's administrator to start the API server, to open this port to us, and compare Interface and Port "
        "with API Server Settings.",
    ),
    Cause.WRONG_HOST: Advice(
        "Something else answers at this host and port: there is no such host, or another server is there.",
        YOU,
        "Compare Interface, Host name and Port with API Server Settings: 5620 is for TCP, 2012 for HTTP, 2013 for "
        "HTTPS.",
    ),
    Cause.REMOTE_ERROR: Advice(
        "The API server answers, and says that it cannot work, or answers something else than was asked.",
        THEIR_ADMINISTRATOR,
        "Ask Uptivity's administrator to look at the recorder: free disk space, scheduler, and the API server's log.",
    ),
    Cause.INVALID_DATA: Advice(
        "The API server refuses the request, or its answer is not the one that NICE documents.",
        YOU,
        "Compare Interface, Port and the table of commands with the API Server pages of the installed version.",
    ),
}


class NiceUptivity(RecordingFeed, Provider):
    """An API server that is asked over TCP or over HTTP."""

    key = "nice_uptivity"
    label = "NICE Uptivity"
    type = catalogue.NICE
    simulator_port = 4
    advice = ADVICE
    Properties = NiceUptivityProperties

    @property
    def keep_alive_interval(self) -> float:
        return float(self.properties["keep_alive_update_interval"])

    @property
    def over_tcp(self) -> bool:
        return str(self.properties["interface"]) == TCP

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the account's own API server, or of the simulator's TCP interface."""
        if self.account.simulated:
            return simulator_tcp_address(self.simulator_port)
        port = self.properties["port"] or DEFAULT_PORTS[str(self.properties["interface"])]
        return str(self.properties["host_name"] or ""), int(port)

    @property
    def base_url(self) -> str:
        if self.account.simulated and not self.over_tcp:
            return self.account.simulator_url
        host, port = self.address
        shown = f"[{host}]" if ":" in host else host
        return f"{self.properties['interface']}://{shown}:{port}"

    def authorise(self, request: requests.PreparedRequest) -> None:
        if self.properties["username"]:
            pair = f"{self.properties['username']}:{self.account.secret('password')}"
            request.headers["Authorization"] = basic(pair)

    def interpret(self, response: requests.Response) -> IntegrationError | None:
        return page_or_error(response)

    def push_events(self, events: Sequence[RecordingEvent], context: FeedContext) -> Delivered:
        """Each event as its commands, in order. An event that the API server refuses is handed back and the next one
        is told, because one bad value must not keep the ends of other calls waiting."""
        push = _Push(Vocabulary(self.properties), context)
        with deadlines.within(LONGEST_EVENT), self._conversation() as talk:
            return push.run(talk, events)

    def keep_alive(self, context: FeedContext, *, active_agents: int, active_calls: int) -> None:
        with self._conversation() as talk:
            talk.ask(Command(TEST), first_request_id(context), purpose="Keep-alive")

    def probes(self) -> Iterator[Passed]:
        """NICE's own echo test: it changes nothing at the recorder."""
        with self._conversation() as talk:
            result = talk.ask(Command(TEST), 1, purpose="Test connection")
        yield Passed(Stage.ANSWER, f"The API server answered TEST with {result.shown}")

    def _conversation(self) -> Conversation:
        refuse_inside_transaction()
        return TcpConversation(self.account, *self.address) if self.over_tcp else WebConversation(self.http)


class _Push:
    """One batch on its way: what was refused, and what was changed on the way."""

    def __init__(self, vocabulary: Vocabulary, context: FeedContext) -> None:
        self.vocabulary = vocabulary
        self.numbers = itertools.count(first_request_id(context))
        self.refused: list[Refusal] = []
        self.remarks: dict[str, None] = {}

    def run(self, talk: Conversation, events: Sequence[RecordingEvent]) -> Delivered:
        """As many events as come through. Raises `IntegrationError` where not even the first one did."""
        deadline = time.monotonic() + LONGEST_PUSH
        done = 0
        for event in events:
            try:
                self.refused += self._tell(event, talk)
            except IntegrationError:
                if not done:
                    raise
                break
            done += 1
            if time.monotonic() > deadline:
                break
        return Delivered(done, tuple(self.refused), " ".join(self.remarks)[:2000], talk.heard)

    def _tell(self, event: RecordingEvent, talk: Conversation) -> list[Refusal]:
        told = [self._ask(command, talk) for command in self.vocabulary.of(event)]
        return [Refusal(event, reason) for reason in told if reason]

    def _ask(self, command: Command, talk: Conversation) -> str:
        """Why the command was refused; empty where it was taken."""
        if command.problem:
            return f"{command.name}: {command.problem}"
        if command.remark:
            self.remarks[command.remark] = None
        try:
            talk.ask(command, next(self.numbers), purpose=command.name)
        except Refused as error:
            return f"{command.name}: {error}"
        return ""


def first_request_id(context: FeedContext) -> int:
    """A number that no other push of the last weeks began with; a push counts up from it."""
    return 1 + context.sequence * 1000 % HIGHEST_REQUEST_ID
