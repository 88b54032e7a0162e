"""Checks Signature Version 4, in headers and in links, step by step as the API reference describes it
("Authenticating Requests (AWS Signature Version 4)")."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote_to_bytes

from starlette.requests import Request

from .words import S3Error

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
SKEW = timedelta(minutes=15)
LONGEST_LINK = 604_800  # seconds
STAMP = "%Y%m%dT%H%M%SZ"
HEADER = re.compile(rf"{ALGORITHM} Credential=([^,\s]+),\s*SignedHeaders=([a-z0-9;-]+),\s*Signature=([0-9a-f]{{64}})")


@dataclass(frozen=True)
class Keys:
    """What the storage knows: one key pair, its region, its clock."""

    access_key: str
    secret_key: str
    region: str
    clock: datetime


@dataclass(frozen=True)
class Claim:
    """What a request says about itself."""

    credential: str
    signed: tuple[str, ...]
    signature: str
    stamp: str
    payload: str


def check(request: Request, body: bytes, keys: Keys) -> None:
    """Raises `S3Error` unless the request is signed by the one key that is known."""
    query = pairs(request.scope["query_string"].decode())
    names = dict(query)
    if "X-Amz-Algorithm" in names or "X-Amz-Signature" in names:
        check_link(request, names, query, keys)
        return
    claim = from_headers(request, body)
    check_time(claim.stamp, keys)
    compare(request, claim, query, keys)


def from_headers(request: Request, body: bytes) -> Claim:
    given = request.headers.get("authorization", "")
    if not given:
        raise S3Error("AccessDenied")
    found = HEADER.fullmatch(given)
    if found is None:
        raise S3Error("AuthorizationHeaderMalformed")
    stamp, payload = request.headers.get("x-amz-date", ""), request.headers.get("x-amz-content-sha256", "")
    if not payload:
        raise S3Error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    if payload.startswith("STREAMING-"):
        raise S3Error("NotImplemented", "Transferring payloads in multiple chunks using aws-chunked is not supported.")
    if payload not in (UNSIGNED, hashlib.sha256(body).hexdigest()):
        raise S3Error("XAmzContentSHA256Mismatch", ClientComputedContentSHA256=payload)
    return Claim(found[1], tuple(found[2].split(";")), found[3], stamp, payload)


def check_time(stamp: str, keys: Keys) -> None:
    try:
        at = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        raise S3Error("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header") from None
    if abs(at - keys.clock) > SKEW:
        raise S3Error(
            "RequestTimeTooSkewed",
            RequestTime=stamp,
            ServerTime=keys.clock.strftime("%Y-%m-%dT%H:%M:%SZ"),
            MaxAllowedSkewMilliseconds=int(SKEW.total_seconds() * 1000),
        )


def check_link(request: Request, names: dict[str, str], query: list[tuple[str, str]], keys: Keys) -> None:
    wanted = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders")
    missing = [name for name in (*wanted, "X-Amz-Signature") if not names.get(name)]
    if missing or names["X-Amz-Algorithm"] != ALGORITHM or "authorization" in request.headers:
        raise S3Error("AuthorizationQueryParametersError")
    try:
        begins = datetime.strptime(names["X-Amz-Date"], STAMP).replace(tzinfo=UTC)
        seconds = int(names["X-Amz-Expires"])
    except ValueError:
        raise S3Error("AuthorizationQueryParametersError") from None
    if not 0 < seconds <= LONGEST_LINK:
        raise S3Error("AuthorizationQueryParametersError", "X-Amz-Expires must be between 1 and 604800 seconds")
    ends = begins + timedelta(seconds=seconds)
    if keys.clock > ends or begins - keys.clock > SKEW:
        raise S3Error(
            "AccessDenied",
            "Request has expired" if keys.clock > ends else "Request is not valid yet",
            Expires=ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
            ServerTime=keys.clock.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
    signed = tuple(names["X-Amz-SignedHeaders"].split(";"))
    claim = Claim(names["X-Amz-Credential"], signed, names["X-Amz-Signature"], names["X-Amz-Date"], UNSIGNED)
    compare(request, claim, [pair for pair in query if pair[0] != "X-Amz-Signature"], keys)


def compare(request: Request, claim: Claim, query: list[tuple[str, str]], keys: Keys) -> None:
    scope = check_credential(claim, keys)
    check_signed_headers(request, claim)
    canonical = canonical_request(request, claim, query)
    to_sign = "\n".join((ALGORITHM, claim.stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    if not hmac.compare_digest(signature(to_sign, scope, keys), claim.signature):
        raise S3Error("SignatureDoesNotMatch", AWSAccessKeyId=keys.access_key, StringToSign=to_sign)


def check_credential(claim: Claim, keys: Keys) -> str:
    """The scope: date, region, service. Raises `S3Error` for a key that is not known or another region."""
    key, _, scope = claim.credential.partition("/")
    parts = scope.split("/")
    if key != keys.access_key:
        raise S3Error("InvalidAccessKeyId", AWSAccessKeyId=key)
    if len(parts) != 4 or parts[0] != claim.stamp[:8] or parts[2:] != ["s3", "aws4_request"]:
        raise S3Error("AuthorizationHeaderMalformed", "The credential scope is not valid.")
    if parts[1] != keys.region:
        words = f"The authorization header is malformed; the region '{parts[1]}' is wrong; expecting '{keys.region}'"
        raise S3Error("AuthorizationHeaderMalformed", words, Region=keys.region)
    return scope


def check_signed_headers(request: Request, claim: Claim) -> None:
    """`host` and every x-amz header must be covered, or somebody on the way could change them."""
    needed = ["host", *(name for name in request.headers if name.startswith("x-amz-"))]
    left_out = sorted(set(needed) - set(claim.signed))
    if left_out:
        raise S3Error(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(left_out),
        )


def canonical_request(request: Request, claim: Claim, query: list[tuple[str, str]]) -> str:
    path = quote(unquote_to_bytes(request.scope["raw_path"].decode()), safe="/-_.~")
    encoded = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query)
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in claim.signed)
    return "\n".join(
        (
            request.method,
            path,
            "&".join(f"{name}={value}" for name, value in encoded),
            headers,
            ";".join(claim.signed),
            claim.payload,
        )
    )


def signature(to_sign: str, scope: str, keys: Keys) -> str:
    key = f"AWS4{keys.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def pairs(text: str) -> list[tuple[str, str]]:
    """The query as it was sent, decoded once. A plus is a plus: who means a space writes %20."""
    split = (part.partition("=") for part in text.split("&") if part)
    return [(unquote_to_bytes(name).decode(), unquote_to_bytes(value).decode()) for name, _, value in split]
