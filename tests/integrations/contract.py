"""What every provider has to do, whatever it talks to: the parts of `test_provider_contract`.

A provider joins with one `Case`: an account that works against its simulator, and how the simulator is told to accept
other credentials. Everything else is the same for all."""

import io
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.management import call_command
from django.views.debug import get_exception_reporter_class

from integrations.diagnosis.verdict import Verdict
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Unavailable
from integrations.models import ApiCall, Health, IntegrationAccount
from integrations.wire.redaction import SecretsFilter
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

WHO = {"you", "the vendor's administrator", "the vendor", "your network"}
CANARY = "canary-5e1f-9c"

REFUSED = (Cause.BAD_CREDENTIALS, Cause.TOKEN_EXPIRED, Cause.REFRESH_REVOKED)
NO_DATA = (Cause.ASLEEP, Cause.WRONG_HOST)
# What the simulator does, the error that must come of it, and the causes that may be told.
FAULTS: dict[str, tuple[type[IntegrationError], tuple[Cause, ...]]] = {
    "bad_credentials": (AuthenticationFailed, REFUSED),
    "expired_token": (AuthenticationFailed, REFUSED),
    "revoked_token": (AuthenticationFailed, REFUSED),
    "missing_permission": (AuthenticationFailed, (Cause.NO_PERMISSION,)),
    "rate_limit": (RateLimited, (Cause.RATE_LIMITED,)),
    "server_error": (Unavailable, (Cause.REMOTE_ERROR,)),
    "hang": (Unavailable, (Cause.TIMEOUT,)),
    "half_close": (Unavailable, (Cause.UNREACHABLE, Cause.TIMEOUT)),
    "reset": (Unavailable, (Cause.UNREACHABLE,)),
    "html": (Unavailable, NO_DATA),
    "truncated": (Rejected, (Cause.INVALID_DATA, Cause.REMOTE_ERROR)),
    "wrong_shape": (Rejected, (Cause.INVALID_DATA, Cause.REMOTE_ERROR)),
}


@dataclass(frozen=True)
class Case:
    """`accept` makes the simulator take a secret of our choice, so that a canary passes its log-in."""

    provider: str
    properties: dict[str, Any]
    secrets: dict[str, str]
    accept: Callable[[Vendor, str, pytest.MonkeyPatch], None]
    # Paths below which a fault is tried, one after the other: a vendor's token endpoint breaks in its own way.
    paths: tuple[str, ...] = ("",)
    # Faults that the vendor cannot have at a path, or that are none by the provider's own documented rule.
    none_at: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def account(self, *, secret: str = "", **properties: Any) -> IntegrationAccount:
        secrets = dict.fromkeys(self.secrets, secret) if secret else self.secrets
        made: IntegrationAccount = AccountFactory(
            provider=self.provider, name="Contract", properties={**self.properties, **properties}, secrets=secrets
        )
        made.full_clean()
        made.save()
        return made

    def faults(self) -> Iterator[tuple[str, str]]:
        for path in self.paths:
            for fault in FAULTS:
                if fault not in self.none_at.get(path, ()):
                    yield fault, path

    @property
    def can_break(self) -> bool:
        """Whether anything can happen to the provider. One that has no vendor names every fault in `none_at`."""
        return any(self.faults())


def reloaded(account: IntegrationAccount) -> IntegrationAccount:
    return IntegrationAccount.objects.get(pk=account.pk)


def is_green(account: IntegrationAccount) -> None:
    result = reloaded(account).connect().test_connection()
    assert result.ok, result.message
    assert result.message.startswith(account.provider_class.valid_message)
    assert result.verdict is not None and result.verdict.cause == Cause.OK
    after = reloaded(account)
    assert (after.health, after.consecutive_failures) == (Health.OK, 0)
    assert after.last_success_at is not None


def fails_with(account: IntegrationAccount, kind: type[IntegrationError], causes: tuple[Cause, ...]) -> Verdict:
    """The right class of error, and a verdict that names stage, cause, who acts and the next step."""
    with pytest.raises(IntegrationError) as failure:
        list(reloaded(account).connect().probes())
    assert type(failure.value) is kind, failure.value
    assert failure.value.cause in causes
    verdict = reloaded(account).connect().test_connection().verdict
    assert verdict is not None and not verdict.ok
    assert verdict.cause in causes
    assert verdict.stage is not None
    assert verdict.who in WHO
    for told in (verdict.message, verdict.meaning, verdict.next_step, verdict.forward):
        assert len(told) > 10, verdict
    after = reloaded(account)
    assert after.health in (Health.FAILING, Health.NEEDS_AUTHORISATION)
    assert after.health_cause in causes
    return verdict


@contextmanager
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Time limits short enough for a test; what happens at their end is the product's."""
    with monkeypatch.context() as patch:
        patch.setattr("integrations.http.bounded", lambda timeout: (1.0, 0.3))
        yield


class Witness:
    """Collects everything that the product says while an account is used: log lines, errors, tables, exports."""

    def __init__(self) -> None:
        self.log = io.StringIO()
        self.said: list[str] = []

    @contextmanager
    def watching(self) -> Iterator["Witness"]:
        handler = logging.StreamHandler(self.log)
        handler.addFilter(SecretsFilter())
        root, level = logging.getLogger(), logging.getLogger().level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            yield self
        finally:
            root.removeHandler(handler)
            root.setLevel(level)

    def try_account(self, account: IntegrationAccount) -> None:
        provider = reloaded(account).connect()
        result = provider.test_connection()
        self.said += [repr(provider), repr(account), str(vars(account)), repr(result), str(result.verdict)]
        try:
            list(reloaded(account).connect().probes())
        except IntegrationError as error:
            logging.getLogger("contract").exception("It failed: %s", error)
            self.said += [repr(error), str(error), repr(vars(error)), "".join(traceback.format_exception(error))]
            report = get_exception_reporter_class(None)(None, type(error), error, error.__traceback__)
            self.said += [report.get_traceback_html(), report.get_traceback_text()]

    def collect(self, account: IntegrationAccount) -> None:
        self.said += [repr(list(ApiCall.objects.values())), repr(list(IntegrationAccount.objects.values()))]
        for command in (["export_accounts"], ["test_account", account.name, "--json"]):
            out, err = io.StringIO(), io.StringIO()
            try:
                call_command(*command, stdout=out, stderr=err)
            except SystemExit:
                pass
            self.said += [out.getvalue(), err.getvalue()]

    def everything(self) -> str:
        return "\n".join([self.log.getvalue(), *self.said])


def command(*arguments: str) -> tuple[int, Any]:
    """A management command with `--json`: its exit code and its object."""
    out = io.StringIO()
    code = 0
    try:
        call_command(*arguments, "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as stop:
        code = int(stop.code or 0)
    return code, json.loads(out.getvalue())
