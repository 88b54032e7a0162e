"""The two ways to ask the API server: lines of XML over TCP ("API Overview"), and the web API over HTTP ("API Server
Web API Service"). Both answer one request after the other."""

import time
from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING, Self

import requests

from integrations import http, tcp
from integrations.answers import error_from_response, is_page, page_error
from integrations.errors import Cause, IntegrationError, Rejected, Unavailable
from integrations.http import HttpClient

from .commands import Command
from .results import Refused, Result, check, read

if TYPE_CHECKING:
    from integrations.models import IntegrationAccount

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 10.0
LONGEST_ANSWER = 64 * 1024
END = b"</RESULT>"
PAGES = (b"<html", b"<!doctype html")
WEB_PAGE = "/webAPI.aspx"
# By these a web server refuses the one request, and not us or the address.
OF_THE_REQUEST = (400, 413, 414, 422)


class Conversation(ABC):
    """One question after the other. Use it in a `with` block."""

    heard = ""

    @abstractmethod
    def ask(self, command: Command, request_id: int, *, purpose: str) -> Result:
        """Send one request and check what is answered. Raises `Refused` where this one will never be taken, and any
        other `IntegrationError` where the way or the API server is at fault."""

    def close(self) -> None:  # noqa: B027 - the web API holds nothing open
        """Hang up."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class TcpConversation(Conversation):
    """Connects at the first question, and again where the connection cannot be trusted any more.

    The end of an answer is its closing tag: whether CR LF follows, and how many packets it takes, is not documented."""

    def __init__(self, account: "IntegrationAccount", host: str, port: int) -> None:
        self.account, self.host, self.port = account, host, port
        self.stream: tcp.Stream | None = None
        self.unread = b""

    def ask(self, command: Command, request_id: int, *, purpose: str) -> Result:
        connecting, waiting = http.bounded((CONNECT_SECONDS, ANSWER_SECONDS))
        if self.unread.strip():
            self.close()  # an answer that nobody asked for: the next one might be taken for ours
        if self.stream is None:
            opened = tcp.connect(self.host, self.port, account=self.account, timeout=connecting, user_timeout=waiting)
            self.stream, self.unread = tcp.Stream(opened, self.host, self.port), b""
        try:
            self.stream.send(command.xml(request_id))
            result = read(self._answer(self.stream, waiting))
            check(result, request_id, also_fine=command.also_fine)
        except Refused:
            raise
        except IntegrationError:
            self.close()
            raise
        return result

    def _answer(self, stream: tcp.Stream, seconds: float) -> bytes:
        deadline = time.monotonic() + seconds
        while END not in self.unread:
            self.unread = (self.unread + stream.receive(deadline - time.monotonic())).lstrip()
            if not self.unread.startswith(b"<") or self.unread[:14].lower().startswith(PAGES):
                raise Unavailable("Something answers here that is not an API server.", cause=Cause.WRONG_HOST)
            if len(self.unread) > LONGEST_ANSWER:
                raise Rejected("The answer is longer than any result of the API server.", cause=Cause.REMOTE_ERROR)
        found, _, self.unread = self.unread.partition(END)
        self.heard = (found + END).decode(errors="replace")[:256]
        return found + END

    def close(self) -> None:
        if self.stream is not None:
            self.stream.opened.close()
        self.stream, self.unread = None, b""


class WebConversation(Conversation):
    """Each request is a GET whose parameters are the command's."""

    def __init__(self, client: HttpClient) -> None:
        self.client = client

    def ask(self, command: Command, request_id: int, *, purpose: str) -> Result:
        try:
            answer = self.client.get(
                WEB_PAGE,
                params=command.query(request_id),
                headers={"Accept": "text/xml, application/xml"},
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                purpose=purpose,
                retry=0,
            )
        except Rejected as error:
            raise of_the_request(error) from None
        result = read(answer.content)
        check(result, request_id, also_fine=command.also_fine)
        return result


def of_the_request(error: Rejected) -> Rejected:
    """The refusal by a web server as one of this one request, where its status says so."""
    if error.status not in OF_THE_REQUEST:
        return error
    return Refused(error.message, status=error.status, vendor_message=error.vendor_message)


def page_or_error(response: requests.Response) -> IntegrationError | None:
    """What an answer of the web API means before it is read: a web page is no result."""
    if response.status_code < 300 and is_page(response):
        return page_error(response)
    return error_from_response(response)
