"""What ends next, for one account or over all: tokens that no machine can renew, certificates, what vendors announced.

Read from stored rows at the moment of asking, so a token that was renewed has its new date everywhere at once."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography import x509
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from ..fields import SecretUnreadable
from ..models import IntegrationAccount, OAuthToken
from ..oauth.access import OAuth2
from ..providers import registry
from ..providers.base import Provider
from .expiries import Expires, Expiry, announced_for

logger = logging.getLogger(__name__)

# Of what is over only the recent past is told: later it has either been mended or nobody misses it.
PAST = timedelta(days=30)
RENEWED_BY_ITSELF = "client_credentials"
# Nobody can be told in time of the end of a shorter one, and most are a client's own, fetched anew when needed.
LONG_LIVED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ending:
    """One end of one account."""

    account: IntegrationAccount
    expiry: Expiry

    @property
    def left(self) -> timedelta:
        """How long until then; negative when it is over."""
        return self.expiry.when - timezone.now()


def endings(accounts: Iterable[IntegrationAccount]) -> list[Ending]:
    """Over all these accounts, the earliest first. Without decryption, except for lone access tokens."""
    found = [Ending(account, expiry) for account in accounts for expiry in expiries_of(account)]
    return sorted(found, key=lambda ending: (ending.expiry.when, ending.account.name))


def expiries_of(account: IntegrationAccount) -> list[Expiry]:
    """Everything of the account that ends, the earliest first. Never raises: what cannot be read is left out."""
    found = [*_tokens(account), *_authorities(account), *_of_provider(account)]
    oldest = timezone.now() - PAST
    return sorted((expiry for expiry in found if expiry.when > oldest), key=lambda expiry: expiry.when)


def _of_provider(account: IntegrationAccount) -> list[Expiry]:
    kind = registry().get(account.provider)
    if kind is None or not (kind.announced or issubclass(kind, Expires)):
        return []
    try:
        provider: Provider = account.connect()
        own = provider.expiries() if isinstance(provider, Expires) else []
        return [*own, *announced_for(provider)]
    except Exception:  # one account must not hide what ends at the others
        logger.exception('Account "%s": what it says about its own ends cannot be read.', account)
        return []


# -- tokens


def _tokens(account: IntegrationAccount) -> Iterator[Expiry]:
    row: OAuthToken | None = getattr(account, "token", None)
    if row is None or row.status != OAuthToken.Status.VALID:
        return
    if row.refresh and row.refresh_expires_at:
        yield Expiry(
            "Refresh token",
            row.refresh_expires_at,
            "When it has not been used until then, the vendor forgets the authorisation and somebody has to authorise "
            "the account again. Each renewal moves this date.",
            since=row.refresh_used_at,
        )
    elif not row.refresh and row.access_expires_at and _needs_a_person(account, row):
        yield Expiry(
            "Access token",
            row.access_expires_at,
            "The vendor gave nothing to renew it with: somebody has to authorise the account again.",
            since=row.obtained_at,
        )


def _needs_a_person(account: IntegrationAccount, row: OAuthToken) -> bool:
    """Whether a token without refresh token is more than a client's own, which is fetched anew."""
    if row.access_expires_at is None or row.obtained_at is None:
        return False
    if row.access_expires_at - row.obtained_at <= LONG_LIVED:
        return False
    try:
        provider = account.connect()
        return isinstance(provider, OAuth2) and provider.oauth_config().grant != RENEWED_BY_ITSELF
    except (LookupError, SecretUnreadable, ImproperlyConfigured):
        return False


# -- certificates


def _authorities(account: IntegrationAccount) -> Iterator[Expiry]:
    for name, since, until in certificates(str(account.properties.get("ca_certificate") or "")):
        yield Expiry(
            f"CA certificate {name}".strip(),
            until,
            "From then on no secure connection can be made to systems whose certificate it issued. Get the authority's "
            "new certificate from whoever runs the system and add it in CA certificate, below the present one.",
            since=since,
        )


@lru_cache(maxsize=256)
def certificates(pem: str) -> tuple[tuple[str, datetime, datetime], ...]:
    """Common name, begin and end of each authority in a PEM text, of several of one name the one that lasts longest.

    Nothing where the text cannot be read."""
    try:
        found = x509.load_pem_x509_certificates(pem.encode()) if pem else []
    except ValueError:
        return ()
    latest: dict[str, x509.Certificate] = {}
    for certificate in sorted(found, key=lambda c: c.not_valid_after_utc):
        latest[common_name(certificate)] = certificate
    return tuple((name, c.not_valid_before_utc, c.not_valid_after_utc) for name, c in latest.items())


def common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""
