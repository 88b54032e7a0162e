"""Scheduled reports: their definition, where they go, what was made of them and what became of it."""

from datetime import time
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _t

from integrations.fields import EncryptedField
from integrations.leases import Leasable
from integrations.models import IntegrationAccount

from .services import Service

SMALLEST_FILE = 10_000  # bytes that a limited file may have at least
LONGEST_DELAY = 2880  # minutes, as at Calabrio


class Kind(models.TextChoices):
    QUEUE = "queue_interval", _t("Queues per interval")
    AGENT_QUEUE = "agent_queue_interval", _t("Agents in queues per interval")
    AGENT = "agent_performance_interval", _t("Agent performance per interval")
    AGENT_DAY = "agent_performance_daily", _t("Agent performance per day")


class Attribution(models.TextChoices):
    ARRIVAL = "arrival", _t("When it arrived")
    END = "end", _t("When it ended")


class Mode(models.TextChoices):
    DAILY = "daily", _t("Once a day, for the day before")
    CONTINUOUS = "continuous", _t("After every interval")
    ON_DEMAND = "on_demand", _t("Only when somebody asks")


def zone_exists(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_t('"%(name)s" is not a time zone. Example: Europe/Berlin.') % {"name": name})


class Layout(models.Model):
    """How a file looks. The defaults are Calabrio's (Teleopti's) rules for historical data files."""

    class Delimiter(models.TextChoices):
        SEMICOLON = ";", _t("Semicolon ;")
        COMMA = ",", _t("Comma ,")
        TAB = "\t", _t("Tab")
        PIPE = "|", _t("Pipe |")

    class LineEnd(models.TextChoices):
        CRLF = "crlf", "CRLF (Windows)"
        LF = "lf", "LF (Unix)"

    class DateFormat(models.TextChoices):
        PLAIN = "%Y%m%d", "20260329"
        ISO = "%Y-%m-%d", "2026-03-29"
        GERMAN = "%d.%m.%Y", "29.03.2026"
        AMERICAN = "%m/%d/%Y", "03/29/2026"

    class Start(models.TextChoices):
        LOCAL = "local", _t("Date and time")
        LOCAL_AND_UTC = "local_utc", _t("Date and time, and UTC as the last column")
        UTC = "utc", _t("One UTC timestamp instead of date and time")

    class FileName(models.TextChoices):
        UNIQUE = "unique", "queue_interval_demo_20260329T0000Z_01.csv"
        NICE_IEX = "nice_iex", "History-2603290015.txt"
        CT_QUEUE = "ct_queue", "ctQueue_032926_0015.txt"

    class Ids(models.TextChoices):
        NUMBER = "number", _t("Numbers")
        CODE = "code", _t("Code of the queue, log-in of the agent")
        EMPLOYEE = "employee", _t("Code of the queue, employee id of the agent")

    delimiter = models.CharField(max_length=1, choices=Delimiter.choices, default=Delimiter.SEMICOLON)
    header = models.BooleanField(default=False)
    date_format = models.CharField(max_length=10, choices=DateFormat.choices, default=DateFormat.PLAIN)
    start_columns = models.CharField(max_length=10, choices=Start.choices, default=Start.LOCAL)
    decimal_separator = models.CharField(max_length=1, choices=[(".", "."), (",", ",")], default=".")
    decimals = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(3)])
    line_end = models.CharField(max_length=4, choices=LineEnd.choices, default=LineEnd.CRLF)
    byte_order_mark = models.BooleanField(default=False)
    ids = models.CharField(max_length=8, choices=Ids.choices, default=Ids.NUMBER)
    file_name = models.CharField(max_length=8, choices=FileName.choices, default=FileName.UNIQUE)
    largest_file = models.PositiveIntegerField(
        default=0, help_text="Bytes; a longer report is cut into several files. 0: no limit."
    )

    class Meta:
        abstract = True


class Report(Layout):
    """One report that somebody defined."""

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=32, choices=Kind.choices, default=Kind.QUEUE)
    account_name = models.CharField(
        max_length=40, validators=[RegexValidator(r"^[A-Za-z0-9-]+$", _t("Only letters, digits and hyphens."))]
    )
    time_zone = models.CharField(max_length=64, default="UTC", validators=[zone_exists])
    interval = models.PositiveSmallIntegerField(
        choices=[(15, _t("15 minutes")), (30, _t("30 minutes")), (60, _t("60 minutes"))], default=15
    )
    services = models.ManyToManyField(Service, blank=True, related_name="+")
    attribution = models.CharField(max_length=8, choices=Attribution.choices, default=Attribution.ARRIVAL)
    zero_rows = models.BooleanField(default=True)
    short_abandon_seconds = models.PositiveSmallIntegerField(default=5, validators=[MaxValueValidator(300)])
    enabled = models.BooleanField(default=True)
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.DAILY)
    run_time = models.TimeField(default=time(0, 0))
    run_time_zone = models.CharField(max_length=64, default="UTC", validators=[zone_exists])
    delay_minutes = models.PositiveSmallIntegerField(default=30, validators=[MaxValueValidator(LONGEST_DELAY)])
    nightly_rebuild = models.BooleanField(default=True)
    # What is to be scheduled next: everything before has its run.
    next_day = models.DateField(null=True, editable=False)
    next_interval = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name = "report"
        verbose_name_plural = "scheduled reports"

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def clean(self) -> None:
        if self.kind == Kind.AGENT_DAY and self.mode == Mode.CONTINUOUS:
            raise ValidationError(
                {"mode": _t("A report per day cannot be sent after every interval. Choose once a day.")}
            )
        if 0 < self.largest_file < SMALLEST_FILE:
            raise ValidationError(
                {"largest_file": _t("A report would become thousands of files. Enter 0, or 10000 at least.")}
            )
        if self.decimals and self.decimal_separator == self.delimiter:
            raise ValidationError(
                {"decimal_separator": _t("The same sign cannot separate columns and decimals. Choose another one.")}
            )

    def layout(self) -> dict[str, Any]:
        """The layout as it is now, to be kept with what is made by it."""
        return {field.name: getattr(self, field.name) for field in Layout._meta.get_fields()}


