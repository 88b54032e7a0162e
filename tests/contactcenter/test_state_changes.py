"""Fetching changes of agents' states: every change once and none left out, whoever commits when."""

import threading
from collections.abc import Callable
from datetime import timedelta
from queue import Queue
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from contactcenter import agents
from contactcenter.feeds import changes
from contactcenter.models import Agent, AgentStateChange, StateNumbering
from tests.factories import AgentFactory, ApiTokenFactory

ADDRESS = "/api/v1/wfm/agent-states"


def get(**query: Any) -> Any:
    return Client().get(ADDRESS, query, HTTP_AUTHORIZATION="Bearer secret-value")


@pytest.fixture
def token(db: None) -> None:
    ApiTokenFactory(name="wfm", value="secret-value")


def newcomer(**fields: Any) -> Agent:
    """An agent without a past."""
    made: Agent = AgentFactory(login="ava", **fields)
    AgentStateChange.objects.all().delete()
    return made


def enter(agent: Agent, state: str, **more: Any) -> AgentStateChange:
    began = more.pop("began_at", timezone.now())
    AgentStateChange.objects.filter(agent=agent, ended_at=None).update(ended_at=began)
    made: AgentStateChange = AgentStateChange.objects.create(agent=agent, state=state, began_at=began, **more)
    return made


def test_changes_are_told_in_the_words_of_feeds_with_a_number_to_go_on_from(token: None) -> None:
    ava = newcomer(extension="1001", state="LOGGED_OUT")
    agents.log_in(ava)
    answer = get(since=0).json()
    assert [(c["login_id"], c["state"], c["until"]) for c in answer["changes"]] == [("ava", "NOT_READY", None)]
    assert answer["more"] is False and answer["next"] == answer["changes"][-1]["sequence"]
    assert get(since=answer["next"]).json() == {"changes": [], "next": answer["next"], "more": False}
    enter(ava, "RINGING")
    (change,) = get(since=answer["next"]).json()["changes"]
    assert (change["state"], change["extension"], change["reason"]) == ("BUSY", "1001", None)


def test_pages_follow_one_another(token: None) -> None:
    ava = newcomer()
    for _ in range(5):
        enter(ava, "READY")
    seen: list[int] = []
    since, more = 0, True
    while more:
        answer = get(since=since, limit=2).json()
        assert len(answer["changes"]) <= 2
        seen += [change["sequence"] for change in answer["changes"]]
        since, more = answer["next"], answer["more"]
    assert seen == sorted(set(seen)) and len(seen) == 5


def test_what_is_older_than_72_hours_is_gone_and_said_to_be(token: None) -> None:
    ava = newcomer()
    enter(ava, "READY")
    enter(ava, "BUSY")
    first, second = (change["sequence"] for change in get(since=0).json()["changes"])
    AgentStateChange.objects.filter(state="BUSY").update(began_at=timezone.now() - timedelta(hours=73))
    changes.prune()
    gone = get(since=first)
    assert gone.status_code == 410 and "since=0" in gone.json()["detail"]
    assert get(since=second).json()["changes"] == []
    enter(ava, "ACW")
    assert [change["state"] for change in get(since=0).json()["changes"]] == ["ACW"]


def test_what_nobody_fetched_in_time_is_never_numbered(token: None) -> None:
    enter(newcomer(), "READY", began_at=timezone.now() - timedelta(hours=80))
    assert get(since=0).json() == {"changes": [], "next": 0, "more": False}
    assert AgentStateChange.objects.get().sequence is None


def test_a_number_that_was_never_given_is_not_waited_for(token: None) -> None:
    assert get(since=99).status_code == 410


@pytest.mark.parametrize("query", [{"since": -1}, {"since": "x"}, {"limit": 0}, {"limit": 1001}])
def test_nonsense_is_refused_with_the_field(token: None, query: dict[str, Any]) -> None:
    answer = get(**query)
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == next(iter(query))


def test_without_a_token_nobody_is_told(token: None) -> None:
    assert Client().get(ADDRESS).status_code == 401


def test_it_stands_in_the_description(token: None) -> None:
    described = Client().get("/api/v1/openapi.json").json()["paths"][ADDRESS]["get"]
    assert {each["name"] for each in described["parameters"]} == {"since", "limit"} and "410" in described["responses"]


# -- exactly once, whoever commits when


