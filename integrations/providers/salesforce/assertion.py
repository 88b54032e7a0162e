"""The signed assertion of the JWT bearer grant (RFC 7523; Salesforce help, "OAuth 2.0 JWT Bearer Flow").

Header, claims, RS256 signature, each base64url without padding. Signed with `cryptography`, which is here anyway; the
one library that oauthlib would use for it is not part of the product."""

import base64
import json
import re
import textwrap
import time

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

LIFE_SECONDS = 180  # Salesforce takes at most three minutes
PEM = re.compile(r"-----BEGIN ((?:RSA )?PRIVATE KEY)-----(.*?)-----END \1-----", re.DOTALL)


@sensitive_variables()
def key_text(entered: str) -> str:
    """The private key in PEM form, its line ends repaired: a one-line input loses them. Raises `ValidationError`."""
    found = PEM.search(entered)
    if not found:
        raise ValidationError(
            "This is no private key without a pass phrase in PEM form. It begins with -----BEGIN PRIVATE KEY-----"
        )
    lines = textwrap.fill("".join(found[2].split()), 64)
    text = f"-----BEGIN {found[1]}-----\n{lines}\n-----END {found[1]}-----\n"
    _loaded(text)
    return text


@sensitive_variables()
def _loaded(text: str) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValidationError("This private key is damaged. Copy the whole file again.") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < 2048:
        raise ValidationError("Salesforce takes RSA keys of 2048 bits or more.")
    return key


@sensitive_variables()
def signed(*, consumer_key: str, username: str, audience: str, private_key: str) -> str:
    """`audience` is the log-in host, production or sandbox, without a path. Raises `ValidationError` for a bad key."""
    claims = {"iss": consumer_key, "sub": username, "aud": audience, "exp": int(time.time()) + LIFE_SECONDS}
    message = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
    signature = _loaded(private_key).sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{message}.{_coded(signature)}"


def _part(value: dict[str, object]) -> str:
    return _coded(json.dumps(value, separators=(",", ":")).encode())


def _coded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
