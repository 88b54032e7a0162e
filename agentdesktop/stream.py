"""The stream of agent events: server-sent events, resumed by number after any gap.

This is a small ASGI application in front of Django's. A stream stays open for hours; inside Django's own handler
each one would hold a thread and, with PostgreSQL, a database connection of its own for all that time, because the
middlewares that are not asynchronous ran in that thread. Here a stream costs a queue and two coroutines, and the
database is read by a handful of shared threads."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any, ParamSpec, TypeVar
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from contactcenter.models import Agent, AgentEvent
from contactcenter.sign_on.people import DESKTOP, is_of_door

from .cookies import DESKTOP_PATH
from .listener import Listener, Sources
from .subscriptions import Event, Subscription

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PATH = f"{DESKTOP_PATH}events"
REPLAY_LIMIT = 500
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-accel-buffering", b"no"),
]
HEARTBEAT_SECONDS = 15.0
# A comment for proxies, and an event that the page can see, so that it notices a dead connection.
HEARTBEAT = b": beat\nevent: beat\ndata: {}\n\n"
GREETING = b"retry: 1000\n: hello\n\n"
THREADS = 4
POOL = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="agent-events")


# -- the database, in threads that keep their connection


def _reading(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run with this thread's connection; a connection that broke meanwhile is replaced once."""
    try:
        return function(*args, **kwargs)
    except (OperationalError, InterfaceError):
        connection.close()
        return function(*args, **kwargs)
    except DatabaseError:
        connection.close()
        raise


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`function` in one of the shared threads, with the database connection that the thread keeps."""
    return await asyncio.get_running_loop().run_in_executor(POOL, partial(_reading, function, *args, **kwargs))


def _latest_row() -> int:
    return AgentEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0


def _new_rows(position: int, holes: set[int]) -> list[tuple[int, int, int]]:
    wanted = Q(id__gt=position) | Q(id__in=holes) if holes else Q(id__gt=position)
    return list(AgentEvent.objects.filter(wanted).order_by("id").values_list("id", "agent_id", "number")[:5000])


def _events(row_ids: list[int]) -> list[Event]:
    rows = AgentEvent.objects.filter(id__in=row_ids).order_by("id")
    return [Event.of(*row) for row in rows.values_list("agent_id", "number", "kind", "data")]


@dataclass(frozen=True, slots=True)
class Replay:
    """What a stream missed. `reset`: the table no longer holds all of it, so the page must read its overview again."""

    events: list[Event]
    last: int
    reset: bool = False


def _replay(agent: int, after: int) -> Replay:
    last = Agent.objects.values_list("last_event_number", flat=True).get(pk=agent)
    rows = AgentEvent.objects.filter(agent_id=agent, number__gt=after).order_by("number")
    events = [Event.of(*row) for row in rows.values_list("agent_id", "number", "kind", "data")[:REPLAY_LIMIT]]
    expected = range(after + 1, after + 1 + len(events))
    complete = [event.number for event in events] == list(expected) and after + len(events) >= last
    return Replay(events, after + len(events)) if complete and after <= last else Replay([], last, reset=True)


def _check_streams(subscriptions: list[Subscription]) -> set[str]:
    """Sessions that still stand, of all open streams at once; notes that their agents were seen."""
    now = timezone.now()
    agents = {each.agent for each in subscriptions}
    Agent.objects.filter(pk__in=agents).update(last_seen_at=now)
    active = set(Agent.objects.filter(pk__in=agents, user__is_active=True).values_list("pk", flat=True))
    keys = {each.session for each in subscriptions if each.agent in active}
    return set(Session.objects.filter(session_key__in=keys, expire_date__gt=now).values_list("session_key", flat=True))


async def _close_ended(subscriptions: list[Subscription]) -> None:
    standing = await in_thread(_check_streams, subscriptions)
    for each in subscriptions:
        if each.session not in standing:
            each.close()


def _in_thread(function: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return await in_thread(function, *args, **kwargs)

    return run


listener = Listener(
    Sources(latest=_in_thread(_latest_row), new=_in_thread(_new_rows), events=_in_thread(_events), chores=_close_ended),
    redis_url=settings.REDIS_URL,
)


# -- one request


@dataclass(frozen=True, slots=True)
class Caller:
    """Who opened the stream, and the number of the newest event at that moment."""

    agent: int
    session: str
    last: int


def _authenticate(cookie: str) -> Caller | None:
    """The agent behind the desktop's session cookie, by the same rules as Django's own (active user, session hash)."""
    try:
        morsel = SimpleCookie(cookie).get(settings.DESKTOP_SESSION_COOKIE_NAME)
    except CookieError:
        return None
    if morsel is None:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(morsel.value)
    if not is_of_door(request.session, DESKTOP):
        return None
    user = get_user(request)
    agent = Agent.objects.filter(user_id=user.pk).values_list("pk", "last_event_number").first() if user.pk else None
    return Caller(agent[0], morsel.value, agent[1]) if agent else None


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _position(scope: Scope) -> int | None:
    """After which number to go on: the browser's own `Last-Event-ID`, else `?after=`; None for live events only."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    text = _header(scope, b"last-event-id") or query.get("after", [""])[0]
    return int(text) if text.isascii() and text.isdigit() else None


