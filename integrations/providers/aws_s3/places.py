"""Where a bucket is found: Amazon's address for its region, or the address of a private server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Place:
    """`root` is the address of the bucket itself."""

    root: str

    def url(self, key: str = "", query: Mapping[str, str] | None = None) -> str:
        """Encoded as S3 signs it: RFC 3986, a space as %20."""
        path = f"/{quote(key, safe='/-_.~')}" if key else ""
        return f"{self.root}{path}" + (f"?{urlencode(query, quote_via=quote, safe='-_.~')}" if query else "")


def place_of(properties: Mapping[str, Any], region: str, *, simulator: str = "") -> Place:
    """Where requests go."""
    private = bool(properties["use_private_s3_storage"])
    if simulator:
        return _in_path(simulator, properties)
    if private:
        return _at(str(properties["url"] or "").rstrip("/"), properties, virtual=False)
    return _at(amazon(region), properties, virtual="." not in str(properties["s3_bucket"]))


def public_place_of(properties: Mapping[str, Any], otherwise: Place) -> Place:
    """Where browsers find the same bucket."""
    public = str(properties["public_endpoint"] or "").rstrip("/")
    return _at(public, properties, virtual=False) if public else otherwise


def amazon(region: str) -> str:
    """Amazon's S3 of a region (AWS General Reference, "Amazon Simple Storage Service endpoints")."""
    return f"https://s3.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")


def _at(endpoint: str, properties: Mapping[str, Any], *, virtual: bool) -> Place:
    """`virtual` is what the automatic style means here. A dot in a bucket's name breaks the wildcard certificate."""
    style = str(properties["addressing_style"])
    if style == "virtual" or (style == "auto" and virtual):
        parts = urlsplit(endpoint)
        return Place(f"{parts.scheme}://{properties['s3_bucket']}.{parts.netloc}")
    return _in_path(endpoint, properties)


def _in_path(endpoint: str, properties: Mapping[str, Any]) -> Place:
    return Place(f"{endpoint}/{quote(str(properties['s3_bucket']), safe='-_.~')}")
