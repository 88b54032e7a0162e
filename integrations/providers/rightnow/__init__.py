"""RightNow: the same product as Oracle Service Cloud through its older door, Connect Web Services for SOAP.

`envelope.py` builds requests and reads answers as XML, `objects.py` turns records into elements and back, `faults.py`
says what went wrong; what is the same for the REST door is in `osvc`."""

from .provider import RightNow

__all__ = ["RightNow"]
