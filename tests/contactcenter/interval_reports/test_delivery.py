"""From a run to the files at their targets: every end of a worker on the way, refusals, retries, people who ask."""

import hashlib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from contactcenter import tasks
from contactcenter.models import Report, ReportDelivery, ReportFile, ReportRun, ReportTarget
from contactcenter.reports import delivery, runs
from integrations.errors import AuthenticationFailed, Cause, RateLimited, Unavailable
from integrations.fields import Sealed
from integrations.file_transfer.folder import FolderPart
from integrations.file_transfer.sftp import SftpPart
from tests.factories import AccountFactory, ServiceFactory
from tests.file_servers import openssh
from tests.integrations.local_server import make_authority, make_certificate
from tests.integrations.put_server import taking_files
from tests.simulated import Simulators

from .day import DAY, at, call, report, small_day

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """A worker that is gone: nothing after it runs but what a `finally` does."""


@pytest.fixture
def root(tmp_path: Path, settings: Any) -> Path:
    settings.REPORTS_ROOT = str(tmp_path / "root")
    return tmp_path / "root"


@pytest.fixture
def made(root: Path) -> Report:
    """A report that goes to a folder."""
    small_day()
    found = report()
    ReportTarget.objects.create(report=found, kind="folder", folder="wfm")
    return found


def ask(made: Report, day: date = DAY, **values: Any) -> ReportRun:
    (run,) = runs.ask(made, day, day, "admin", **{"deliver": True, **values})
    return run


def lease_runs_out() -> None:
    past = timezone.now() - timedelta(seconds=1)
    ReportRun.objects.filter(leased_until__isnull=False).update(leased_until=past)
    ReportDelivery.objects.filter(leased_until__isnull=False).update(leased_until=past)


def later(**gap: Any) -> None:
    """Time passes for what waits."""
    for row in ReportDelivery.objects.all():
        row.due_at -= timedelta(**gap)
        row.give_up_at -= timedelta(**gap)
        row.save()


def test_a_file_is_made_delivered_and_written_down(made: Report, root: Path):
    ask(made)
    tasks.work_on_reports()
    file = ReportFile.objects.get()
    assert file.name == "queue_interval_demo_20260328T2300Z_01.csv"
    there = (root / "wfm" / file.name).read_bytes()
    assert there == bytes(file.content or b"")
    assert (file.size, file.sha256) == (len(there), hashlib.sha256(there).hexdigest())
    assert file.rows == there.count(b"\r\n") == 2 * 92
    row = ReportDelivery.objects.get()
    assert (row.state, row.attempts) == ("delivered", 1) and row.delivered_at and "renamed" in row.last_words
    assert [path.name for path in (root / "wfm").iterdir()] == [file.name]


def test_the_same_day_again_is_the_same_bytes_under_a_new_name_until_its_data_changes(made: Report, root: Path):
    for _ in range(3):
        ask(made)
        runs.work()
    first, second, third = ReportFile.objects.order_by("id")
    assert first.sha256 == second.sha256 == third.sha256
    assert [file.name[-7:] for file in (first, second, third)] == ["_01.csv", "_02.csv", "_03.csv"]
    assert first.unchanged_since is None
    assert second.unchanged_since == third.unchanged_since == first.created_at
    call(made.services.model.objects.get(code="support"), at("14:00"))
    ask(made)
    runs.work()
    latest = ReportFile.objects.order_by("-id")[0]
    assert latest.sha256 != first.sha256 and latest.unchanged_since is None


def test_what_one_turn_cannot_do_is_done_by_the_next_at_once(made: Report, monkeypatch: pytest.MonkeyPatch):
    for _ in range(3):
        ask(made)
    sent: list[Any] = []
    monkeypatch.setattr("contactcenter.nudge.send", lambda task, *values, **more: sent.append(task))
    monkeypatch.setattr(runs.work, "__defaults__", (0.0,))
    tasks.work_on_reports()
    assert sent == [tasks.work_on_reports] and not ReportFile.objects.exists()
    monkeypatch.undo()
    monkeypatch.setattr("contactcenter.nudge.send", lambda task, *values, **more: sent.append(task))
    tasks.work_on_reports()
    assert ReportFile.objects.count() == 3 and len(sent) == 1


