"""The keys the simulated identity provider signs with. Two pairs are published in this folder, so that a demo account
knows the certificate beforehand; the third belongs to nobody and is made when the fault asks for it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

HERE = Path(__file__).resolve().parent
BEGIN_KEY = "-----BEGIN PRIVATE KEY-----"


@dataclass(frozen=True)
class KeyPair:
    """Both in PEM form."""

    certificate: str
    key: str

    @property
    def bare(self) -> str:
        """The certificate as metadata holds it."""
        return "".join(self.certificate.strip().splitlines()[1:-1])


@cache
def published() -> KeyPair:
    return _read("published_key.pem")


@cache
def published_next() -> KeyPair:
    """The one that follows when the certificate is changed."""
    return _read("published_next_key.pem")


@cache
def stranger() -> KeyPair:
    """A key that nobody has been told of."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Stranger")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(certificate.public_bytes(Encoding.PEM).decode(), secret.decode())


def _read(name: str) -> KeyPair:
    certificate, mark, key = (HERE / name).read_text().partition(BEGIN_KEY)
    return KeyPair(certificate, mark + key)
