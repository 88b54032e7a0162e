"""Salesforce: callers by SOSL, records by SOQL, calls as tasks, Open CTI.

`properties.py` is what the administrator enters, `hosts.py` which addresses are Salesforce's, `login.py` the three ways
in, `errors.py` what its answers mean, `advice.py` who has to click what; `records.py`, `history.py`, `people.py` and
`frame.py` are one capability each, `limits.py` is the button *Check limits*."""

from .provider import Salesforce

__all__ = ["Salesforce"]