@pytest.mark.parametrize(("file_name", "start"), [("nice_iex", "History-"), ("ct_queue", "ctQueue_")])
def test_names_of_nice_iex_are_never_used_twice(root: Path, file_name: str, start: str):
    ServiceFactory()
    made = report(file_name=file_name)
    for _ in range(3):
        ask(made)
    runs.work()
    names = list(ReportFile.objects.values_list("name", flat=True))
    assert len(set(names)) == 3 and all(len(name) <= 30 and name.startswith(start) for name in names)


# -- a worker that is killed


@pytest.mark.parametrize("place", ["figures", "files", "deliveries"])
def test_a_worker_killed_while_it_makes_a_file_leaves_nothing_and_the_next_one_makes_it(
    made: Report, monkeypatch: pytest.MonkeyPatch, place: str
):
    run = ask(made)
    target = {
        "figures": (runs.figures, "table"),
        "files": (runs, "_file"),
        "deliveries": (ReportDelivery.objects, "create"),
    }[place]
    with monkeypatch.context() as broken:
        broken.setattr(*target, killed)
        with pytest.raises(Killed):
            runs.work()
    run.refresh_from_db()
    assert run.state == "waiting" and not ReportFile.objects.exists()
    assert runs.work() == 0  # the dead worker's lease still holds
    lease_runs_out()
    assert runs.work() == 1
    assert (ReportFile.objects.count(), ReportDelivery.objects.count()) == (1, 1)


def killed(*values: Any, **more: Any) -> None:
    raise Killed


@pytest.mark.parametrize("step", ["read", "write", "rename", "after the rename"])
def test_a_worker_killed_while_it_delivers_neither_loses_nor_doubles_the_file(
    made: Report, root: Path, monkeypatch: pytest.MonkeyPatch, step: str
):
    ask(made)
    runs.work()
    with monkeypatch.context() as broken:
        kill_at(broken, FolderPart, step)
        with pytest.raises(Killed):
            delivery.work()
    seen = [path.name for path in (root / "wfm").iterdir() if not path.name.endswith(".part")]
    assert len(seen) == (step == "after the rename")
    lease_runs_out()
    assert delivery.work() == 1
    file = ReportFile.objects.get()
    assert [path.name for path in (root / "wfm").iterdir()] == [file.name]
    assert (root / "wfm" / file.name).read_bytes() == bytes(file.content or b"")


def kill_at(broken: pytest.MonkeyPatch, part: Any, step: str) -> None:
    if step != "after the rename":
        broken.setattr(part, step, killed)
        return
    rename = part.rename

    def and_die(self: Any, name: str, to: str) -> None:
        rename(self, name, to)
        raise Killed

    broken.setattr(part, "rename", and_die)


@pytest.mark.openssh
def test_the_same_at_a_real_server(root: Path, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch):
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    small_day()
    made = report()
    with openssh(tmp_path / "ssh") as server:
        ReportTarget.objects.create(
            report=made, kind="sftp", host="127.0.0.1", port=server.port, user_name=server.user,
            folder=str(server.files), host_key=server.host_key, secrets=Sealed.of({"private_key": server.key}),
        )  # fmt: skip
        for day, step in ((DAY, "write"), (DAY + timedelta(days=1), "after the rename")):
            ask(made, day)
            runs.work()
            with monkeypatch.context() as broken:
                kill_at(broken, SftpPart, step)
                with pytest.raises(Killed):
                    delivery.work()
            lease_runs_out()
            assert delivery.work() == 1
        expected = {file.name: bytes(file.content or b"") for file in ReportFile.objects.all()}
        assert {path.name: path.read_bytes() for path in server.files.iterdir()} == expected
        assert len(expected) == 2


@pytest.mark.openssh
def test_a_server_that_comes_back_gets_what_waited(root: Path, tmp_path: Path, settings: Any):
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    small_day()
    made = report()
    with openssh(tmp_path / "ssh") as server:
        target = ReportTarget.objects.create(
            report=made, kind="sftp", host="127.0.0.1", port=server.port, user_name=server.user,
            folder=str(server.files), host_key=server.host_key, secrets=Sealed.of({"private_key": server.key}),
        )  # fmt: skip
    ask(made)
    runs.work()
    assert delivery.work() == 0
    row = ReportDelivery.objects.get()
    assert (row.state, row.attempts) == ("waiting", 1) and "No connection" in row.last_words
    assert row.due_at > timezone.now()
    with openssh(tmp_path / "ssh", port=target.port or 0) as server:
        assert delivery.work() == 0  # not due yet
        later(minutes=2)
        assert delivery.work() == 1
        assert [path.name for path in server.files.iterdir()] == [ReportFile.objects.get().name]


