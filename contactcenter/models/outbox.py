"""What must reach a CRM: a row before it is a request."""

from django.db import models
from django.db.models import Q

from integrations.leases import Leasable
from integrations.models import IntegrationAccount

from .interactions import Interaction


class OutboxEntry(Leasable):
    """One write to one record. Entries of the same `record_key` go in order; one writer: `contactcenter.activities`.

    `payload` may name results of earlier entries of the record as {"$ref": "<idempotency key>"}."""

    class Operation(models.TextChoices):
        CREATE = "create", "Create record"
        UPDATE = "update", "Update record"
        RELATE = "relate", "Relate records"
        DELETE = "delete", "Delete record"
        ACTIVITY = "activity", "Post activity"

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Being sent"
        DONE = "done", "Done"
        STUCK = "stuck", "Needs attention"
        DROPPED = "dropped", "Dropped"

    idempotency_key = models.CharField(max_length=160, unique=True)
    account = models.ForeignKey(IntegrationAccount, models.CASCADE, related_name="outbox")
    interaction = models.ForeignKey(Interaction, models.CASCADE, null=True, related_name="outbox")
    record_key = models.CharField(max_length=120, help_text="Entries with the same key are sent one after the other.")
    operation = models.CharField(max_length=10, choices=Operation.choices)
    payload = models.JSONField(default=dict)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    result = models.JSONField(default=dict, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    # Set before the request leaves: a row found with it and no outcome may have been carried out.
    sent_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    # Its attempts, oldest first: {"at", "ended", "outcome", "cause", "text", "status"}; see `outbox.delivery`.
    trail = models.JSONField(default=list, blank=True)
    last_error = models.TextField(blank=True)
    last_cause = models.CharField(max_length=24, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        verbose_name = "outbox entry"
        verbose_name_plural = "outbox entries"
        indexes = [
            models.Index(fields=["due_at"], name="outbox_due", condition=Q(status__in=["waiting", "sending"])),
            models.Index(fields=["record_key", "id"], name="outbox_of_record"),
            models.Index(
                fields=["account", "status", "due_at"],
                name="outbox_of_account",
                condition=Q(status__in=["waiting", "sending", "stuck"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_operation_display()} {self.record_key}"
