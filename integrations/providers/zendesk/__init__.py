"""Zendesk: callers and agents from its users, tickets with internal notes, screen pops in the agent workspace.

`properties.py` is what the administrator enters, `login.py` the three ways in and the move from API token to OAuth,
`errors.py` what its answers mean, `advice.py` who has to click what; `records.py` (with `bodies.py`), `people.py`,
`history.py` and `workspace.py` are one capability each."""

from .provider import Zendesk

__all__ = ["Zendesk"]
