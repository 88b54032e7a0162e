"""ServiceNow: callers and agents from its user table, interaction records, activity stream, screen pops, OpenFrame.

`properties.py` is what the administrator enters, `login.py` the four ways in, `errors.py` what its answers mean,
`advice.py` who has to click what; `tables.py`, `people.py`, `history.py` and `frame.py` are one capability each."""

from .provider import ServiceNow

__all__ = ["ServiceNow"]
