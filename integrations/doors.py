"""The ways out of this process, which a dry run shuts.

Everything that leaves the product passes one of these doors: an HTTP request, any other connection, a message to a
worker, a bell for the desktops, a mail. In ordinary work `current()` is None and nothing here is in the way. Inside
`shut_by` the doors' keeper answers in the place of the outside, and what it has no answer for does not happen. So a
piece of code need not know that it runs in a dry run, and cannot forget it.

Behind the doors stands a watchman for code that opens a connection or starts a program by its own means (a vendor's
SDK): the interpreter's audit events, refused in the thread of a dry run and looked at nowhere else."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

from .errors import Cause, Unavailable

if TYPE_CHECKING:
    import requests
    from django.core.mail import EmailMessage

    from .models import IntegrationAccount

WATCHED = (
    "socket.connect", "socket.sendto", "socket.sendmsg", "subprocess.Popen", "os.system", "os.posix_spawn", "os.exec",
)  # fmt: skip


class Keeper(ABC):
    """Stands in the doors during a dry run."""

    @abstractmethod
    def answer(
        self, account: "IntegrationAccount | None", request: "requests.PreparedRequest", *, purpose: str
    ) -> "requests.Response":
        """What the vendor would answer. Raises `IntegrationError`, as a request that left would."""

    @abstractmethod
    def hold_back(self, what: str, detail: str) -> None:
        """Note something that was not done: a message, a bell, a mail, a connection."""

    def mails(self, messages: "Sequence[EmailMessage]") -> int:
        for message in messages:
            self.hold_back("mail", f"To {', '.join(message.recipients())}: {message.subject}")
        return len(messages)


_keeper: ContextVar[Keeper | None] = ContextVar("doors", default=None)


def current() -> Keeper | None:
    """Who stands in the doors; None in ordinary work."""
    return _keeper.get()


@contextmanager
def shut_by(keeper: Keeper) -> Iterator[None]:
    """Inside the `with` block nothing leaves this thread. Not for use inside itself."""
    if current() is not None:
        raise RuntimeError("A dry run cannot begin inside another one.")
    _watch()
    before = _keeper.set(keeper)
    try:
        yield
    finally:
        _keeper.reset(before)


def refuse_connection(host: str, port: int) -> None:
    """Called before any connection is opened. Raises `Unavailable` in a dry run."""
    keeper = current()
    if keeper is not None:
        keeper.hold_back("connection", f"{host}, port {port}")
        raise Unavailable(
            f"A dry run opens no connection to {host} on port {port}.", cause=Cause.UNREACHABLE, maybe_done=False
        )


class Escape(PermissionError):
    """A piece of code tried to leave a dry run past the doors. It was not let out."""


@cache
def _watch() -> None:
    """Audit hooks cannot be taken away, so there is one per process, from the first dry run on."""
    sys.addaudithook(_look)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event in WATCHED and _keeper.get() is not None:
        _keeper.get().hold_back("connection", event)  # type: ignore[union-attr]
        raise Escape(f"Not in a dry run: {event}.")
