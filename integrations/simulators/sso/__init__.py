"""A SAML 2.0 identity provider with demo people, once for each of the two doors."""

from .identity_provider import AdminIdentityProvider, DesktopIdentityProvider

__all__ = ["AdminIdentityProvider", "DesktopIdentityProvider"]