def test_two_workers_at_once_make_and_deliver_each_file_once(made: Report, root: Path, monkeypatch: pytest.MonkeyPatch):
    ask(made)
    original = runs.store

    def meanwhile(*values: Any) -> None:
        assert runs.work() == 0  # the other one finds it held
        original(*values)

    monkeypatch.setattr(runs, "store", meanwhile)
    assert runs.work() == 1
    put = delivery.door_of

    def meanwhile_delivered(target: ReportTarget) -> Any:
        assert delivery.work() == 0
        return put(target)

    monkeypatch.setattr(delivery, "door_of", meanwhile_delivered)
    assert delivery.work() == 1
    assert ReportFile.objects.count() == 1


def test_a_worker_that_lost_its_lease_stores_nothing(made: Report):
    run = ask(made)
    runs.store(run, "somebody else", runs.written(made, DAY))
    assert not ReportFile.objects.exists()


def test_a_report_that_cannot_be_made_is_told_after_three_attempts(made: Report, monkeypatch: pytest.MonkeyPatch):
    run = ask(made)
    with monkeypatch.context() as broken:
        broken.setattr(runs.figures, "table", lambda *values: 1 / 0)
        for _ in range(3):
            runs.work()
            lease_runs_out()
    run.refresh_from_db()
    assert run.state == "failed" and "could not be made" in run.error


# -- refusals and retries


class Broken:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def put(self, name: str, content: bytes) -> str:
        raise self.error


def test_a_delivery_is_tried_with_growing_pauses_for_a_day_and_then_needs_attention(
    made: Report, monkeypatch: pytest.MonkeyPatch
):
    ask(made)
    runs.work()
    error = Unavailable("The server is away.", cause=Cause.TIMEOUT)
    monkeypatch.setattr(delivery, "door_of", lambda target: Broken(error))
    pauses = []
    while (row := ReportDelivery.objects.get()).state == "waiting":
        delivery.work()
        row.refresh_from_db()
        pauses.append((row.due_at - timezone.now()).total_seconds())
        later(seconds=pauses[-1] + 1)
        assert len(pauses) < 50
    assert [round(pause / 60) for pause in pauses[:7]] == [1, 2, 4, 8, 16, 32, 60]
    assert 24 * 3600 - 3700 < sum(pauses[:-1]) <= 24 * 3600
    assert (row.state, row.last_words) == ("stuck", "The server is away.")
    monkeypatch.undo()
    assert delivery.again(ReportRun.objects.get()) == 1
    assert delivery.work() == 1


def test_a_refused_log_in_waits_longer_so_that_nobody_is_locked_out(made: Report, monkeypatch: pytest.MonkeyPatch):
    ask(made)
    runs.work()
    monkeypatch.setattr(delivery, "door_of", lambda target: Broken(AuthenticationFailed("No.")))
    delivery.work()
    row = ReportDelivery.objects.get()
    assert row.state == "waiting" and (row.due_at - timezone.now()).total_seconds() > 1700


def test_a_receiver_that_asks_for_a_pause_gets_it(made: Report, monkeypatch: pytest.MonkeyPatch):
    ask(made)
    runs.work()
    monkeypatch.setattr(delivery, "door_of", lambda target: Broken(RateLimited("Slowly.", retry_after=1800)))
    delivery.work()
    row = ReportDelivery.objects.get()
    assert row.state == "waiting" and 1700 < (row.due_at - timezone.now()).total_seconds() <= 1800


def test_https_takes_it_with_its_token(root: Path, settings: Any, tmp_path: Path):
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    small_day()
    made = report()
    make_authority(tmp_path)
    with taking_files(make_certificate(tmp_path, "put", host="localhost")) as server:
        server.header, server.secret = "X-API-Key", "token-canary"
        ReportTarget.objects.create(
            report=made, kind="put", url=f"{server.address}/daily", token_header="X-API-Key", token_scheme="",
            ca_certificate=(tmp_path / "ca.pem").read_text(), secrets=Sealed.of({"token": "token-canary"}),
        )  # fmt: skip
        run = ask(made)
        runs.work()
        server.dies_after_storing = True
        assert delivery.work() == 0
        server.dies_after_storing = False
        assert delivery.again(run) == 1 and delivery.work() == 1
        file, row = ReportFile.objects.get(), ReportDelivery.objects.get()
        assert server.files == {file.name: bytes(file.content or b"")}
        assert "same bytes" in row.last_words and row.delivered_at is not None


