"""Which account stores recordings."""

from integrations.capabilities import RecordingStorage
from integrations.catalogue import AWS
from integrations.models import IntegrationAccount

from ..crm_access import NotConfigured, account_for
from .holds import Later, Stuck


def default_account() -> IntegrationAccount | None:
    try:
        return account_for("", AWS.key)
    except NotConfigured:
        return None


def storage_of(account: IntegrationAccount) -> RecordingStorage:
    """Raises `Later` while the account is switched off, `Stuck` where it cannot store recordings."""
    if not account.enabled:
        raise Later(f'The account "{account.name}" is switched off. Switch it on under Integration accounts.')
    try:
        provider = account.connect()
    except LookupError as missing:
        raise Stuck(str(missing)) from None
    if not isinstance(provider, RecordingStorage):
        raise Stuck(f'The account "{account.name}" stores no recordings.')
    return provider
