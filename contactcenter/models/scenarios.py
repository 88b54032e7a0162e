"""Scenarios: flows as data, their versions, and what each run did."""

from django.core.exceptions import ValidationError
from django.db import models

from integrations.leases import Leasable

from .interactions import Interaction


def empty_definition() -> dict[str, object]:
    return {"start": "", "blocks": []}


class Scenario(models.Model):
    """A flow. The working copy is `definition`; interactions run the latest published version."""

    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True)
    definition = models.JSONField(default=empty_definition)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        from contactcenter.scenarios.definition import problems

        found = problems(self.definition, scenario=self.name)
        if found:
            raise ValidationError({"definition": found})

    def publish(self) -> "ScenarioVersion":
        """The version that runs from now on: the present definition, or the latest version where nothing changed."""
        latest = self.versions.order_by("-number").first()
        if latest and latest.definition == self.definition:
            return latest
        return self.versions.create(number=(latest.number if latest else 0) + 1, definition=self.definition)


class ScenarioVersion(models.Model):
    """What a scenario was when it was published. Never changed: an interaction keeps the version it began with."""

    scenario = models.ForeignKey(Scenario, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    published_at = models.DateTimeField(auto_now_add=True)

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
