"""Imports into calling lists and exports of their results: rows that say how far each has come."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations.leases import Leasable

from .lists import CallingList


class ListRun(Leasable):
    """Work on a list that goes on by pages, in whichever worker holds the lease. What is stored here and in the rows
    is all that a worker needs to go on where another one died."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Not started"
        OPEN = "open", "Under way"
        DONE = "done", "Done"
        STUCK = "stuck", "Needs attention"
        STOPPED = "stopped", "Stopped"

    status = models.CharField(max_length=8, choices=Status.choices, default=Status.DRAFT)
    asked_by = models.CharField(max_length=150, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)  # failures in a row
    error = models.TextField(blank=True)
    cause = models.CharField(max_length=24, blank=True)
    total = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        ordering = ["-id"]


class ListImport(ListRun):
    calling_list = models.ForeignKey(CallingList, models.CASCADE, related_name="imports")
    source = models.CharField(max_length=8, choices=CallingList.Source.choices)
    query = models.TextField(blank=True)
    campaign_id = models.CharField(max_length=64, blank=True)
    campaign_name = models.CharField(max_length=200, blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    # How the file was read: {"encoding", "separator"}
    file_facts = models.JSONField(default=dict, blank=True)
    columns = models.JSONField(default=list, blank=True)
    # The first rows, each a list of values in the order of the columns.
    preview = models.JSONField(default=list, blank=True)
    mapping = models.JSONField(default=dict, blank=True)
    cursor = models.TextField(blank=True)
    restarts = models.PositiveSmallIntegerField(default=0)
    read = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    # Of the refused: reason -> how many.
    reasons = models.JSONField(default=dict, blank=True)

    class Meta(ListRun.Meta):
        verbose_name = "list import"
        constraints = [
            models.UniqueConstraint(fields=["calling_list"], condition=Q(status="open"), name="one_open_list_import")
        ]

    def __str__(self) -> str:
        return self.campaign_name or self.file_name or self.get_source_display()


class ListFilePart(models.Model):
    """Some rows of an uploaded file, so that any worker on any machine can go on with it.

    `rows` is [[number of the row in the file, [values]], ...]."""

    run = models.ForeignKey(ListImport, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    rows = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="list_file_part_once")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number}"


class RefusedRow(models.Model):
    """A row that was not taken into the list, and why."""

    run = models.ForeignKey(ListImport, models.CASCADE, related_name="refused_rows")
    number = models.PositiveIntegerField()
    values = models.JSONField(default=list)
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Row {self.number}"


class ListExport(ListRun):
    calling_list = models.ForeignKey(CallingList, models.CASCADE, related_name="exports")
    automatic = models.BooleanField(default=False)
    # The job at the vendor that is under way, and what it is about ("results", "statuses").
    job = models.CharField(max_length=64, blank=True)
    job_about = models.CharField(max_length=8, blank=True)
    bulk = models.BooleanField(default=False)
    written = models.PositiveIntegerField(default=0)
    statuses_set = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta(ListRun.Meta):
        verbose_name = "list export"
        constraints = [
            models.UniqueConstraint(fields=["calling_list"], condition=Q(status="open"), name="one_open_list_export")
        ]

    def __str__(self) -> str:
        return f"Export {self.pk}"
