"""SAML 2.0, the part of a service provider: requests, strict reading of answers, certificates and metadata.

`python3-saml` verifies signatures, schema and times. It accepts several things that the standard forbids (no audience,
a recipient that merely contains our address, an answer to no request); `response` checks those itself. Section numbers
in this package are those of the OASIS documents of SAML 2.0 (Core, Bindings, Profiles)."""

NAMESPACES = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
EMAIL_ADDRESS = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


def tag(prefix: str, name: str) -> str:
    """An element's name as lxml writes it."""
    return f"{{{NAMESPACES[prefix]}}}{name}"
