"""Salesforce: callers by SOSL, records by SOQL, calls as tasks, Open CTI.

`properties.py` is what the administrator enters, `hosts.py` which addresses are Salesforce's, `login.py` the three ways
in, `errors.py` what its answers mean, `advice.py` who has to click what; `records.py`, `history.py`, `people.py` and
`frame.py` are one capability each, `limits.py` is the button *Check limits*. Calling lists: `list_query.py` reads what
the administrator wrote, `lists.py` reads people, `results.py` writes results by the hundred, `bulk.py` by the thousand,
`jobs.py` is the Bulk API that both use."""

from .provider import Salesforce

__all__ = ["Salesforce"]