class Writer(threading.Thread):
    """A transaction of its own, step by step: `do` returns when the step is done."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.steps: Queue[Callable[[], Any] | None] = Queue()
        self.done: Queue[None] = Queue()
        self.start()

    def do(self, step: Callable[[], Any]) -> None:
        self.steps.put(step)
        self.done.get(timeout=10)

    def run(self) -> None:
        while (step := self.steps.get()) is not None:
            step()
            self.done.put(None)
        connections.close_all()

    def end(self) -> None:
        self.steps.put(None)
        self.join(10)


class Story:
    """Writers whose transactions overlap, where the database lets them, and a reader that pages in between."""

    def __init__(self, agents: list[Agent]) -> None:
        self.agents = agents
        self.writers = [Writer() for _ in self.agents]
        self.open: dict[int, list[int]] = {}
        self.committed: set[int] = set()
        self.seen: list[int] = []
        self.next = changes.after(0, 10_000).next

    def __enter__(self) -> "Story":
        return self

    def __exit__(self, *_: object) -> None:
        for n in list(self.open):
            self.end(n, kept=False)
        for writer in self.writers:
            writer.end()

    def write(self, n: int) -> None:
        """A change, in a transaction that stays open. SQLite has one writer at a time."""
        if connection.vendor == "sqlite":
            for other in [key for key in self.open if key != n]:
                self.end(other, kept=True)
        if n not in self.open:
            self.writers[n].do(lambda: transaction.set_autocommit(False))
            self.open[n] = []
        self.writers[n].do(lambda: self.open[n].append(enter(self.agents[n], "READY").pk))

    def end(self, n: int, *, kept: bool) -> None:
        if n not in self.open:
            return
        self.writers[n].do(transaction.commit if kept else transaction.rollback)
        self.writers[n].do(lambda: transaction.set_autocommit(True))
        keys = self.open.pop(n)
        self.committed |= set(keys) if kept else set()

    def read(self, limit: int) -> None:
        if connection.vendor == "sqlite":  # a reader numbers, which is writing too
            for n in list(self.open):
                self.end(n, kept=True)
        page = changes.after(self.next, limit)
        keys = AgentStateChange.objects.order_by("sequence").filter(
            sequence__in=[change["sequence"] for change in page.changes]
        )
        self.seen += keys.values_list("pk", flat=True)
        self.next = page.next

    def finish(self) -> None:
        for n in list(self.open):
            self.end(n, kept=True)
        for _ in range(len(self.committed) + 1):
            self.read(3)


WRITER = st.integers(0, 2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), WRITER),
        st.tuples(st.just("commit"), WRITER),
        st.tuples(st.just("roll back"), WRITER),
        st.tuples(st.just("read"), st.integers(1, 3)),
    ),
    max_size=25,
)


def test_each_committed_change_comes_once(transactional_db: None) -> None:
    agents = [AgentFactory(login=f"a{n}") for n in range(3)]

    @limits(max_examples=40)
    @given(STEPS)
    def check(steps: list[tuple[str, int]]) -> None:
        with Story(agents) as story:
            for step, n in steps:
                if step == "write":
                    story.write(n)
                elif step == "read":
                    story.read(n)
                else:
                    story.end(n, kept=step == "commit")
            story.finish()
        assert sorted(story.seen) == sorted(story.committed)

    check()


def test_a_change_that_is_committed_after_a_later_one_is_not_skipped(transactional_db: None) -> None:
    with Story([AgentFactory(login=f"a{n}") for n in range(2)]) as story:
        story.write(0)
        story.write(1)
        story.end(1, kept=True)
        story.read(3)
        story.end(0, kept=True)
        story.finish()
    assert sorted(story.seen) == sorted(story.committed) and len(story.seen) == 2


def test_readers_at_the_same_time_give_no_number_twice(transactional_db: None) -> None:
    ava = newcomer()
    for _ in range(50):
        enter(ava, "READY")
    pages: list[changes.Page] = []

    def read() -> None:
        pages.append(changes.after(0, 100))
        connections.close_all()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(pages) == 4 and all(page == pages[0] for page in pages)
    assert StateNumbering.objects.get().last == 50


def test_a_change_that_is_being_ended_is_not_waited_for(transactional_db: None) -> None:
    with Story([AgentFactory(login="ava")]) as story:
        story.write(0)
        story.end(0, kept=True)
        story.write(0)  # ends the first one, and is not committed
        story.read(3)
        story.finish()
    assert story.seen == sorted(story.committed)
