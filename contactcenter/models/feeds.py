"""Where each feed stands, and the recorder's queue."""

from django.db import models

from integrations.leases import Leasable
from integrations.models import IntegrationAccount


class FeedState(Leasable):
    """One row per feeding account. `due_at` moves by the interval without drift; missed ticks are dropped."""

    account = models.OneToOneField(IntegrationAccount, models.CASCADE, related_name="feed")
    due_at = models.DateTimeField(db_index=True)
    # The interval that `due_at` was computed with, and when: an account saved later is planned again. 0: no ticks.
    interval = models.FloatField(default=0)
    planned_at = models.DateTimeField(null=True)
    sequence = models.PositiveBigIntegerField(default=0)
    sent = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    skipped = models.PositiveBigIntegerField(default=0)
    consecutive_failures = models.PositiveIntegerField(default=0)
    last_sent_at = models.DateTimeField(null=True)
    last_failed_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    # Recording feeds only. Open: a session.start was queued, so events may follow it. Stopped: the receiver refuses our
    # credentials, and only keep-alives go on. Then when the head of the queue may be tried again, when the dispatcher
    # last gave the queue to a worker, and whether whoever sends from it has to send a keep-alive in between.
    session_open = models.BooleanField(default=False)
    stopped = models.BooleanField(default=False)
    handed_out_at = models.DateTimeField(null=True)
    keep_alive_due = models.BooleanField(default=False)
    retry_at = models.DateTimeField(null=True)
    retries = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"Feed of {self.account_id}"


class RecordingQueueItem(models.Model):
    """An event on its way to a recorder, in order of id. `event_id` is the receiver's key for duplicates."""

    account = models.ForeignKey(IntegrationAccount, models.CASCADE, related_name="recording_queue")
    event_id = models.CharField(max_length=40, unique=True)
    type = models.CharField(max_length=24)
    at = models.DateTimeField()
    body = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["account", "id"], name="recording_queue_of_account")]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