async def _refuse(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"ok": False, "error": sentence, "field": None}).encode()
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request for the stream; returns when the page is gone, the session ended or the agent logged out."""
    if scope["method"] != "GET":
        return await _refuse(send, 405, "The stream of events is read with GET.")
    try:
        caller = await in_thread(_authenticate, _header(scope, b"cookie"))
    except DatabaseError:
        log.exception("The session of a stream could not be read.")
        return await _refuse(
            send, 503, "The database does not answer at the moment. The desktop tries again by itself."
        )
    if caller is None:
        return await _refuse(send, 401, "You are not logged in. Log in to the Agent Desktop again.")
    position = _position(scope)
    subscription = await listener.subscribe(caller.agent, caller.session)
    watch = asyncio.create_task(_watch(receive, subscription))
    try:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await _send(send, GREETING)
        await _pump(subscription, send, caller.last if position is None else position)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        watch.cancel()
        listener.unsubscribe(subscription)
    return None


async def _send(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _watch(receive: Receive, subscription: Subscription) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    subscription.close()


async def _pump(subscription: Subscription, send: Send, position: int) -> None:
    """Write what comes, in order and once, until the subscription is closed or the agent's log-out was written."""
    loop = asyncio.get_running_loop()
    timer = loop.call_later(HEARTBEAT_SECONDS, subscription.beat)
    try:
        while not subscription.closed:
            if subscription.stale:
                events, position = await _catch_up(subscription, send, position)
            else:
                events = list(subscription.queue)
                subscription.queue.clear()
            if events:
                await _send(send, b"".join(event.frame for event in events))
                position = events[-1].number
                if any(event.kind == "logout" for event in events):
                    return
                continue
            if subscription.due_beat:
                subscription.due_beat = False
                timer = loop.call_later(HEARTBEAT_SECONDS, subscription.beat)
                await _send(send, HEARTBEAT)
            if not subscription.stale and not subscription.queue:
                await subscription.wait()
    finally:
        timer.cancel()


async def _catch_up(subscription: Subscription, send: Send, position: int) -> tuple[list[Event], int]:
    listener.counts["replays"] += 1
    subscription.replaying()
    try:
        replay = await in_thread(_replay, subscription.agent, position)
    except (DatabaseError, Agent.DoesNotExist):
        log.exception("The missed events of a stream could not be read.")
        subscription.close()
        return [], position
    subscription.replayed(replay.last)
    if replay.reset:
        text = json.dumps({"lastEvent": replay.last})
        await _send(send, f"id: {replay.last}\nevent: reset\ndata: {text}\n\n".encode())
    return replay.events, replay.last


def with_stream(inner: App) -> App:
    """`inner` (Django) with the stream in front of it; `contactcenter/asgi.py` is this."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            await serve(scope, receive, send)
        else:
            await inner(scope, receive, send)

    return application
