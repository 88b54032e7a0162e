"""Signature Version 4, by botocore: on requests as headers, on playback links as parameters.

Only the headers that S3 wants signed are: whatever a proxy on the way may change (Accept, Accept-Encoding) is not."""

import logging
from dataclasses import dataclass, field
from typing import Any

import requests

SERVICE = "s3"
# Its debug lines hold the signature itself, and a playback link's signature lets in whoever reads it.
logging.getLogger("botocore.auth").setLevel(logging.INFO)


@dataclass(frozen=True, slots=True)
class Signer:
    access_key: str
    secret_key: str = field(repr=False)
    region: str

    def sign(self, request: requests.PreparedRequest) -> None:
        """Put date, hash of the body and signature on a request that is about to leave."""
        from botocore.auth import S3SigV4Auth  # a quarter of a second to load: only where it is used
        from botocore.awsrequest import AWSRequest

        body = request.body if request.body is not None else b""
        signed = AWSRequest(request.method, request.url, headers=_signed_headers(request), data=body)
        S3SigV4Auth(self._credentials(), SERVICE, self.region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))

    def presigned(self, url: str, seconds: int) -> str:
        """The address with a signature in it that holds for so many seconds."""
        from botocore.auth import S3SigV4QueryAuth
        from botocore.awsrequest import AWSRequest

        link = AWSRequest("GET", url)
        S3SigV4QueryAuth(self._credentials(), SERVICE, self.region, expires=seconds).add_auth(link)
        return str(link.url)

    def _credentials(self) -> Any:
        from botocore.credentials import Credentials

        return Credentials(self.access_key, self.secret_key)


def _signed_headers(request: requests.PreparedRequest) -> dict[str, str]:
    return {
        name: value
        for name, value in request.headers.items()
        if name.lower().startswith("x-amz-") or name.lower() in ("content-type", "range")
    }
