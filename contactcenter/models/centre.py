"""The contact centre itself: one row of settings."""

from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from integrations import catalogue


def default_enabled_types() -> list[str]:
    return []


class ContactCenter(models.Model):
    """Settings that hold for everybody. There is exactly one row; `ContactCenter.current()` reads or makes it."""

    name = models.CharField(max_length=120, default="Contact centre")
    tenant = models.SlugField(default="example", help_text="Short name used towards WFM and recording systems.")
    time_zone = models.CharField(max_length=64, default="UTC", help_text='For example "Europe/Berlin".')
    default_region = models.CharField(
        max_length=2, default="US", help_text="Country (ISO code) of phone numbers that come without a country code."
    )
    enabled_types = models.JSONField(
        "Additional account types",
        default=default_enabled_types,
        blank=True,
        help_text="Account types that stay hidden until they are ticked here.",
    )
    after_call_work_seconds = models.PositiveIntegerField(
        "After-call work (seconds)",
        default=120,
        help_text="After this time the agent's work is completed. 0 = no limit.",
    )
    answer_timeout_seconds = models.PositiveIntegerField(
        "Answer within (seconds)",
        default=20,
        validators=[MinValueValidator(5), MaxValueValidator(120)],
        help_text="An agent who does not answer in this time becomes Not Ready and the call goes on to the next.",
    )
    feed_alert_after = models.PositiveIntegerField(
        "Alert after failed updates",
        default=30,
        help_text=(
            "Those who may change accounts get an e-mail when so many updates of a feed have failed one after the "
            "other, and another one when it works again. 0 = nobody is told."
        ),
    )

    recordings_kept_days = models.PositiveIntegerField(
        "Keep recordings (days)",
        default=365,
        validators=[MaxValueValidator(36_500)],
        help_text=(
            "Recordings and transcripts are deleted after this time, in the storage too; that there was one stays "
            "known. 0 = kept until somebody deletes them."
        ),
    )

    class Meta:
        verbose_name = verbose_name_plural = "contact centre"

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)

    def clean(self) -> None:
        if self.time_zone not in available_timezones():
            raise ValidationError({"time_zone": f'"{self.time_zone}" is not a time zone. Example: Europe/Berlin.'})
        unknown = set(self.enabled_types) - {t.key for t in catalogue.TYPES if t.gated}
        if unknown:
            raise ValidationError({"enabled_types": f"Not a type that can be enabled: {', '.join(sorted(unknown))}."})

    @classmethod
    def current(cls) -> "ContactCenter":
        return cls.objects.get_or_create(pk=1)[0]
