"""The pages of reports: define, preview before saving, make past days, download, deliver again, test a target."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contactcenter import tasks
from contactcenter.admin.groups import ensure_supervisors
from contactcenter.admin.report_forms import HELP, ReportForm
from contactcenter.models import Report, ReportDelivery, ReportFile, ReportRun, ReportTarget, Service
from tests.contactcenter.interval_reports.day import DAY, report, small_day
from tests.factories import ServiceFactory, UserFactory
from tests.file_servers import openssh

pytestmark = pytest.mark.django_db(transaction=True)
ADD = "/admin/contactcenter/report/add/"
CANARY = "canary-sftp-password-4711"


def values(**changes: Any) -> dict[str, Any]:
    """What the form of a new report sends, with its own first values."""
    form = ReportForm()
    sent = {name: field.initial for name, field in form.fields.items()} | form.initial
    sent = {name: value for name, value in sent.items() if value is not None and value is not False}
    sent |= {"name": "Queues", "account_name": "demo", "time_zone": "Europe/Berlin", "run_time": "00:00"}
    return {**sent, "run_time_zone": "UTC", **changes}


def test_every_field_is_explained():
    form = ReportForm()
    assert {name for name, field in form.fields.items() if not field.help_text} == set()
    assert set(HELP) <= set(form.fields)


def test_a_report_is_defined_and_begins_with_today(console: Client):
    answer = console.post(ADD, values(), follow=True)
    made = Report.objects.get()
    assert answer.status_code == 200 and made.interval == 15 and made.delimiter == ";" and not made.header
    assert made.next_day is not None and made.next_interval is not None
    assert "Download only" in answer.content.decode()


def test_a_preset_fills_in_the_receivers_rules(console: Client):
    page = console.get(f"{ADD}?preset=eleveo").content.decode()
    assert 'value="2000000"' in page and '<option value="," selected>' in page
    assert '<option value="utc" selected>' in page


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"delay_minutes": "2881"}, "delay_minutes", "2880"),
        ({"account_name": "a b"}, "account_name", "Only letters"),
        ({"kind": "agent_performance_daily", "mode": "continuous"}, "mode", "after every interval"),
        ({"largest_file": "9999"}, "largest_file", "10000"),
        ({"decimals": "2", "delimiter": ",", "decimal_separator": ","}, "decimal_separator", "same sign"),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_nothing_typed_is_lost(
    console: Client, changes: dict[str, str], field: str, words: str
):
    answer = console.post(ADD, values(name="Typed name", **changes))
    assert words in str(answer.context["adminform"].form.errors[field])
    assert "Typed name" in answer.content.decode() and not Report.objects.exists()


def test_switching_on_again_begins_with_today_and_makes_up_for_nothing(console: Client):
    made = report(mode="daily", enabled=False)
    url = reverse("admin:contactcenter_report_change", args=[made.pk])
    console.post(url, values(enabled="on"))
    made.refresh_from_db()
    assert made.enabled and made.next_day is not None and made.next_day >= timezone.now().date()


# -- the preview


def test_a_preview_shows_the_first_rows_before_anything_is_saved(console: Client):
    support, _sales = small_day()
    page = console.post("/admin/contactcenter/report/preview/", values(preview_day=str(DAY))).content.decode()
    assert "offd_direct_call_cnt" in page and "<td>Support</td>" in page
    assert f"15;20260329;01:00;{support.pk};Support;1;0;0;0;1;12;0;600;30;12;0;1;1;612;0;0" in page
    assert "184 rows in 92 intervals" in page and "23 hours" in page
    assert not Report.objects.exists()


def test_a_preview_of_chosen_queues_and_of_wrong_values(console: Client):
    _support, sales = small_day()
    url = "/admin/contactcenter/report/preview/"
    page = console.post(url, values(preview_day=str(DAY), services=[sales.pk])).content.decode()
    assert "<td>Support</td>" not in page and "Sales; Europe" in page
    assert "Only letters" in console.post(url, values(account_name="a b")).content.decode()
    tomorrow = timezone.now().date() + timedelta(days=2)
    assert "No interval of" in console.post(url, values(preview_day=str(tomorrow))).content.decode()
    for day in ("nonsense", "0001-01-01", "9999-12-31"):
        assert console.post(url, values(preview_day=day)).status_code == 200
    assert console.get(url).status_code == 405


# -- runs and files


@pytest.fixture
def made(tmp_path: Path, settings: Any) -> Report:
    settings.REPORTS_ROOT = str(tmp_path)
    small_day()
    found = report(kind="agent_performance_daily")
    ReportTarget.objects.create(report=found, kind="folder", folder="out")
    return found


def test_past_days_are_made_shown_downloaded_and_delivered_again(console: Client, made: Report, tmp_path: Path):
    url = reverse("admin:contactcenter_report_runs", args=[made.pk])
    last = DAY + timedelta(days=1)
    console.post(url, {"first": str(DAY), "last": str(last), "deliver": "on"})
    assert 'data-live="' in console.get(url).content.decode()
    tasks.work_on_reports()
    page = console.get(url).content.decode()
    file = ReportFile.objects.order_by("id")[0]
    assert file.name in page and file.sha256 in page and "Delivered" in page and 'data-live="' not in page
    answer = console.get(reverse("admin:contactcenter_report_file", args=[made.pk, file.pk]))
    assert answer["Content-Disposition"] == f'attachment; filename="{file.name}"'
    assert b";'=Ben Clarke;" in answer.content
    (tmp_path / "out" / file.name).unlink()
    console.post(reverse("admin:contactcenter_report_runs_again", args=[made.pk, file.run_id]))
    tasks.work_on_reports()
    assert (tmp_path / "out" / file.name).read_bytes() == bytes(file.content or b"")
    console.post(url, {"first": str(DAY)})
    tasks.work_on_reports()
    assert "Unchanged since" in console.get(url).content.decode()


def test_days_that_are_not_over_are_refused_at_the_field(console: Client, made: Report):
    url = reverse("admin:contactcenter_report_runs", args=[made.pk])
    today = timezone.now().date() + timedelta(days=1)
    assert "is not over" in console.post(url, {"first": str(today)}).content.decode()
    assert "This field is required" in console.post(url, {}).content.decode()
    assert "is not over" in console.post(url, {"first": "9999-12-31"}).content.decode()
    assert "Nothing is known of days before" in console.post(url, {"first": "0001-01-01"}).content.decode()
    assert not ReportRun.objects.exists()


def test_a_run_that_failed_is_made_again(console: Client, made: Report):
    run = ReportRun.objects.create(report=made, key="x", reason="asked", day=DAY, state="failed", error="It broke.")
    assert "Could not be made" in console.get("/admin/contactcenter/report/").content.decode()
    console.post(reverse("admin:contactcenter_report_runs_again", args=[made.pk, run.pk]))
    tasks.work_on_reports()
    run.refresh_from_db()
    assert (run.state, run.error) == ("done", "")


def test_the_list_says_what_is_wrong(console: Client, made: Report):
    list_url = "/admin/contactcenter/report/"
    assert "In order" in console.get(list_url).content.decode()
    run = ReportRun.objects.create(report=made, key="x", reason="asked", day=DAY)
    tasks.work_on_reports()
    assert "In order" in console.get(list_url).content.decode()
    deliveries = ReportDelivery.objects.filter(file__run=run)
    deliveries.update(state="waiting", attempts=2, due_at=timezone.now() + timedelta(hours=1))
    assert "Delivery is tried again" in console.get(list_url).content.decode()
    deliveries.update(state="stuck")
    assert "Not delivered" in console.get(list_url).content.decode()


def test_supervisors_look_and_change_nothing(made: Report):
    user = UserFactory(is_staff=True)
    user.groups.add(ensure_supervisors())
    client = Client()
    client.force_login(user)
    url = reverse("admin:contactcenter_report_runs", args=[made.pk])
    assert client.get(url).status_code == 200 and "Make them" not in client.get(url).content.decode()
    assert client.get(reverse("admin:contactcenter_report_change", args=[made.pk])).status_code == 200
    assert client.post(url, {"first": str(DAY)}).status_code == 403
    assert client.post("/admin/contactcenter/report/preview/", values()).status_code == 403
    target = made.targets.get()
    assert client.post(reverse("admin:contactcenter_reporttarget_test", args=[target.pk])).status_code == 403


# -- targets


PUT = {"url": "https://files.example.com/reports/", "token_header": "Authorization", "token_scheme": "Bearer"}


def add_target(console: Client, made: Report, kind: str, **sent: Any) -> Any:
    return console.post(
        f"/admin/contactcenter/reporttarget/add/?report={made.pk}&kind={kind}", {"enabled": "on", **sent}
    )


def test_a_secret_goes_in_and_never_comes_out(console: Client, made: Report):
    add_target(console, made, "sftp", host="files.example.com", user_name="reports", password=CANARY)
    target = ReportTarget.objects.get(kind="sftp")
    assert target.secrets.reveal() == {"password": CANARY}
    url = reverse("admin:contactcenter_reporttarget_change", args=[target.pk])
    page = console.get(url).content.decode()
    assert CANARY not in page and "Stored" in page
    console.post(url, {"enabled": "on", "host": "files.example.com", "user_name": "other"})
    target.refresh_from_db()
    assert (target.user_name, target.secrets.reveal()) == ("other", {"password": CANARY})
    changes = str(list(LogEntry.objects.get_for_object(target).values_list("changes", flat=True)))
    assert "other" in changes and CANARY not in changes and "v1:" not in changes
    console.post(url, {"enabled": "on", "host": "files.example.com", "user_name": "other", "password-clear": "1"})
    target.refresh_from_db()
    assert target.secrets.reveal() == {}
    for page_url in ("/admin/contactcenter/report/", reverse("admin:contactcenter_report_change", args=[made.pk])):
        assert CANARY not in console.get(page_url).content.decode()


@pytest.mark.parametrize(
    ("kind", "sent", "words"),
    [
        ("sftp", {"host": "not a host", "user_name": "x"}, "not a host name"),
        ("sftp", {"host": "h", "user_name": "x", "private_key": "ssh-rsa AAAA"}, "no private key"),
        ("sftp", {"host": "h"}, "required"),
        ("ftps", {"host": "h", "user_name": "x", "ca_certificate": "nonsense"}, "PEM"),
        ("put", {**PUT, "url": "http://files.example.com"}, "must begin with https"),
        ("put", {**PUT, "url": "https://files.example.com/a?sig=1"}, "and what follows"),
        ("put", {**PUT, "token_header": "If-None-Match"}, "cannot travel in this header"),
        ("put", {**PUT, "token": "t-1", "user_name": "wfm", "password": "p"}, "Either a token or a user name"),
        ("put", {**PUT, "user_name": "wfm"}, "needs its password"),
        ("put", {**PUT, "user_name": "a:b", "password": "p"}, "cannot hold a colon"),
        ("put", {**PUT, "ca_certificate": "nonsense"}, "PEM"),
        ("email", {"addresses": "a@example.com nobody"}, "nobody"),
        ("email", {"addresses": ""}, "At least one"),
        ("folder", {"folder": "../../etc"}, "below the allowed root"),
        ("s3", {"folder": "x"}, "required"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    console: Client, made: Report, kind: str, sent: dict[str, str], words: str
):
    answer = add_target(console, made, kind, **sent)
    assert answer.status_code == 200 and words in answer.content.decode()
    assert ReportTarget.objects.count() == 1


def test_a_token_gives_way_to_a_user_name_only_when_it_is_cleared(console: Client, made: Report):
    add_target(console, made, "put", **PUT, token=CANARY)
    target = ReportTarget.objects.get(kind="put")
    assert (target.url, target.secrets.reveal()) == ("https://files.example.com/reports", {"token": CANARY})
    url = reverse("admin:contactcenter_reporttarget_change", args=[target.pk])
    assert CANARY not in console.get(url).content.decode()
    sent = {"enabled": "on", **PUT, "user_name": "wfm", "password": "secret"}
    assert "Either a token" in console.post(url, sent).content.decode()
    console.post(url, {**sent, "token-clear": "1"})
    target.refresh_from_db()
    assert (target.user_name, target.secrets.reveal()) == ("wfm", {"password": "secret"})


def test_every_kind_has_its_form_and_ftp_its_warning(console: Client, made: Report):
    url = "/admin/contactcenter/reporttarget/add/"
    assert "not encrypted" in console.get(f"{url}?report={made.pk}&kind=ftp").content.decode()
    assert console.get(f"{url}?report={made.pk}&kind=nonsense").status_code == 404
    assert console.get(url).status_code == 404


@pytest.mark.openssh
def test_a_host_key_is_shown_accepted_and_refused_when_it_changes(
    console: Client, made: Report, tmp_path: Path, settings: Any
):
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with openssh(tmp_path / "first") as server:
        sent = {"host": "127.0.0.1", "port": server.port, "user_name": server.user, "folder": str(server.files)}
        add_target(console, made, "sftp", private_key=server.key, **sent)
        target = ReportTarget.objects.get(kind="sftp")
        test = reverse("admin:contactcenter_reporttarget_test", args=[target.pk])
        accept = reverse("admin:contactcenter_reporttarget_key", args=[target.pk])
        answer = console.post(test)
        shown = answer.context["seen_key"]
        assert shown.startswith("ssh-ed25519 SHA256:") and "Accept this key" in answer.content.decode()
        console.post(accept, {"fingerprint": "ssh-ed25519 SHA256:another"})
        target.refresh_from_db()
        assert target.host_key == ""
        console.post(accept, {"fingerprint": shown})
        answer = console.post(test)
        assert "Files can be delivered" in answer.content.decode()
        assert [step.state for step in answer.context["verdict"]["steps"]] == ["passed"] * 7
    with openssh(tmp_path / "second", port=server.port):
        page = console.post(test).content.decode()
        assert "The server shows another key" in page and "Files can be delivered" not in page
    states = [step.state for step in console.post(test).context["verdict"]["steps"]]  # nobody listens any more
    assert states[:2] == ["ahead", "failed"]


def test_another_server_needs_its_key_accepted_anew(console: Client, made: Report):
    target = ReportTarget.objects.create(report=made, kind="sftp", host="a", user_name="u", host_key="ssh-ed25519 AAAA")
    url = reverse("admin:contactcenter_reporttarget_change", args=[target.pk])
    console.post(url, {"enabled": "on", "host": "a", "user_name": "v"})
    target.refresh_from_db()
    assert target.host_key
    console.post(url, {"enabled": "on", "host": "b", "user_name": "v"})
    target.refresh_from_db()
    assert not target.host_key


def test_a_queue_stays_while_a_report_is_about_it_alone(console: Client):
    only, other = ServiceFactory(), ServiceFactory()
    report().services.set([only])
    page = f"/admin/contactcenter/service/{only.pk}/delete/"
    assert "about this queue alone" in console.get(page).content.decode()
    console.post(page, {"post": "yes"})
    assert Service.objects.filter(pk=only.pk).exists()
    report(name="Both").services.set([only, other])
    console.post(f"/admin/contactcenter/service/{other.pk}/delete/", {"post": "yes"})
    assert not Service.objects.filter(pk=other.pk).exists()
