"""Local stand-ins for the vendors, with faults that can be switched on.

`SIMULATORS` is the whole list: a new vendor is one module and one line here.
"""

from __future__ import annotations

from .base import Simulator
from .messenger_facebook import Facebook
from .messenger_line import Line
from .messenger_nexmo import Nexmo
from .messenger_telegram import Telegram
from .messenger_viber import Viber
from .nice import Nice
from .servicenow import ServiceNow
from .wfm_http import Wfm

SIMULATORS: tuple[type[Simulator], ...] = (ServiceNow, Wfm, Nice, Telegram, Line, Facebook, Viber, Nexmo)

__all__ = ["SIMULATORS"]
