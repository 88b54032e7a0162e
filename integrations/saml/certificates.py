"""The identity provider's signing certificates: read from whatever form an administrator has, kept as PEM.

Their key is trusted because an administrator entered it, not because of who issued it (OASIS Metadata Interoperability
Profile 2.6.1). A past end is therefore told loudly by the test, but does not lock everybody out at midnight."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone
from django.utils.formats import date_format

PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
BARE = re.compile(r"^[A-Za-z0-9+/=\s]+$")
SOON = timedelta(days=30)
SHORTEST_RSA = 2048
MOST = 10
SHORTEST_BARE = 300  # characters of base64; a word is no damaged certificate


class BadCertificate(ValueError):
    """The text holds no certificate that can verify signatures; the message says why."""


@dataclass(frozen=True, slots=True)
class Certificate:
    name: str
    begins: datetime
    ends: datetime
    fingerprint: str
    pem: str

    @property
    def over(self) -> bool:
        return self.ends <= timezone.now()

    @property
    def ends_soon(self) -> bool:
        return self.ends <= timezone.now() + SOON

    @property
    def last_day(self) -> str:
        return date_format(self.ends, "j M Y")


def read(text: str) -> tuple[Certificate, ...]:
    """All certificates of a PEM text, or the one of bare base64 as metadata holds it. Raises `BadCertificate`."""
    if "PRIVATE KEY" in text:
        raise BadCertificate("There is a private key in this text. Only the certificate belongs here.")
    blocks = PEM.findall(text)
    if not blocks and len(text) >= SHORTEST_BARE and BARE.match(text):
        blocks = [text]
    found = {each.fingerprint: each for each in map(_one, blocks)}
    if not found:
        raise BadCertificate("There is no certificate in this text. It begins with -----BEGIN CERTIFICATE-----")
    if len(found) > MOST:
        raise BadCertificate(f"There are {len(found)} certificates in this text; at most {MOST} make sense.")
    return tuple(found.values())


def read_file(data: bytes) -> tuple[Certificate, ...]:
    """The same of a downloaded file, which may also be in DER form. Raises `BadCertificate`."""
    if data[:1] == b"\x30":
        return (_described(_loaded(data)),)
    try:
        return read(data.decode())
    except UnicodeDecodeError:
        raise BadCertificate("This is neither a certificate in PEM form nor one in DER form.") from None


def pem_of(certificates: tuple[Certificate, ...]) -> str:
    return "".join(each.pem for each in certificates)


def _one(block: str) -> Certificate:
    body = re.sub(r"-----[A-Z ]+-----|\s", "", block)
    try:
        return _described(_loaded(base64.b64decode(body, validate=True)))
    except binascii.Error:
        raise BadCertificate("The certificate is damaged: copy it again, with its first and last line.") from None


def _loaded(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError:
        raise BadCertificate("The certificate is damaged: copy it again, with its first and last line.") from None


def _described(certificate: x509.Certificate) -> Certificate:
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise BadCertificate("The certificate's key is neither RSA nor elliptic curve: it cannot verify signatures.")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < SHORTEST_RSA:
        raise BadCertificate(f"The certificate's key has {key.key_size} bits, which is too short: 2048 at least.")
    return Certificate(
        name=_name(certificate),
        begins=certificate.not_valid_before_utc,
        ends=certificate.not_valid_after_utc,
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        pem=certificate.public_bytes(Encoding.PEM).decode(),
    )


def _name(certificate: x509.Certificate) -> str:
    common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(common[0].value) if common else certificate.subject.rfc4514_string() or "without a name"
