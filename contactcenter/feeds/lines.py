"""Feeds that keep their connection open: one thread each, in the process of `manage.py run_feeds`.

A thread, because a receiver that does not read may hold up its own feed and no other. The right to an account's line
is a lease on its `FeedState`, kept as long as the line: of two dispatchers one sends, and the other takes over when the
first is gone. The interval is also the retry timer: whatever breaks is tried again when the next update is due, and a
new line begins with everything."""

import logging
import random
import threading
import time
from datetime import datetime, timedelta

from django.db import DatabaseError, connections
from django.utils import timezone

from integrations import leases
from integrations.capabilities import ConnectedFeed, FeedLine
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount

from ..models import FeedState
from . import dispatch
from .counters import count_failure, count_lost, count_picture, count_skip, next_context
from .roster import Roster, read_roster

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
PREPARE_AHEAD = timedelta(seconds=2)  # before a picture is due; what takes longer is read with it
# Longer than one turn can take: connecting and sending have limits of their own, 30 seconds together at the most.
LEASE_SECONDS = 40.0
EXTEND_SECONDS = 10.0
GOODBYE_SECONDS = 5.0
MOST_HEARD = 256  # bytes of a receiver that are kept for people to see
JITTER = 0.1  # of the interval, before connecting again


class Lines:
    """The lines that this process keeps."""

    def __init__(self) -> None:
        self.lines: dict[int, Line] = {}

    def look(self) -> None:
        """Start the lines of new accounts, and end those whose account was changed, disabled or deleted."""
        wanted = self._wanted()
        for pk, line in list(self.lines.items()):
            if not line.is_alive():
                del self.lines[pk]
            elif wanted.get(pk) != line.saved_at:
                line.stopping.set()
        for pk in wanted.keys() - self.lines.keys():
            self.lines[pk] = Line(pk, wanted[pk])
            self.lines[pk].start()

    def _wanted(self) -> dict[int, datetime]:
        """Accounts with a place in the plan, and when they were last saved."""
        keys = dispatch.keys_of(ConnectedFeed)
        accounts = IntegrationAccount.objects.filter(enabled=True, provider__in=keys, feed__isnull=False)
        return dict(accounts.values_list("pk", "updated_at"))

    def end(self) -> None:
        """Say goodbye everywhere; a receiver that does not read is not waited for."""
        for line in self.lines.values():
            line.stopping.set()
        deadline = time.monotonic() + GOODBYE_SECONDS
        for line in self.lines.values():
            line.join(max(0.0, deadline - time.monotonic()))


