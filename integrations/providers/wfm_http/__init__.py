"""WFM by HTTP POST: every interval one picture of all agents and services, for real-time adherence.

The administrator's guide fixes the transport: POST to the URL each interval, errors are ignored, the next request comes
after the interval, and the test sends empty lists. The body is our own profile `rta-json-1` (`rta_json.py`), because no
format is published; `docs/providers/wfm_http.md` describes it for those who receive it."""

from .provider import WfmHttp

__all__ = ["WfmHttp"]
