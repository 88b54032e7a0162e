"""Where each feed stands, what it did minute by minute, whom to tell of it, and the recorder's queue."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

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
    # What went out last, and what the receiver said to it beyond yes. `picture_at`: when the newest picture that
    # arrived was taken; agents whose state is younger are new to the receiver.
    last_kind = models.CharField(max_length=16, blank=True)
    last_agents = models.PositiveIntegerField(default=0)
    last_size = models.PositiveBigIntegerField(default=0)
    last_warning = models.TextField(blank=True)
    picture_at = models.DateTimeField(null=True)
    # Over TCP: the last 256 bytes that the receiver sent, as text.
    last_heard = models.TextField(blank=True)
    last_heard_at = models.DateTimeField(null=True)
    # The receiver has heard nothing since then: the last success, or the moment at which the account was enabled.
    quiet_since = models.DateTimeField(null=True)
    # Somebody was told, or is about to be told, that this feed fails.
    alerted = models.BooleanField(default=False)
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


class FeedMinute(models.Model):
    """What a feed did in one minute, counted up as it happens.

    The columns `within_...` count changes of agents' states by the seconds from the change to the wire; each counts
    what is above the column before it (`BOUNDS`). `gap_from` and `gap_until`: the last gap that ended in it."""

    BOUNDS: ClassVar[dict[str, float]] = {
        "within_half": 0.5, "within_1": 1, "within_2": 2, "within_3": 3, "within_5": 5, "within_8": 8,
        "within_10": 10, "within_12": 12, "within_15": 15, "within_20": 20, "within_30": 30, "within_60": 60,
        "within_120": 120, "within_600": 600,
    }  # fmt: skip

    feed = models.ForeignKey(FeedState, models.CASCADE, related_name="minutes")
    minute = models.DateTimeField()
    sent = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    connected = models.PositiveIntegerField(default=0)
    gap_seconds = models.FloatField(default=0)
    gap_from = models.DateTimeField(null=True)
    gap_until = models.DateTimeField(null=True)
    longest_delay = models.FloatField(default=0)
    within_half = models.PositiveIntegerField(default=0)
    within_1 = models.PositiveIntegerField(default=0)
    within_2 = models.PositiveIntegerField(default=0)
    within_3 = models.PositiveIntegerField(default=0)
    within_5 = models.PositiveIntegerField(default=0)
    within_8 = models.PositiveIntegerField(default=0)
    within_10 = models.PositiveIntegerField(default=0)
    within_12 = models.PositiveIntegerField(default=0)
    within_15 = models.PositiveIntegerField(default=0)
    within_20 = models.PositiveIntegerField(default=0)
    within_30 = models.PositiveIntegerField(default=0)
    within_60 = models.PositiveIntegerField(default=0)
    within_120 = models.PositiveIntegerField(default=0)
    within_600 = models.PositiveIntegerField(default=0)
    longer = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feed", "minute"], name="one_row_per_feed_and_minute")]
        indexes = [models.Index(fields=["minute"], name="feed_minutes_by_age")]

    def __str__(self) -> str:
        return f"Feed {self.feed_id} at {self.minute:%H:%M}"


class FeedAlert(Leasable):
    """Something about a feed that administrators are told by e-mail: that it fails, and that it works again."""

    account = models.ForeignKey(IntegrationAccount, models.CASCADE, related_name="feed_alerts")
    recovered = models.BooleanField(default=False)
    at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    quiet_since = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(told_at=None), name="feed_alerts_to_tell")]

    def __str__(self) -> str:
        return f"Feed of {self.account_id} {'works again' if self.recovered else 'fails'}"


class StateNumbering(models.Model):
    """One row: the last number that was given to a change of an agent's state, and the last one that is not kept any
    more. Whoever gives numbers holds the row meanwhile."""

    last = models.PositiveBigIntegerField(default=0)
    forgotten = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.forgotten} to {self.last}"


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


class RefusedEvent(models.Model):
    """An event that a recorder refused for good, and why. The newest of each feed are kept, for its page."""

    KEPT: ClassVar[int] = 100

    feed = models.ForeignKey(FeedState, models.CASCADE, related_name="refused_events")
    event_id = models.CharField(max_length=40)
    type = models.CharField(max_length=24)
    at = models.DateTimeField()
    # Whom or what it was about: the call's id or the agent's log-in.
    about = models.CharField(max_length=200, blank=True)
    reason = models.TextField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
