"""Whether an account's vendor is known to be away: one row that all workers share."""

from django.db import models

from integrations.leases import Leasable
from integrations.models import IntegrationAccount


class Breaker(Leasable):
    """Closed while `open_since` is empty. Open: nobody sends, but for one try at `next_try_at`, claimed by lease.

    One writer: `contactcenter.outbox.breakers`. An account that never failed has no row."""

    account = models.OneToOneField(IntegrationAccount, models.CASCADE, related_name="breaker")
    # Consecutive failures that say something about the whole account, and whose record the last one was about.
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    last_record = models.CharField(max_length=120, blank=True)
    open_since = models.DateTimeField(null=True)
    cause = models.CharField(max_length=24, blank=True)
    message = models.TextField(blank=True)
    # Tries since it opened that failed as well.
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    # The vendor itself named the time of the next try.
    told = models.BooleanField(default=False)
    # The vendor answers well, and asks that the next call waits until then.
    pause_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Breaker of {self.account_id}"
