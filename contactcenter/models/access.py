"""Who may call our HTTP API."""

import hashlib
import secrets

from django.db import models


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class ApiToken(models.Model):
    """A Bearer token of a telephony platform. Only its hash is kept; the value is shown once, when it is made."""

    name = models.CharField(max_length=120, unique=True)
    hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    enabled = models.BooleanField(default=True)

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return self.name

    @classmethod
    def issue(cls, name: str, value: str = "") -> tuple["ApiToken", str]:
        """A new token and its value, which is not kept."""
        value = value or secrets.token_urlsafe(32)
        return cls.objects.create(name=name, hash=digest(value)), value

    @classmethod
    def find(cls, value: str) -> "ApiToken | None":
        return cls.objects.filter(hash=digest(value), enabled=True).first()
