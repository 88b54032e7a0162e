"""The stream over ASGI: who may hear it, from which number it goes on, and when it ends. Real tables, real threads."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.utils import timezone

from agentdesktop import stream
from contactcenter import events
from contactcenter.models import Agent, AgentEvent
from tests.factories import AgentFactory

from .story import run_apart

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def close_connections() -> Iterator[None]:
    """The stream's threads keep their connection; a test database cannot be dropped under it."""
    yield
    everybody = threading.Barrier(stream.THREADS)

    def close() -> None:
        everybody.wait(5)
        connection.close()

    for future in [stream.POOL.submit(close) for _ in range(stream.THREADS)]:
        future.result()


@pytest.fixture
def agent() -> Agent:
    return AgentFactory(login="ana", state="READY")


def session_of(agent: Agent) -> str:
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(agent.user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = agent.user.get_session_auth_hash()
    session.save()
    return session.session_key


class Page:
    """One desktop at the other end of the stream."""

    def __init__(self, agent: Agent | None, *, query: str = "", last: str = "", method: str = "GET") -> None:
        key = session_of(agent) if agent else ""
        headers = [(b"cookie", f"other=1; {settings.DESKTOP_SESSION_COOKIE_NAME}={key}".encode())] if agent else []
        headers += [(b"last-event-id", last.encode())] if last else []
        self.scope = {
            "type": "http",
            "method": method,
            "path": stream.PATH,
            "query_string": query.encode(),
            "headers": headers,
        }
        self.gone = asyncio.Event()
        self.text = ""
        self.status = 0
        self.slow: float = 0

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await asyncio.sleep(self.slow)
        self.status = message.get("status", self.status)
        self.text += message.get("body", b"").decode()

    @property
    def numbers(self) -> list[int]:
        return [int(line.removeprefix("id: ")) for line in self.text.splitlines() if line.startswith("id: ")]

    @property
    def kinds(self) -> list[str]:
        return [line.removeprefix("event: ") for line in self.text.splitlines() if line.startswith("event: ")]


async def until(condition: Callable[[], Any], seconds: float = 8) -> None:
    for _ in range(int(seconds * 100)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen in time")


def play(make: Callable[[], Page], scene: Callable[[Page], Awaitable[None]]) -> Page:
    """Open the page's stream, play the scene, close the page; answers the page for a look at what it got."""

    async def run() -> Page:
        page = await stream.in_thread(make)
        serving = asyncio.create_task(stream.serve(page.scope, page.receive, page.send))
        try:
            await until(lambda: page.status)
            await scene(page)
        finally:
            page.gone.set()
            await asyncio.wait_for(serving, 10)
            stream.listener.stop()
        return page

    return run_apart(run())


async def nothing(page: Page) -> None:
    return None


async def tell(agent: Agent, count: int = 1, kind: str = "notice") -> None:
    for _ in range(count):
        await stream.in_thread(events.tell, agent, kind, {"text": "Grüße\n"})


def told(agent: Agent, count: int) -> None:
    for _ in range(count):
        events.tell(agent, "notice", {"text": "before"})


# -- who may hear


def test_without_a_session_the_stream_is_refused_in_words(agent: Agent) -> None:
    page = play(lambda: Page(None), nothing)
    assert page.status == 401
    assert "You are not logged in" in json.loads(page.text)["error"]
    assert play(lambda: Page(agent), nothing).status == 200


def test_a_user_who_is_switched_off_hears_nothing_until_switched_on(agent: Agent) -> None:
    agent.user.is_active = False
    agent.user.save()
    assert play(lambda: Page(agent), nothing).status == 401
    agent.user.is_active = True
    agent.user.save()
    assert play(lambda: Page(agent), nothing).status == 200


def test_a_changed_password_ends_what_the_old_session_may_hear(agent: Agent) -> None:
    async def scene(page: Page) -> None:
        return None

    page = Page(agent)
    agent.user.set_password("another")
    agent.user.save()
    assert play(lambda: page, scene).status == 401


def test_the_stream_is_read_with_get_only(agent: Agent) -> None:
    assert play(lambda: Page(agent, method="POST"), nothing).status == 405


def test_a_broken_cookie_is_no_session(agent: Agent) -> None:
    page = Page(agent)
    page.scope["headers"] = [(b"cookie", b"desktop_session=\xff\xfe; =;;; a[]=b")]
    assert play(lambda: page, nothing).status == 401


# -- from which number


def test_an_event_arrives_live_with_its_number_kind_and_data(agent: Agent) -> None:
    async def scene(page: Page) -> None:
        await tell(agent)
        await until(lambda: page.numbers == [1])

    page = play(lambda: Page(agent), scene)
    assert 'id: 1\nevent: notice\ndata: {"text":"Gr\\u00fc\\u00dfe\\n"}\n\n' in page.text


def test_without_a_number_only_new_events_come(agent: Agent) -> None:
    async def scene(page: Page) -> None:
        await tell(agent)
        await until(lambda: page.numbers == [4])

    told(agent, 3)
    play(lambda: Page(agent), scene)


@pytest.mark.parametrize(("query", "last"), [("after=2", ""), ("", "2"), ("after=0", "2")])
def test_a_stream_goes_on_after_the_number_it_saw(agent: Agent, query: str, last: str) -> None:
    async def scene(page: Page) -> None:
        await until(lambda: page.numbers == [3, 4])
        await tell(agent)
        await until(lambda: page.numbers == [3, 4, 5])

    told(agent, 4)
    play(lambda: Page(agent, query=query, last=last), scene)


def test_events_of_others_are_not_heard(agent: Agent) -> None:
    other = AgentFactory(login="ben", state="READY")

    async def scene(page: Page) -> None:
        await tell(other)
        await tell(agent)
        await until(lambda: page.numbers == [1])

    assert len(play(lambda: Page(agent), scene).numbers) == 1


def test_many_events_during_the_replay_come_once_and_in_order(agent: Agent) -> None:
    async def scene(page: Page) -> None:
        await tell(agent, count=60)
        await until(lambda: page.numbers and page.numbers[-1] == 360)

    told(agent, 300)
    assert play(lambda: Page(agent, query="after=0"), scene).numbers == list(range(1, 361))


def test_a_page_that_reads_slowly_still_gets_everything_once(agent: Agent) -> None:
    async def scene(page: Page) -> None:
        page.slow = 0.3
        await tell(agent, count=150)
        page.slow = 0
        await until(lambda: page.numbers and page.numbers[-1] == 150)

    assert play(lambda: Page(agent), scene).numbers == list(range(1, 151))


def test_after_pruning_the_page_is_told_to_begin_again(agent: Agent) -> None:
    async def scene(page: Page) -> None:
        await until(lambda: "reset" in page.kinds)
        await tell(agent)
        await until(lambda: page.numbers == [5, 6])

    told(agent, 5)
    AgentEvent.objects.filter(number__lt=4).delete()
    page = play(lambda: Page(agent, query="after=1"), scene)
    assert 'event: reset\ndata: {"lastEvent": 5}' in page.text


def test_a_number_from_the_future_begins_again(agent: Agent) -> None:
    async def scene(page: Page) -> None:
        await until(lambda: "reset" in page.kinds)

    play(lambda: Page(agent, query="after=99"), scene)


def test_a_number_that_is_none_is_no_number(agent: Agent) -> None:
    async def scene(page: Page) -> None:
        await tell(agent)
        await until(lambda: page.numbers == [4])

    told(agent, 3)
    play(lambda: Page(agent, query="after=-1%20OR%201", last="x"), scene)


# -- how it lives and ends


def test_a_quiet_stream_beats_where_the_page_can_see_it(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_SECONDS", 0.1)

    async def scene(page: Page) -> None:
        await until(lambda: page.kinds.count("beat") >= 2)
        assert ": beat" in page.text

    assert play(lambda: Page(agent), scene).numbers == []


def test_the_stream_ends_after_the_log_out_was_told(agent: Agent) -> None:
    async def scene(page: Page) -> None:
        await tell(agent, kind="logout")
        await until(lambda: page.kinds == ["logout"])
        await until(lambda: not stream.listener.subscriptions())

    play(lambda: Page(agent), scene)


def test_the_stream_ends_when_its_session_is_gone_and_the_agent_was_seen(agent: Agent) -> None:
    from django.contrib.sessions.models import Session

    async def scene(page: Page) -> None:
        await stream._close_ended(stream.listener.subscriptions())
        assert stream.listener.subscriptions()
        await stream.in_thread(Session.objects.all().delete)
        await stream._close_ended(stream.listener.subscriptions())
        await until(lambda: not stream.listener.subscriptions())

    started = timezone.now()
    play(lambda: Page(agent), scene)
    agent.refresh_from_db()
    assert agent.last_seen_at is not None
    assert agent.last_seen_at >= started


def test_a_page_that_is_gone_leaves_nothing_behind(agent: Agent) -> None:
    play(lambda: Page(agent), nothing)
    assert stream.listener.stats()["streams"] == 0


def test_everything_else_goes_to_django() -> None:
    seen: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"] if scope["type"] == "http" else scope["type"])

    application = stream.with_stream(inner)
    run_apart(application({"type": "http", "path": "/agentdesktop/"}, None, None))
    run_apart(application({"type": "lifespan"}, None, None))
    assert seen == ["/agentdesktop/", "lifespan"]
