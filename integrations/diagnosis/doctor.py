"""*Test connection*: tries an account step by step, stops at the first fault and says who has to fix what.

Settings, name, TCP and TLS are the same for everybody; what follows are the provider's own probes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

from ..errors import Cause, IntegrationError, Rejected, Stage
from ..fields import SecretUnreadable
from ..http import cleansed, probe_connection
from ..oauth.tokens import reconsider
from . import health
from .advice import VENDORS_OWN_NAME, advice_for
from .verdict import Advice, Passed, Verdict

if TYPE_CHECKING:
    from ..providers.base import Provider

__all__ = ["Advice", "Passed", "Verdict", "examine", "explain"]


def examine(provider: "Provider") -> Verdict:
    """Try everything; the outcome is also the account's new health. Never raises `IntegrationError`."""
    account = provider.account
    reconsider(account)
    passed: list[Passed] = []
    try:
        for step in _steps(provider):
            passed.append(step)
    except IntegrationError as error:
        health.failed(account, cleansed(error))
        return explain(provider, error, tuple(passed))
    identity = next((step.identity for step in reversed(passed) if step.identity), "")
    health.succeeded(account, identity)
    message = f"{provider.valid_message} ({identity})" if identity else provider.valid_message
    return Verdict(ok=True, message=message, identity=identity, passed=tuple(passed))


def _steps(provider: "Provider") -> Iterator[Passed]:
    yield settings_hold(provider)
    if provider.base_url:
        yield from probe_connection(provider.base_url, provider.account)
    yield from provider.probes()


def settings_hold(provider: "Provider") -> Passed:
    """The properties as they are stored, checked by the provider's own form. Raises `Rejected`."""
    try:
        provider.account.clean()
    except ValidationError as error:
        raise Rejected(" ".join(error.messages), cause=Cause.INCOMPLETE, stage=Stage.SETTINGS) from None
    except SecretUnreadable as error:
        raise Rejected(str(error), cause=Cause.INCOMPLETE, stage=Stage.SETTINGS) from None
    return Passed(Stage.SETTINGS, "The settings are complete")


def explain(provider: "Provider", error: IntegrationError, passed: tuple[Passed, ...] = ()) -> Verdict:
    """A failure as a verdict: the vendor's advice over the general one."""
    advice = _advice(provider, error)
    came_back = came_back_of(error)
    return Verdict(
        ok=False,
        message=str(error),
        stage=error.stage,
        cause=error.cause,
        came_back=came_back,
        meaning=advice.meaning,
        who=advice.who,
        next_step=advice.next_step,
        clicks=advice.clicks,
        forward=forward(provider, error, advice),
        passed=passed,
    )


def _advice(provider: "Provider", error: IntegrationError) -> Advice:
    own = dict(provider.advice)
    not_found = error.cause is Cause.WRONG_HOST and error.stage is Stage.NAME
    if not_found and error.cause not in own and not _entered(provider):
        return VENDORS_OWN_NAME
    return advice_for(error.cause, own)


def _entered(provider: "Provider") -> bool:
    """Whether the host that we call stands in a property that somebody changed."""
    host, defaults = urlsplit(provider.base_url).hostname or "", provider.Properties.defaults()
    changed = (str(value) for name, value in provider.properties.items() if value != defaults.get(name))
    return any(host in text.lower() for text in changed)


def came_back_of(error: IntegrationError) -> str:
    """What was seen on the wire, in one line."""
    status = f"HTTP {error.status}" if error.status else "no answer" if error.stage in (Stage.NAME, Stage.TCP) else ""
    return ", ".join(part for part in (status, error.vendor_code, error.vendor_message) if part)


def forward(provider: "Provider", error: IntegrationError, advice: Advice) -> str:
    """A message that the administrator can send as it is to whoever has to act. Holds no secret."""
    account = provider.account
    lines = [
        f"Our contact centre software cannot use {provider.label} at the moment.",
        "",
        f"Account: {account.name}" + (" (simulated)" if account.simulated else ""),
        f"Address: {provider.base_url}" if provider.base_url else "",
        f"Tried: {error.stage.value}",
        f"Result: {error}",
        f"Came back: {came_back_of(error)}" if came_back_of(error) else "",
        "",
        advice.meaning,
        f"Please: {advice.next_step}",
        *(f"  {number}. {click}" for number, click in enumerate(advice.clicks, 1)),
    ]
    return "\n".join(line for number, line in enumerate(lines) if line or number in (1, 7))
