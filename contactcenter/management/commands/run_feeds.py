"""The process that keeps feeds on time: four looks a second, each handing what is due to the workers."""

import logging
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections, connections

from contactcenter.feeds import dispatch, lines
from contactcenter.models import Heartbeat
from contactcenter.operations.checks import refuse_unsafe_settings

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.25
INLINE_THREADS = 8


class Command(BaseCommand):
    help = "Drives the feeds of workforce and recording systems. Two of these at once do no harm."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--inline", action="store_true", help="Do the work here instead of handing it to workers.")

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_unsafe_settings()
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        with ThreadPoolExecutor(INLINE_THREADS) as pool:
            Loop(stopping, inline(pool) if options["inline"] else dispatch.to_worker).run()


class Loop:
    """Ticks until told to stop. A database that is away is reported once; the loop goes on."""

    def __init__(self, stopping: threading.Event, hand_over: dispatch.HandOver) -> None:
        self.stopping = stopping
        self.hand_over = hand_over
        self.lines = lines.Lines()
        self.broken = False
        self.sessions_renewed = False

    def run(self) -> None:
        next_tick = time.monotonic()
        while not self.stopping.is_set():
            self.tick()
            next_tick = max(next_tick + TICK_SECONDS, time.monotonic())
            self.stopping.wait(next_tick - time.monotonic())
        self.lines.end()
        connections.close_all()

    def tick(self) -> None:
        try:
            self._dispatch()
        except DatabaseError:
            self._note_broken()
        else:
            self._note_working()

    def _dispatch(self) -> None:
        if not self.sessions_renewed:
            dispatch.renew_sessions()
            self.sessions_renewed = True
        dispatch.dispatch_due(hand_over=self.hand_over)
        self.lines.look()
        Heartbeat.leave("feeds")

    def _note_broken(self) -> None:
        if not self.broken:
            logger.exception("Feeds stand still, because the database does not answer; trying on.")
        self.broken = True
        close_old_connections()

    def _note_working(self) -> None:
        if self.broken:
            logger.info("The database answers again; feeds go on.")
        self.broken = False


def inline(pool: ThreadPoolExecutor) -> dispatch.HandOver:
    """Do each piece of work in a thread of this process."""

    def work(task: Any, account_id: int) -> None:
        try:
            task(account_id)
        except Exception:
            logger.exception("%s failed for account %s.", task.name, account_id)
        finally:
            connections.close_all()

    def hand_over(task: Any, account_id: int, expires: float) -> None:
        pool.submit(work, task, account_id)

    return hand_over
