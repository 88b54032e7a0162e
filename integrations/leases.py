"""The right to do one piece of work until a time.

`UPDATE ... WHERE nobody holds it` and one changed row means it is yours: no database lock is held while a vendor
answers, and it works alike on SQLite and PostgreSQL. A holder that dies lets go by letting time pass."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Leasable(models.Model):
    """Two columns that make a row claimable."""

    lease_owner = models.CharField(max_length=36, blank=True, default="", editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


def free(now: Any = None) -> Q:
    """Condition: nobody holds the row."""
    now = now or timezone.now()
    return Q(leased_until__isnull=True) | Q(leased_until__lte=now)


def begun(seconds: float | None = None) -> dict[str, Any]:
    """The columns of a lease that begins now. A row that is created with them is ours from its first moment."""
    until = timezone.now() + timedelta(seconds=seconds or settings.LEASE_SECONDS)
    return {"lease_owner": str(uuid.uuid4()), "leased_until": until}


LET_GO: dict[str, Any] = {"lease_owner": "", "leased_until": None}


def claim(row: Leasable, *, seconds: float | None = None, where: Q | None = None) -> str:
    """Take the row, or return an empty string. Re-read the row after claiming: someone may just have finished it."""
    lease = begun(seconds)
    rows = type(row)._default_manager.filter(free(), pk=row.pk)
    if where is not None:
        rows = rows.filter(where)
    return str(lease["lease_owner"]) if rows.update(**lease) else ""


def extend(row: Leasable, owner: str, *, seconds: float | None = None) -> bool:
    """Keep the row longer; False when it was lost meanwhile."""
    until = timezone.now() + timedelta(seconds=seconds or settings.LEASE_SECONDS)
    return bool(type(row)._default_manager.filter(pk=row.pk, lease_owner=owner).update(leased_until=until))


def release(row: Leasable, owner: str) -> None:
    """Let go, if it is still ours."""
    type(row)._default_manager.filter(pk=row.pk, lease_owner=owner).update(**LET_GO)


@contextmanager
def held(row: Leasable, *, seconds: float | None = None, where: Q | None = None) -> Iterator[str]:
    """Claim for the length of a `with` block; yields an empty string when somebody else holds the row."""
    owner = claim(row, seconds=seconds, where=where)
    try:
        yield owner
    finally:
        if owner:
            release(row, owner)