def test_a_name_that_is_taken_needs_attention_at_once(made: Report, root: Path):
    ask(made)
    runs.work()
    file = ReportFile.objects.get()
    (root / "wfm").mkdir(parents=True)
    (root / "wfm" / file.name).write_bytes(b"somebody else's")
    delivery.work()
    row = ReportDelivery.objects.get()
    assert row.state == "stuck" and "another file" in row.last_words
    assert (root / "wfm" / file.name).read_bytes() == b"somebody else's"


def test_one_target_that_fails_does_not_hold_up_the_others(made: Report, root: Path):
    ReportTarget.objects.create(report=made, kind="s3")
    ReportTarget.objects.create(report=made, kind="folder", folder="second")
    ask(made)
    tasks.work_on_reports()
    states = dict(ReportDelivery.objects.values_list("target__folder", "state"))
    assert states == {"wfm": "delivered", "": "stuck", "second": "delivered"}


# -- the other kinds


def test_an_email_carries_the_file_without_formulas_under_one_message_id(made: Report):
    made.targets.all().delete()
    made.kind = "agent_performance_daily"
    made.save()
    target = ReportTarget.objects.create(report=made, kind="email", addresses="a@example.com\nb@example.com")
    ask(made)
    tasks.work_on_reports()
    (sent,) = mail.outbox
    (attached,) = sent.attachments
    file = ReportFile.objects.get()
    assert sent.to == ["a@example.com", "b@example.com"] and attached[0] == file.name
    assert ";'=Ben Clarke;" in str(attached[1]) and b";=Ben Clarke;" in bytes(file.content or b"")
    assert sent.extra_headers["Message-ID"] == f"<{file.name}.target{target.pk}@localhost>"


def test_s3_takes_it_through_an_account(made: Report, simulated: Simulators):
    made.targets.all().delete()
    account = AccountFactory(
        provider="aws_s3", name="Storage",
        properties={"access_key_id": "AKIADEMOSTORAGE00001", "s3_bucket": "demo-recordings", "key_prefix": "calls/"},
        secrets={"secret_key": "demo-storage-secret-key-0123456789abcdef"},
    )  # fmt: skip
    target = ReportTarget.objects.create(report=made, kind="s3", account=account, folder="reports")
    verdict = delivery.examine(target)
    assert verdict.ok, verdict
    ask(made)
    tasks.work_on_reports()
    row, file = ReportDelivery.objects.get(), ReportFile.objects.get()
    assert row.state == "delivered", row.last_words
    with account.connect().open(f"calls/reports/{file.name}") as stored:  # type: ignore[attr-defined]
        assert b"".join(stored.pieces) == bytes(file.content or b"")


# -- asking


def test_a_range_of_days_is_one_run_each_and_days_that_are_not_over_are_refused(made: Report):
    assert len(runs.ask(made, DAY, DAY + timedelta(days=2), "admin", deliver=False)) == 3
    runs.work()
    assert (ReportFile.objects.count(), ReportDelivery.objects.count()) == (3, 0)
    today = timezone.now().date()
    for first, last, words in (
        (DAY, DAY - timedelta(days=1), "before"),
        (DAY, DAY + timedelta(days=200), "At most"),
        (today, today, "not over"),
    ):
        with pytest.raises(runs.NotPossible, match=words):
            runs.ask(made, first, last, "admin", deliver=True)


def test_contents_go_after_a_month_and_what_is_on_its_way_stays(made: Report):
    for _ in range(2):
        ask(made)
    runs.work()
    ReportFile.objects.update(created_at=timezone.now() - timedelta(days=40))
    done, waiting = ReportFile.objects.order_by("id")
    done.deliveries.update(state="delivered")
    runs.prune()
    done.refresh_from_db()
    waiting.refresh_from_db()
    assert done.content is None and done.sha256 and waiting.content is not None
    assert delivery.again(done.run) == 0


def test_an_interval_of_a_continuous_report_has_its_rows_only(made: Report):
    start = at("03:00")
    run = ReportRun.objects.create(report=made, key="interval:1", reason="interval", day=DAY, start=start)
    runs.work()
    file = run.files.get()
    assert file.name == "queue_interval_demo_20260329T0100Z_01.csv" and file.rows == 2
    whole = runs.written(made, DAY)[0].content
    assert bytes(file.content or b"") in whole
