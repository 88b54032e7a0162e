"""The XML that S3 answers: errors, lists, uploads (Amazon S3 API Reference)."""

from __future__ import annotations

import uuid
from typing import Any
from xml.sax.saxutils import escape

from starlette.responses import Response

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
# Code -> status and words.
ERRORS = {
    "AccessDenied": (403, "Access Denied"),
    "AuthorizationHeaderMalformed": (400, "The authorization header is malformed."),
    "AuthorizationQueryParametersError": (400, "The parameters of the signed link are not complete or not valid."),
    "BadDigest": (400, "The checksum you specified did not match what we received."),
    "EntityTooSmall": (400, "Your proposed upload is smaller than the minimum allowed object size."),
    "ExpiredToken": (400, "The provided token has expired."),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "InvalidAccessKeyId": (403, "The AWS Access Key Id you provided does not exist in our records."),
    "InvalidArgument": (400, "Invalid Argument"),
    "InvalidObjectState": (403, "The operation is not valid for the object's storage class"),
    "InvalidPart": (400, "One or more of the specified parts could not be found."),
    "InvalidRange": (416, "The requested range is not satisfiable"),
    "InvalidRequest": (400, "Invalid Request"),
    "KeyTooLongError": (400, "Your key is too long"),
    "MalformedXML": (400, "The XML you provided was not well-formed or did not validate against our schema"),
    "MetadataTooLarge": (400, "Your metadata headers exceed the maximum allowed metadata size"),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
    "NoSuchBucket": (404, "The specified bucket does not exist"),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NoSuchUpload": (404, "The specified multipart upload does not exist."),
    "NotImplemented": (501, "A header or query you provided requests a function that is not implemented."),
    "PermanentRedirect": (
        301,
        "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all "
        "future requests to this endpoint.",
    ),
    "RequestTimeTooSkewed": (403, "The difference between the request time and the current time is too large."),
    "ServiceUnavailable": (503, "Service is unable to handle request."),
    "SignatureDoesNotMatch": (
        403,
        "The request signature we calculated does not match the signature you provided. Check your key and signing "
        "method.",
    ),
    "SlowDown": (503, "Please reduce your request rate."),
    "XAmzContentSHA256Mismatch": (400, "The provided 'x-amz-content-sha256' header does not match what was computed."),
}


class S3Error(Exception):
    """A refusal in S3's own words; `more` are further elements of the body."""

    def __init__(self, code: str, words: str = "", *, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.status, usual = ERRORS[code]
        self.words = words or usual
        self.more = more
        self.headers = headers or {}

    def response(self, *, with_body: bool = True) -> Response:
        """A HEAD is answered without a body."""
        fields = {"Code": self.code, "Message": self.words, **self.more, "RequestId": request_id()}
        body = f"<Error>{elements(fields)}</Error>" if with_body else ""
        return xml(body, self.status, self.headers, wrap=False)


def elements(fields: dict[str, Any]) -> str:
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields.items())


def document(name: str, inner: str) -> str:
    return f'<{name} xmlns="{NAMESPACE}">{inner}</{name}>'


def xml(body: str, status: int = 200, headers: dict[str, str] | None = None, *, wrap: bool = True) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}' if body else ""
    sent = {"x-amz-request-id": request_id(), **(headers or {})}
    return Response(text, status, sent, media_type="application/xml")


def request_id() -> str:
    return uuid.uuid4().hex[:16].upper()
