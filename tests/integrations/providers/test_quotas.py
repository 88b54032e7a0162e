"""At most so many calls a day: counted over everything that runs, and anew at the account's midnight."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from contactcenter.models import ContactCenter
from integrations import quotas
from integrations.capabilities import BotContext
from integrations.errors import RateLimited, Stage, Unavailable
from integrations.models import DailyCount, IntegrationAccount
from tests.factories import AccountFactory, AdminFactory
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.quota_worker import ask_together
from tests.stack import with_path

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = Path(__file__).with_name("quota_worker.py")
BOTS: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "bot_alterra": ({}, {"api_key": "demo-alterra-key"}, "asked"),
    "bot_watson": (
        {"workspace_id": "demo-workspace", "username": "demo-watson"}, {"password": "demo-watson-password"}, "messages",
    ),
}  # fmt: skip
CHAT = BotContext("chat")
each_bot = pytest.mark.parametrize("key", BOTS)


def quota_account(key: str, limit: int, **properties: Any) -> IntegrationAccount:
    own, secrets, _ = BOTS[key]
    made: IntegrationAccount = AccountFactory(
        provider=key, name="Quota", secrets=secrets,
        properties={**own, "max_api_calls_per_day": limit, **properties},
    )  # fmt: skip
    made.full_clean()
    return made


# -- counting


@each_bot
def test_the_last_call_of_the_day_is_made_and_the_next_is_not(key: str, vendor: Callable[[str], Vendor]) -> None:
    simulator, bot = vendor(key), quota_account(key, 2).connect()
    with time_machine.travel(datetime(2026, 3, 2, 22, 30, tzinfo=UTC), tick=False):
        bot.suggest("Hello", CHAT)
        bot.suggest("Hello", CHAT)
        with pytest.raises(RateLimited) as refusal:
            bot.suggest("Hello", CHAT)
    assert simulator.count(BOTS[key][2]) == 2
    assert refusal.value.retry_after == 90 * 60
    assert refusal.value.stage == Stage.LIMITS
    assert str(refusal.value) == (
        "Today's calls are used up (2 of 2): nothing was sent. Calls go on after midnight (UTC), in 1 h 30 min."
    )
    with time_machine.travel(datetime(2026, 3, 3, 0, 0, tzinfo=UTC), tick=False):
        assert bot.suggest("Hello", CHAT).suggestions
    assert list(DailyCount.objects.order_by("day").values_list("day", "calls")) == [
        (date(2026, 3, 2), 2),
        (date(2026, 3, 3), 1),
    ]


def test_without_a_limit_calls_are_counted_all_the_same(vendor: Callable[[str], Vendor]) -> None:
    vendor("bot_watson")
    account = quota_account("bot_watson", 0)
    account.connect().suggest("Hello", CHAT)
    assert str(quotas.use_of(account)) == "1, no limit"
    account.properties["max_api_calls_per_day"] = 1
    account.save()
    with pytest.raises(RateLimited):
        account.connect().suggest("Hello", CHAT)


def test_a_call_that_never_left_is_given_back_and_one_that_failed_is_not(vendor: Callable[[str], Vendor]) -> None:
    simulator = vendor("bot_watson")
    account = quota_account("bot_watson", 5)
    simulator.fault("server_error", times=1)
    with pytest.raises(Unavailable):
        account.connect().suggest("Hello", CHAT)
    assert quotas.use_of(account).calls == 1
    account.simulated = False
    account.properties["url"] = "https://127.0.0.1:1/v1/workspaces/"
    account.save()
    with pytest.raises(Unavailable):
        account.connect().suggest("Hello", CHAT)
    assert quotas.use_of(account).calls == 1


def test_many_threads_make_exactly_as_many_calls_as_there_are(vendor: Callable[[str], Vendor]) -> None:
    simulator = vendor("bot_watson")
    account = quota_account("bot_watson", 25)
    outcome = ask_together(threads=10, times=5)
    assert outcome == {"answered": 25, "refused": 25, "failures": []}
    assert simulator.count("messages") == 25
    assert quotas.use_of(account).used_up


# -- many processes, on both databases


@pytest.fixture
def sqlite_copy(tmp_path: Path, embedded_template: Path) -> Iterator[str]:
    target = tmp_path / embedded_template.name
    target.write_bytes(embedded_template.read_bytes())
    yield f"sqlite:///{target}"


@pytest.fixture
def postgres_copy(servers_template: str, postgres_url: str) -> Iterator[str]:
    name = f"quotas_{os.getpid()}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{servers_template}"')
        yield with_path(postgres_url, name)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.processes
@pytest.mark.parametrize("database", ["sqlite_copy", pytest.param("postgres_copy", marks=pytest.mark.postgres)])
def test_many_processes_make_exactly_as_many_calls_as_there_are(
    database: str, request: pytest.FixtureRequest, vendor: Callable[[str], Vendor], simulators: str
) -> None:
    simulator = vendor("bot_watson")
    environment = {
        **os.environ, "DATABASE_URL": request.getfixturevalue(database), "SIMULATOR_URL": simulators,
    }  # fmt: skip

    def start(*arguments: object) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, str(WORKER), *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip

    assert start("prepare", 30).wait(60) == 0
    workers = [start("ask", 4, 5) for _ in range(4)]
    for worker in workers:
        assert worker.stdout is not None and worker.stdout.readline().strip() == "ready"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    outcomes = [json.loads(worker.communicate(timeout=120)[0]) for worker in workers]
    assert [failure for outcome in outcomes for failure in outcome["failures"]] == []
    assert sum(outcome["answered"] for outcome in outcomes) == 30
    assert sum(outcome["refused"] for outcome in outcomes) == 4 * 4 * 5 - 30
    assert simulator.count("messages") == 30
    assert json.loads(start("count").communicate(timeout=60)[0]) == {"rows": [30]}


# -- whose midnight


def test_the_day_is_the_contact_centres_unless_the_account_names_another() -> None:
    centre = ContactCenter.current()
    centre.time_zone = "Asia/Tokyo"
    centre.save()
    account = quota_account("bot_alterra", 1)
    with time_machine.travel(datetime(2026, 3, 2, 20, 0, tzinfo=UTC), tick=False):
        assert quotas.today(account) == date(2026, 3, 3)
        assert quotas.use_of(account).seconds_left == 19 * 3600
        account.properties["time_zone"] = "America/New_York"
        assert quotas.today(account) == date(2026, 3, 2)
        assert quotas.use_of(account).seconds_left == 9 * 3600


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_a_day_may_have_23_or_25_hours(day: date, hours: int) -> None:
    zone = quotas.ZoneInfo("Europe/Berlin")
    begins, ends = quotas.midnight_after(day - timedelta(days=1), zone), quotas.midnight_after(day, zone)
    assert ends.astimezone(UTC) - begins.astimezone(UTC) == timedelta(hours=hours)


@each_bot
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("time_zone", "Berlin", "not a time zone"),
        ("max_api_calls_per_day", "-1", "greater than or equal to 0"),
        ("max_api_calls_per_day", "many", "whole number"),
    ],
)
def test_settings_that_cannot_be_are_told_on_their_field(key: str, name: str, value: str, words: str) -> None:
    form = AccountFactory.build(provider=key).provider_class.Properties({name: value})
    assert words in str(form.errors[name])


def test_old_days_are_forgotten() -> None:
    account = quota_account("bot_alterra", 1)
    for age in (quotas.KEEP_DAYS + 2, 1):
        DailyCount.objects.create(account=account, day=quotas.today(account) - timedelta(days=age), calls=1)
    assert quotas.prune() == 1
    assert DailyCount.objects.count() == 1


# -- what the administrator sees


def test_the_account_page_shows_what_is_used_today(vendor: Callable[[str], Vendor]) -> None:
    vendor("bot_watson")
    account = quota_account("bot_watson", 1000, time_zone="Europe/Berlin")
    account.connect().suggest("Hello", CHAT)
    client = Client()
    client.force_login(AdminFactory())
    page = client.get(reverse("admin:integrations_integrationaccount_change", args=[account.pk])).content.decode()
    assert "1 of 1,000" in page
    assert "midnight, Europe/Berlin" in page
