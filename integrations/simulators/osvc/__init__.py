"""The records behind both doors of Oracle's service product, and its query language.

`store.py` keeps contacts, incidents, organizations and staff accounts in the shape of Connect REST, `seed.py` fills it,
`roql.py` reads queries. The doors are `oracle_service_cloud` (REST) and `rightnow` (SOAP)."""

from .roql import BadQuery
from .store import Invalid, Missing, Store, Unknown

__all__ = ["BadQuery", "Invalid", "Missing", "Store", "Unknown"]
