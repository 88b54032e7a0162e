"""Amazon S3, and private storage that speaks the same protocol: recordings are put there and played from there.

Requests are signed with botocore (Signature Version 4) and sent by our own HTTP client, so that address guard, TLS
rules, time limits and wire log hold here as everywhere. Keys come from the account and from nowhere else: neither the
environment nor a machine's own role is asked.

`properties.py` what is entered, `keys.py` names of objects, `signing.py` signatures, `answers.py` what S3 says,
`transfer.py` getting large bodies there and back, `provider.py` what the account can do."""

from .provider import S3

__all__ = ["S3"]
