"""The way from an account to its provider, and how long a CRM may take: a live call cannot wait for it."""

import time
from typing import Any

from integrations.capabilities import Crm, PeopleDirectory
from integrations.diagnosis import health
from integrations.errors import IntegrationError, Rejected
from integrations.models import IntegrationAccount

from .models import Agent, AgentCrmUser

# Inside a live call the caller is waiting: the whole step may take this long.
LIVE_SECONDS = 5.0
# For work in the background.
PATIENT_SECONDS = 15.0
FRESH_SECONDS = 1.0


class NotConfigured(Exception):
    """The account cannot be used as it is set up. The sentence says what is missing and where to set it."""


def connect(account: IntegrationAccount) -> Any:
    """The provider of a CRM account. Raises `NotConfigured`."""
    if not account.enabled:
        raise NotConfigured(f'The account "{account.name}" is switched off. Switch it on under Integration accounts.')
    try:
        provider = account.connect()
    except LookupError as error:
        raise NotConfigured(str(error)) from error
    if not isinstance(provider, Crm):
        raise NotConfigured(f'The account "{account.name}" is no customer record system.')
    return provider


def account_for(name: str, account_type: str) -> IntegrationAccount:
    """The account with this name; without a name the default one of the type, or its only one. Its breaker comes with
    it, as `breakers.known` reads it.

    Raises `NotConfigured`."""
    accounts = IntegrationAccount.objects.select_related("breaker")
    if name:
        named = accounts.filter(name=name).first()
        if named is None:
            raise NotConfigured(f'There is no integration account "{name}". Correct the name in the scenario.')
        return named
    of_type = accounts.filter(type=account_type, enabled=True)
    default = of_type.filter(is_default=True).first()
    if default:
        return default
    candidates = list(of_type[:2])
    if len(candidates) == 1:
        return candidates[0]
    raise NotConfigured(
        "There is no default account for this step. Open Integration accounts and tick Default account on one."
    )


class Accounts:
    """The accounts of one turn of a scenario: its blocks come one after the other within milliseconds and mostly ask
    for the same one. Each is read again when a second is over, so that a change reaches the next block."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, str], tuple[float, IntegrationAccount]] = {}

    def named(self, name: str, account_type: str) -> IntegrationAccount:
        """See `account_for`. Raises `NotConfigured`."""
        wanted, now = (name, account_type), time.monotonic()
        at, account = self._read.get(wanted, (0.0, None))
        if account is None or now - at > FRESH_SECONDS:
            account = account_for(name, account_type)
            self._read[wanted] = now, account
        return account


def note_health(account: IntegrationAccount, error: IntegrationError) -> None:
    """A refused record says nothing about the account; every other failure does."""
    if not isinstance(error, Rejected):
        health.failed(account, error)


def crm_user_of(agent: Agent, account: IntegrationAccount, provider: Any) -> str:
    """The id of the CRM's user for our agent, empty when there is none. Raises `IntegrationError`.

    The mapping table comes first (the guide: where neither e-mail nor user name match, keep a list); otherwise the
    provider looks by the rule of the account."""
    mapped = AgentCrmUser.objects.filter(agent=agent, account=account).first()
    if mapped:
        return mapped.vendor_id
    if not isinstance(provider, PeopleDirectory):
        return ""
    found = provider.find_agent(email=agent.user.email, login=agent.login, employee_id=agent.employee_id)
    return found.id if found else ""