class Line(threading.Thread):
    """Keeps the connection of one account, as it was when it was saved at `saved_at`."""

    def __init__(self, account_id: int, saved_at: datetime) -> None:
        super().__init__(name=f"feed {account_id}", daemon=True)
        self.account_id = account_id
        self.saved_at = saved_at
        self.stopping = threading.Event()
        self.line: FeedLine | None = None
        self.owner = ""
        self.extended = 0.0
        self.has_failed = False
        self.is_broken = False
        self.heard = b""
        self.connected = 0
        self.roster: Roster | None = None  # read ahead of the next picture
        self.told_before: datetime | None = None  # the update before the last one

    def run(self) -> None:
        try:
            while not self.stopping.wait(LOOK_SECONDS):
                self._safely()
        finally:
            self._hang_up()
            connections.close_all()

    def _safely(self) -> None:
        """A fault of ours, or a database that is away, is logged once; the next update is tried all the same."""
        try:
            self.turn()
            self.is_broken = False
        except Exception:
            if not self.is_broken:
                logger.exception("The feed of account %s stands still; trying on.", self.account_id)
                self._tell_unavailable()
            self.is_broken = True
            connections.close_all()

    def _tell_unavailable(self) -> None:
        try:
            if self.line is not None:
                self.line.unavailable()
        except IntegrationError:
            self._drop()

    def turn(self) -> None:
        """One look: keep the right to this line, notice a peer that is gone, send when an update is due."""
        now = timezone.now()
        feed = FeedState.objects.filter(account_id=self.account_id).select_related("account").first()
        if feed is None or not self._is_mine(feed):
            return
        if self.line is not None:
            self._listen(feed, self.line)
        if feed.interval <= 0:
            return
        if feed.due_at <= now and dispatch.take_tick(feed, now):
            self._push(feed)
        elif feed.due_at <= now + PREPARE_AHEAD and self.roster is None:
            self.roster = read_roster()

    def _is_mine(self, feed: FeedState) -> bool:
        if not self.owner:
            self.owner = leases.claim(feed, seconds=LEASE_SECONDS)
            self.extended = time.monotonic()
        elif time.monotonic() - self.extended >= EXTEND_SECONDS:
            if leases.extend(feed, self.owner, seconds=LEASE_SECONDS):
                self.extended = time.monotonic()
            else:  # somebody else took over while we stood still
                self.owner = ""
                self._drop()
        return bool(self.owner)

    def _listen(self, feed: FeedState, line: FeedLine) -> None:
        try:
            said = line.listen()
        except IntegrationError as error:
            if line.is_pending:
                count_lost(feed, self.told_before)
            self._fail(feed, error)
            return
        if said:
            self.heard = (self.heard + said)[-MOST_HEARD:]
            rows = FeedState.objects.filter(pk=feed.pk)
            rows.update(last_heard=readable(self.heard), last_heard_at=timezone.now())

    def _push(self, feed: FeedState) -> None:
        """Nothing is sent when the picture cannot be read whole: a part of it would log people out at the receiver.

        Nor while the update before is still under way: states do not queue up, and a receiver that has fallen silent
        is given up by the system when it has acknowledged nothing for too long."""
        if self.line is not None and self.line.is_pending:
            count_skip(feed)
            return
        provider = feed.account.connect()
        picture = dispatch.snapshot(self._taken_roster())
        try:
            if self.line is None:
                self._wait_a_moment(feed)
                self.line = provider.open_line()
                self.connected += 1
            pushed = self.line.push(picture, next_context(feed, provider.interval))
        except IntegrationError as error:
            self._fail(feed, error)
            return
        self.has_failed = False
        self.told_before = feed.quiet_since
        count_picture(feed, picture, pushed, connected=self._taken_connections())

    def _taken_roster(self) -> Roster | None:
        """Who the agents are, as read a moment ago; for one picture."""
        roster, self.roster = self.roster, None
        return roster

    def _taken_connections(self) -> int:
        """How many were opened since the last count."""
        number, self.connected = self.connected, 0
        return number

    def _wait_a_moment(self, feed: FeedState) -> None:
        """Many feeds whose receivers come back together do not all connect in one moment."""
        if self.has_failed:
            self.stopping.wait(random.uniform(0, JITTER * feed.interval))  # noqa: S311 - spreads work, no secret

    def _fail(self, feed: FeedState, error: IntegrationError) -> None:
        self._drop()
        self.has_failed = True
        count_failure(feed, error, connected=self._taken_connections())

    def _drop(self) -> None:
        line, self.line = self.line, None
        if line is not None:
            line.close()

    def _hang_up(self) -> None:
        """Goodbye to the receiver, and the right to this line to whoever wants it next."""
        try:
            feed = FeedState.objects.filter(account_id=self.account_id).first() if self.owner else None
            if feed is not None and self.line is not None:
                self.line.close(next_context(feed, feed.interval))
                self.line = None
            if feed is not None:
                leases.release(feed, self.owner)
        except DatabaseError:
            pass  # no number for a goodbye, and the lease runs out by itself
        finally:
            self._drop()


def readable(data: bytes) -> str:
    """Bytes as text that shows every one of them."""
    return "".join(chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}" for byte in data)