class ReportTarget(models.Model):
    """Where the files of a report go."""

    class Kind(models.TextChoices):
        SFTP = "sftp", "SFTP"
        FTPS = "ftps", "FTPS"
        FTP = "ftp", _t("FTP (not encrypted)")
        PUT = "put", "HTTPS PUT"
        S3 = "s3", "S3"
        EMAIL = "email", _t("E-mail")
        FOLDER = "folder", _t("Folder on the server")

    report = models.ForeignKey(Report, models.CASCADE, related_name="targets")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    enabled = models.BooleanField(default=True)
    host = models.CharField(max_length=253, blank=True)
    port = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(65_535)]
    )
    user_name = models.CharField(max_length=120, blank=True)
    folder = models.CharField(max_length=300, blank=True)
    # HTTPS PUT: the address of the folder, and how the token travels.
    url = models.CharField(max_length=500, blank=True)
    token_header = models.CharField(max_length=80, default="Authorization")
    token_scheme = models.CharField(max_length=40, default="Bearer", blank=True)
    # {"password", "private_key", "passphrase", "token"}
    secrets = EncryptedField()
    # SFTP: the accepted key as "type base64", and the one that was last seen while it is not accepted.
    host_key = models.TextField(blank=True, editable=False)
    seen_host_key = models.TextField(blank=True, editable=False)
    ca_certificate = models.TextField(blank=True)
    addresses = models.TextField(blank=True)
    account = models.ForeignKey(IntegrationAccount, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["id"]
        verbose_name = "report target"

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.where}".strip()

    @property
    def where(self) -> str:
        """The place in one line, without secrets."""
        if self.kind == self.Kind.EMAIL:
            return ", ".join(self.addresses.split())
        if self.kind == self.Kind.S3:
            return f"{self.account.name}: {self.folder}" if self.account else self.folder
        if self.kind == self.Kind.FOLDER:
            return self.folder or "."
        if self.kind == self.Kind.PUT:
            return self.url
        return f"{self.host}/{self.folder.lstrip('/')}"


class ReportRoster(models.Model):
    """Who belonged where on a day, as it was known when the first report about it was made. Days end at other moments
    in other time zones, so each has its own."""

    day = models.DateField()
    zone = models.CharField(max_length=64)
    content = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "zone"], name="report_roster_once")]

    def __str__(self) -> str:
        return str(self.day)


class ReportRun(Leasable):
    """One making of a report for one window. `key` makes what two schedulers ask for one run."""

    class Reason(models.TextChoices):
        DAILY = "daily", _t("Daily")
        INTERVAL = "interval", _t("Interval")
        REBUILD = "rebuild", _t("Nightly rebuild")
        ASKED = "asked", _t("On demand")

    class State(models.TextChoices):
        WAITING = "waiting", _t("Waiting")
        DONE = "done", _t("Made")
        FAILED = "failed", _t("Needs attention")

    report = models.ForeignKey(Report, models.CASCADE, related_name="runs")
    key = models.CharField(max_length=80)
    reason = models.CharField(max_length=8, choices=Reason.choices)
    day = models.DateField(help_text="Local date of the window.")
    start = models.DateTimeField(null=True, help_text="Of one interval; empty: the whole day.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    layout = models.JSONField(default=dict)
    asked_by = models.CharField(max_length=150, blank=True)
    deliver = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["report", "key"], name="report_run_once")]
        indexes = [models.Index(fields=["id"], name="report_runs_waiting", condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.report}, {self.day}"


class ReportFile(models.Model):
    """What was made. `content` goes after a month, what is known of it stays."""

    run = models.ForeignKey(ReportRun, models.CASCADE, related_name="files")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120, unique=True)
    content = models.BinaryField(null=True)
    size = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    # When the same bytes were made for the same window for the first time; empty: they are new.
    unchanged_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["run", "number"]

    def __str__(self) -> str:
        return self.name


class ReportDelivery(Leasable):
    """One file on its way to one target."""

    class State(models.TextChoices):
        WAITING = "waiting", _t("Waiting")
        DELIVERED = "delivered", _t("Delivered")
        STUCK = "stuck", _t("Needs attention")

    file = models.ForeignKey(ReportFile, models.CASCADE, related_name="deliveries")
    target = models.ForeignKey(ReportTarget, models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    give_up_at = models.DateTimeField()
    last_words = models.TextField(blank=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "report deliveries"
        constraints = [models.UniqueConstraint(fields=["file", "target"], name="report_delivery_once")]
        indexes = [models.Index(fields=["due_at"], name="report_deliveries_due", condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.file} > {self.target}"
