"""When the people of a list may be called: from one time of day to another, in the list's time zone.

A number's own time zone is not known here: the list's stands for all of them."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.utils import timezone

from contactcenter.models import CallingList, ContactCenter


def zone_of(calling_list: CallingList) -> ZoneInfo:
    return ZoneInfo(calling_list.time_zone or ContactCenter.current().time_zone)


def is_open(calling_list: CallingList, now: datetime | None = None) -> bool:
    """Hours that end before they begin go on over midnight."""
    begins, ends = calling_list.calls_from, calling_list.calls_to
    if begins is None or ends is None or begins == ends:
        return True
    clock = (now or timezone.now()).astimezone(zone_of(calling_list)).time()
    return begins <= clock < ends if begins < ends else clock >= begins or clock < ends


def words(calling_list: CallingList) -> str:
    """ "09:00 to 18:00 (Europe/Berlin)", empty without hours."""
    begins, ends = calling_list.calls_from, calling_list.calls_to
    if begins is None or ends is None:
        return ""
    return f"{_clock(begins)} to {_clock(ends)} ({zone_of(calling_list)})"


def _clock(moment: time) -> str:
    return f"{moment:%H:%M}"
