"""Signs of life of the processes that nobody can call: the scheduler and the feeds."""

from datetime import timedelta

from django.db import models
from django.utils import timezone

# A row is written at most this often: `/readyz` asks for a rough age only.
EVERY = timedelta(seconds=2)


class Heartbeat(models.Model):
    """When a process with this name last turned."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at:%H:%M:%S}"

    @classmethod
    def leave(cls, name: str) -> None:
        now = timezone.now()
        known = cls.objects.filter(name=name).values_list("at", flat=True).first()
        if known is None or now - known >= EVERY:
            cls.objects.update_or_create(name=name, defaults={"at": now})
