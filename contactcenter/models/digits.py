"""Digits that a caller is asked to press."""

from django.db import models

from .interactions import Interaction


class DigitRequest(models.Model):
    """What a scenario asks the telephone system to collect, and what came back. One writer: `contactcenter.digits`."""

    class Outcome(models.TextChoices):
        OPEN = "", "Open"
        COLLECTED = "collected", "Collected"
        NO_INPUT = "no_input", "No input"
        FAILED = "failed", "Failed"

    interaction = models.ForeignKey(Interaction, models.CASCADE, related_name="digit_requests")
    key = models.CharField(max_length=160, unique=True)
    prompt = models.TextField()
    max_digits = models.PositiveSmallIntegerField()
    terminator = models.CharField(max_length=1, blank=True)
    timeout_seconds = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    digits = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN, blank=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["expires_at"], name="digits_wanted", condition=models.Q(outcome=""))]

    def __str__(self) -> str:
        return f"{self.max_digits} digits"
