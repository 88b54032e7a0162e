"""Scenarios: flows as data, their versions, and what each run did."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction

from integrations.leases import Leasable

from .interactions import Interaction


def empty_definition() -> dict[str, object]:
    return {"start": "", "blocks": []}


class Scenario(models.Model):
    """A flow. The working copy is `definition`, which may be unfinished; interactions run the latest published version,
    which never is."""

    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True)
    definition = models.JSONField(default=empty_definition)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """A draft may have problems, but every screen must be able to show it."""
        from contactcenter.scenarios.definition import unfit

        fault = unfit(self.definition)
        if fault:
            raise ValidationError({"definition": fault})

    def publish(self, *, by: Any = None, note: str = "") -> "ScenarioVersion":
        """The version that runs from now on: the working copy, or the latest version where nothing changed.

        Raises `ValidationError` with the problems of a working copy that is not finished."""
        return self.publish_definition(self.definition, by=by, note=note)

    def publish_definition(self, definition: dict[str, object], *, by: Any = None, note: str = "") -> "ScenarioVersion":
        """The same for any definition, such as that of an older version. The working copy stays as it is."""
        from contactcenter.scenarios.definition import problems

        found = problems(definition, scenario=self.name)
        if found:
            raise ValidationError(found)
        with transaction.atomic():
            Scenario.objects.select_for_update().get(pk=self.pk)  # two who publish at once take turns
            latest = self.versions.order_by("-number").first()
            if latest and latest.definition == definition:
                return latest
            number = latest.number + 1 if latest else 1
            return self.versions.create(number=number, definition=definition, published_by=by, note=note)


class ScenarioVersion(models.Model):
    """What a scenario was when it was published. Never changed: an interaction keeps the version it began with."""

    scenario = models.ForeignKey(Scenario, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    published_at = models.DateTimeField(auto_now_add=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["scenario", "number"], name="scenario_version_once")]

    def __str__(self) -> str:
        return f"{self.scenario} v{self.number}"


class ScenarioRun(Leasable):
    """A scenario at work for one interaction. All it knows is here, so any worker can go on after a crash."""

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        WAITING = "waiting", "Waiting"
        FINISHED = "finished", "Finished"
        FAILED = "failed", "Failed"

    interaction = models.OneToOneField(Interaction, models.CASCADE, related_name="run")
    version = models.ForeignKey(ScenarioVersion, models.PROTECT)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.RUNNING)
    block = models.CharField(max_length=60, blank=True, help_text="The block to run next, or that waits.")
    variables = models.JSONField(default=dict)
    # How far into the interaction's events the waiting block has looked.
    cursor = models.PositiveBigIntegerField(default=0)
    # When the wait of the block ends, or ended last; None: it waits for events alone.
    due_at = models.DateTimeField(null=True)
    steps_taken = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["status", "leased_until"],
                name="runs_open",
                condition=~models.Q(status__in=["finished", "failed"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} for {self.interaction_id}"


class ScenarioStep(models.Model):
    """One block as it ran: resolved settings, what came back, the exit taken, how long it took."""

    run = models.ForeignKey(ScenarioRun, models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    # The version that the block belongs to, where it is not the run's own: a scenario that another one has started.
    version = models.ForeignKey(ScenarioVersion, models.PROTECT, null=True, related_name="+")
    block = models.CharField(max_length=60)
    kind = models.CharField(max_length=40)
    settings = models.JSONField(default=dict)
    outcome = models.JSONField(default=dict)
    exit = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)
    duration_ms = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="scenario_step_once")]

    def __str__(self) -> str:
        return f"{self.number} {self.kind} -> {self.exit}"


class ScenarioRequest(models.Model):
    """A request of a block that must not be sent twice: the row is there before it leaves, its answer comes after."""

    run = models.ForeignKey(ScenarioRun, models.CASCADE, related_name="requests")
    key = models.CharField(max_length=160, unique=True)
    sent_at = models.DateTimeField(auto_now_add=True)
    # {"status", "body"}; None: nobody knows what came of it.
    answer = models.JSONField(null=True)

    def __str__(self) -> str:
        return self.key
