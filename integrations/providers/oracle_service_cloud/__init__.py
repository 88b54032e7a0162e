"""Oracle Service Cloud (today Oracle B2C Service) through Connect REST.

`properties.py` is what the administrator enters, `sign_in.py` the three ways in and the headers, `answers.py` reads
what comes back, `errors.py` says what went wrong; what is the same for the SOAP door is in `osvc`."""

from .provider import OracleServiceCloud

__all__ = ["OracleServiceCloud"]
