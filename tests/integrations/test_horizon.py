"""What ends next: tokens that no machine renews, certificates, what vendors announced; read at the moment of asking."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone

from integrations.expiry import horizon
from integrations.expiry.expiries import Announced, Expires, Expiry
from integrations.fields import Sealed
from integrations.models import IntegrationAccount, OAuthToken
from integrations.oauth import tokens
from integrations.providers import registry
from tests.factories import OAuthTokenFactory

from .conftest import make_plain, make_rotating
from .throwaway import Plain, Rotating

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()


class Telling(Plain):
    """A provider that knows ends of its own, and whose vendor has announced something."""

    key = "telling"
    announced = (
        Announced("Old interface", date(2027, 4, 30), "It stops.", "vendor's guide"),
        Announced("Sandbox", date(2027, 1, 31), "It stops.", "guide", lambda p: p.properties["url"] == "sandbox"),
    )

    def expiries(self) -> list[Expiry]:
        return [Expiry("Signing certificate", NOW + timedelta(days=12), "Nobody can sign in.")]


class Careless(Plain):
    key = "careless"

    def expiries(self) -> list[Expiry]:
        raise KeyError("certificate")


@pytest.fixture(autouse=True)
def known(register_provider: Any) -> None:
    for provider in (Plain, Rotating, Telling, Careless):
        register_provider(provider)


def of(provider: str, **more: Any) -> IntegrationAccount:
    account = make_plain("http://vendor", **more)
    IntegrationAccount.objects.filter(pk=account.pk).update(provider=provider)
    return IntegrationAccount.objects.get(pk=account.pk)


def labels(account: IntegrationAccount) -> list[str]:
    return [expiry.label for expiry in horizon.expiries_of(account)]


def certificate(name: str, until: datetime) -> str:
    """A self-signed authority in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(NOW - timedelta(days=400)).not_valid_after(until)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return made.public_bytes(serialization.Encoding.PEM).decode()


def test_a_providers_own_ends_and_the_announced_ones_are_told_in_order() -> None:
    account = of("telling")
    first, second = horizon.expiries_of(account)
    assert (first.label, second.label) == ("Signing certificate", "Old interface")
    assert second.when == datetime(2027, 4, 30, tzinfo=UTC)
    assert second.what_then == "It stops. (vendor's guide)"


def test_an_announcement_may_concern_some_accounts_only() -> None:
    assert "Sandbox" in labels(of("telling", properties={"url": "sandbox"}))


def test_any_class_with_the_method_tells_ends() -> None:
    assert issubclass(Telling, Expires) and not issubclass(Plain, Expires)


def test_a_provider_that_cannot_tell_hides_nothing_of_the_others(caplog: Any) -> None:
    accounts = [of("careless", name="Careless"), of("telling", name="Telling"), of("vanished", name="Gone")]
    told = horizon.endings(accounts)
    assert [(e.account.name, e.expiry.label) for e in told] == [
        ("Telling", "Signing certificate"), ("Telling", "Old interface"),
    ]  # fmt: skip
    assert "Careless" in caplog.text


def test_a_refresh_token_ends_when_unused_and_each_renewal_moves_the_date() -> None:
    account = make_rotating("http://vendor")
    row = OAuthTokenFactory(
        account=account, refresh=["old", "x"], refresh_used_at=NOW - timedelta(days=95),
        refresh_expires_at=NOW + timedelta(days=5), access_expires_at=NOW + timedelta(minutes=30),
    )  # fmt: skip
    (expiry,) = horizon.expiries_of(IntegrationAccount.objects.get())
    assert (expiry.label, expiry.when, expiry.since) == (
        "Refresh token", row.refresh_expires_at, row.refresh_used_at
    )  # fmt: skip
    config = account.connect().oauth_config()
    tokens.store(row, config, {"access_token": "new-access", "refresh_token": "new-refresh", "expires_in": 1800})
    (expiry,) = horizon.expiries_of(IntegrationAccount.objects.get())
    assert expiry.when > NOW + timedelta(days=99)


@pytest.mark.parametrize(
    ("grant", "life", "told"),
    [
        ("authorization_code", timedelta(days=60), ["Access token"]),
        ("client_credentials", timedelta(days=60), []),
        ("authorization_code", timedelta(hours=1), []),
    ],
)
def test_a_lone_access_token_is_told_where_only_a_person_gets_the_next(
    grant: str, life: timedelta, told: list[str]
) -> None:
    account = make_rotating("http://vendor", grant=grant)
    OAuthTokenFactory(account=account, obtained_at=NOW, access_expires_at=NOW + life)
    OAuthToken.objects.update(refresh=Sealed(""))
    assert labels(IntegrationAccount.objects.get()) == told


def test_a_lone_token_whose_secrets_no_key_opens_is_left_out() -> None:
    account = make_rotating("http://vendor", grant="authorization_code")
    OAuthTokenFactory(account=account, obtained_at=NOW, access_expires_at=NOW + timedelta(days=60))
    OAuthToken.objects.update(refresh=Sealed(""))
    IntegrationAccount.objects.update(secrets=Sealed("v1:nonsense"))
    assert labels(IntegrationAccount.objects.get()) == []


def test_a_refused_token_has_no_end_any_more() -> None:
    OAuthTokenFactory(
        account=make_rotating("http://vendor"), status="refused", refresh_expires_at=NOW + timedelta(days=5),
        refresh_used_at=NOW,
    )  # fmt: skip
    assert labels(IntegrationAccount.objects.get()) == []


def test_of_several_authorities_of_one_name_the_last_one_counts() -> None:
    pem = "\n".join(
        certificate(name, NOW + timedelta(days=days)) for name, days in (("Ours", 20), ("Ours", 900), ("Theirs", 3))
    )
    told = horizon.expiries_of(of("plain", properties={"url": "http://vendor", "ca_certificate": pem}))
    assert [(e.label, (e.when - NOW).days) for e in told] == [
        ("CA certificate Theirs", 2), ("CA certificate Ours", 899),
    ]  # fmt: skip


def test_a_certificate_that_is_over_is_told_for_a_month() -> None:
    recent = certificate("Recent", NOW - timedelta(days=3))
    old = certificate("Old", NOW - timedelta(days=100))
    account = of("plain", properties={"url": "http://vendor", "ca_certificate": recent + old})
    assert labels(account) == ["CA certificate Recent"]


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_has_no_end(text: str) -> None:
    assert horizon.certificates(text) == ()


@pytest.mark.parametrize("key", list(registry()))
def test_what_providers_announce_names_its_source(key: str) -> None:
    for announced in registry()[key].announced:
        assert len(announced.what_then) > 20 and announced.what_then.endswith("."), announced
        assert announced.source and len(announced.label) <= 120, announced


def test_five_hundred_accounts_are_read_with_one_query(django_assert_num_queries: Any) -> None:
    for number in range(20):
        OAuthTokenFactory(
            account=of("telling", name=f"Account {number}"), refresh_used_at=NOW,
            refresh_expires_at=NOW + timedelta(days=number + 1),
        )  # fmt: skip
    with django_assert_num_queries(1):
        assert len(horizon.endings(IntegrationAccount.objects.select_related("token"))) == 60
