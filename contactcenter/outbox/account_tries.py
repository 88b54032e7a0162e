"""The next try of an account that is away and for which nothing waits: *Test connection* instead of an entry."""

from integrations.diagnosis import doctor
from integrations.diagnosis.verdict import Verdict
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Unavailable
from integrations.models import IntegrationAccount

from . import breakers
from .breakers import Pass

# The longest that a test takes: its probes have time limits of their own.
TEST_SECONDS = 60.0


def try_account(account_id: int) -> None:
    """Test the account and tell the breaker. Does nothing where the try is not due, or somebody else makes it."""
    account = IntegrationAccount.objects.filter(pk=account_id, enabled=True).first()
    if account is None or breakers.find_open(account) is None:
        return
    given = breakers.admit(account, seconds=TEST_SECONDS)
    if given is None:
        return
    try:
        _judge(given, doctor.examine(account.connect()))
    finally:
        breakers.hand_back(given)


def _judge(given: Pass, verdict: Verdict) -> None:
    if verdict.ok:
        breakers.succeeded(given)
    else:
        breakers.failed(given, _error_of(verdict))


def _error_of(verdict: Verdict) -> IntegrationError:
    """The failure that a verdict is about, as far as the breaker asks."""
    causes = (
        (breakers.REFUSED_LOGIN, AuthenticationFailed),
        ((*breakers.AWAY, *breakers.DOUBTFUL), Unavailable),
        ((Cause.RATE_LIMITED,), RateLimited),
    )
    kind = next((kind for group, kind in causes if verdict.cause in group), Rejected)
    return kind(verdict.message, cause=verdict.cause)
