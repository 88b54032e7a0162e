"""What the two doors to Oracle's service product have in common.

RightNow was renamed Oracle Service Cloud and then Oracle B2C Service. The type *Oracle Service Cloud* comes in through
Connect REST, the type *RightNow* through the older Connect Web Services for SOAP; behind both are the same records, the
same query language (`roql.py`), the same browser user interface (`browser_ui.py`) and the same screens to click in
(`advice.py`). `service_cloud.py` is the part of a provider that is the same; a door adds how it asks and writes."""

from .service_cloud import ServiceCloud

__all__ = ["ServiceCloud"]
