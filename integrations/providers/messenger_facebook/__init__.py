"""Facebook Messenger: the page, what the administrator enters, what its errors and its events mean."""

from .provider import Facebook

__all__ = ["Facebook"]
