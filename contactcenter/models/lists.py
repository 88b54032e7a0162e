"""Calling lists: whom agents call, one row for each person."""

import uuid
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations.models import IntegrationAccount

from .agents import Agent
from .interactions import Interaction
from .services import Disposition, Service


class CallingList(models.Model):
    """A list of people to call for a service. Where its rows came from last, and how, is remembered for the next
    import; `contactcenter.lists` fills it, hands its rows to agents and exports what came of the calls."""

    class Source(models.TextChoices):
        CAMPAIGN = "campaign", "Campaign"
        QUERY = "query", "Query"
        FILE = "file", "File"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80, unique=True)
    service = models.ForeignKey(
        Service, models.PROTECT, related_name="calling_lists", help_text="Its agents call the people of this list."
    )
    account = models.ForeignKey(
        IntegrationAccount, models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="Where people are read from and results are written to. Empty: a list from files.",
    )  # fmt: skip
    region = models.CharField(
        "Country", max_length=2, blank=True,
        help_text="Country (ISO code) of numbers without a country code. Empty: that of the contact centre.",
    )  # fmt: skip
    time_zone = models.CharField(
        max_length=64, blank=True,
        help_text="Of the people in the list, for example Europe/Berlin. Empty: that of the contact centre.",
    )  # fmt: skip
    calls_from = models.TimeField("Calls from", null=True, blank=True, help_text="Empty: at any hour.")
    calls_to = models.TimeField("Calls until", null=True, blank=True)
    most_attempts = models.PositiveSmallIntegerField(
        "Attempts", default=3, validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text="How often somebody is called who is not reached.",
    )  # fmt: skip
    retry_minutes = models.PositiveIntegerField(
        "Call again after (minutes)", default=60, validators=[MaxValueValidator(43_200)]
    )
    enabled = models.BooleanField(default=True, help_text="Agents see enabled lists.")
    export_minutes = models.PositiveIntegerField(
        "Export every (minutes)", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(10_080)],
        help_text="Writes new results by itself. Empty: only when you ask for it.",
    )  # fmt: skip
    export_due_at = models.DateTimeField(null=True, editable=False)
    source = models.CharField(max_length=8, choices=Source.choices, blank=True, editable=False)
    query = models.TextField(blank=True, editable=False)
    campaign_id = models.CharField(max_length=64, blank=True, editable=False)
    campaign_name = models.CharField(max_length=200, blank=True, editable=False)
    # {"phone": [columns, first choice first], "name": [columns], "columns": [what agents see]}
    mapping = models.JSONField(default=dict, blank=True, editable=False)
    # Disposition's code (empty: not reached) -> status of the campaign member.
    statuses = models.JSONField(default=dict, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.export_minutes:
            self.export_due_at = None
        elif self.export_due_at is None:
            self.export_due_at = timezone.now() + timedelta(minutes=self.export_minutes)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        if self.time_zone and self.time_zone not in available_timezones():
            raise ValidationError({"time_zone": f'"{self.time_zone}" is not a time zone. Example: Europe/Berlin.'})
        if (self.calls_from is None) != (self.calls_to is None):
            missing = "calls_from" if self.calls_from is None else "calls_to"
            raise ValidationError({missing: "Enter both times, or none."})
        if self.export_minutes and self.account is None:
            raise ValidationError({"export_minutes": "There is no account to write results to. Choose one first."})
        self.region = self.region.upper()
        if self.region and self.region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValidationError({"region": f'"{self.region}" is not a country code. Example: US, DE, JP.'})


class ListRow(models.Model):
    """One person of a list. `key` is the vendor's record ("Contact:003...") or, without one, the number ("tel:+1...").

    The outcome columns tell of the latest call; the calls themselves are interactions."""

    class State(models.TextChoices):
        TO_CALL = "to_call", "To call"
        IN_USE = "in_use", "In use"
        DONE = "done", "Done"
        DO_NOT_CALL = "do_not_call", "Do not call"

    class Export(models.TextChoices):
        NOTHING = "", "Nothing to export"
        WAITING = "waiting", "Not exported yet"
        QUEUED = "queued", "In an export"
        # The request left and its outcome is not known: looked for before anything is sent again.
        SENDING = "sending", "Being written"
        WRITTEN = "written", "Written, status to come"
        DONE = "done", "Exported"
        FAILED = "failed", "Refused"

    calling_list = models.ForeignKey(CallingList, models.CASCADE, related_name="rows")
    key = models.CharField(max_length=150, editable=False)
    number = models.CharField(max_length=60)
    e164 = models.CharField(max_length=60)
    name = models.CharField(max_length=200, blank=True)
    columns = models.JSONField(default=dict, blank=True)
    record_kind = models.CharField(max_length=80, blank=True)
    record_id = models.CharField(max_length=64, blank=True)
    campaign_id = models.CharField(max_length=64, blank=True)
    member_id = models.CharField(max_length=64, blank=True)
    added_by = models.ForeignKey("contactcenter.ListImport", models.SET_NULL, null=True, related_name="+")
    seen_by = models.ForeignKey("contactcenter.ListImport", models.SET_NULL, null=True, related_name="+")
    source_row = models.PositiveIntegerField(default=0)

    state = models.CharField(max_length=12, choices=State.choices, default=State.TO_CALL)
    due_at = models.DateTimeField(default=timezone.now)
    # Who has the row before their eyes: one row for each agent. `held_until` ends it unless they dial.
    holder = models.OneToOneField(Agent, models.SET_NULL, null=True, related_name="list_row")
    held_until = models.DateTimeField(null=True)
    interaction = models.ForeignKey(Interaction, models.SET_NULL, null=True, related_name="list_rows")

    disposition = models.ForeignKey(Disposition, models.SET_NULL, null=True, related_name="+")
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    reached = models.BooleanField(default=False)
    called_at = models.DateTimeField(null=True)
    talk_seconds = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    notes = models.TextField(blank=True)

    export_state = models.CharField(max_length=8, choices=Export.choices, default=Export.NOTHING, blank=True)
    export_error = models.TextField(blank=True)
    # What was written about the latest outcome; empty while nothing was.
    result_id = models.CharField(max_length=64, blank=True)
    export = models.ForeignKey("contactcenter.ListExport", models.SET_NULL, null=True, related_name="rows")

    class Meta:
        ordering = ["-id"]
        verbose_name = "list row"
        constraints = [models.UniqueConstraint(fields=["calling_list", "key"], name="list_row_once")]
        indexes = [
            models.Index(fields=["calling_list", "state", "due_at", "id"], name="list_rows_to_call"),
            models.Index(fields=["held_until"], name="list_rows_held", condition=Q(state="in_use")),
            models.Index(fields=["calling_list", "export_state", "id"], name="list_rows_to_export"),
        ]

    def __str__(self) -> str:
        return self.name or self.number

    @property
    def result_key(self) -> str:
        """Finds the written result of the latest call again at the vendor."""
        return f"list-{self.calling_list.public_id.hex[:16]}-{self.pk}-{self.attempts}"

    def is_held_by(self, agent: Agent, now: datetime | None = None) -> bool:
        moment = now or timezone.now()
        return self.holder_id == agent.pk and self.held_until is not None and self.held_until > moment
