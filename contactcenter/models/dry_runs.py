"""Dry runs of scenarios, and those that were saved as tests."""

from typing import Any

from django.conf import settings
from django.db import models

from .scenarios import Scenario


class DryRun(models.Model):
    """A run that was tried: what was put in and the story that came out. The newest of each scenario are kept."""

    scenario = models.ForeignKey(Scenario, models.CASCADE, related_name="dry_runs")
    # The version that was tried; 0 is the working copy.
    version = models.PositiveIntegerField(default=0)
    call = models.JSONField(default=dict)
    # Where answers came from: "simulated", "run:<id>" or "interaction:<public id>".
    answers = models.CharField(max_length=60, default="simulated")
    story = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Dry run {self.pk}"


class ScenarioTest(models.Model):
    """A dry run to be repeated, with the facts that must stay equal. See `scenarios.dry_run.saved`."""

    scenario = models.ForeignKey(Scenario, models.CASCADE, related_name="tests")
    name = models.CharField(max_length=120)
    call = models.JSONField(default=dict)
    compare = models.JSONField(default=list)
    expected = models.JSONField(default=dict)
    # None: simulators answer.
    recorded = models.JSONField(null=True)
    simulated = models.BooleanField(default=True)
    last_ok = models.BooleanField(null=True)
    last_result = models.JSONField(default=dict)
    last_run_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]
        verbose_name = "saved test of a scenario"
        verbose_name_plural = "saved tests of scenarios"
        constraints = [models.UniqueConstraint(fields=["scenario", "name"], name="scenario_test_once")]

    def __str__(self) -> str:
        return self.name

    def to_json(self) -> dict[str, Any]:
        """What a file holds, the scenario's name aside."""
        return {
            "name": self.name, "call": self.call, "compare": self.compare, "expected": self.expected,
            "simulated": self.simulated, "recorded": self.recorded,
        }  # fmt: skip
