"""WFM over TCP (Aspect): fixed-width records of every agent's state, on a connection that stays open.

The administrator's guide fixes that we connect to the Real-Time Adherence server, that its Unicode box is ticked, that
the sizes of the fields must agree on both sides, and that reasons are numbers. Order, sizes, header and byte order are
not published: they are our own profile `rta-fixed-1`, adjustable, described in `docs/providers/wfm_aspect.md`.

`properties.py` what is entered, `layout.py` fields and the characters they become, `records.py` what an agent's fields
hold, `line.py` the open connection, `provider.py` the account."""

from .provider import WfmAspect

__all__ = ["WfmAspect"]
