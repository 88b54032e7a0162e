"""WFM by the real-time adherence (RTA) interface of Calabrio WFM, once Teleopti WFM.

The interface is public in the vendor's own repositories (Teleopti/Stardust, Teleopti/RTASend-CSharp and
Teleopti/RTASend-Curl, read in versions from 2014 to 2020). Its settings are those of the administrator's guide: Name,
Periodic update interval, URL, Source ID, Auth Key.

`properties.py` what is entered, `states.py` what an agent's state is called there, `rest.py` and `soap.py` the ways to
say it, `words.py` what is answered, `line.py` everything at first and changes in between, `provider.py` the account."""

from .provider import WfmCalabrio

__all__ = ["WfmCalabrio"]
