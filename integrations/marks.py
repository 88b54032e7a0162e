"""Small pieces of HTML that mean the same everywhere: badges, health, times, durations.

One look for one meaning, in lists, on pages and in both apps' screens; the colours are in `css/parts.css`."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .models import Health, IntegrationAccount

NOTHING = mark_safe('<span class="nothing" aria-hidden="true">&mdash;</span><span class="visually-hidden">none</span>')
LONGEST_SENTENCE = 140
HEALTH_TONES = {
    Health.OK: "ok",
    Health.FAILING: "bad",
    Health.NEEDS_AUTHORISATION: "warn",
    Health.UNKNOWN: "neutral",
}

TWO_YEARS = 730  # days


def say(text: Any) -> str:
    """The text in the reader's language. Words that come from tables (states, types) are in the catalogue too."""
    return _(str(text)) if text else ""


def badge(text: Any, tone: str = "neutral", *, title: str = "") -> SafeString:
    """A short word on a tinted ground. Tones: ok, warn, bad, info, neutral, sim."""
    if title:
        return format_html('<span class="badge badge-{}" title="{}">{}</span>', tone, title, say(text))
    return format_html('<span class="badge badge-{}">{}</span>', tone, say(text))


def status(text: Any, tone: str) -> SafeString:
    """A state: a coloured dot and the word, so that colour is never the only sign."""
    return format_html('<span class="status status-{}">{}</span>', tone, say(text))


def health(account: IntegrationAccount) -> SafeString:
    if not account.enabled:
        return status(_("Disabled"), "neutral")
    return status(account.get_health_display(), HEALTH_TONES.get(Health(account.health), "neutral"))


def simulated() -> SafeString:
    return badge(_("Simulated"), "sim", title=_("Everything goes to the simulator in the box, nothing to the vendor."))


def moment(when: datetime | None) -> SafeString:
    """How long ago, with the exact time in the title and for machines."""
    if when is None:
        return NOTHING
    exact = date_format(timezone.localtime(when), _("j M Y, H:i:s"))
    return format_html('<time datetime="{}" title="{} UTC">{}</time>', when.isoformat(), exact, relative(when))


def exact(when: datetime | None) -> SafeString:
    """The time itself, short."""
    if when is None:
        return NOTHING
    text = date_format(timezone.localtime(when), _("j M Y, H:i:s"))
    return format_html('<time datetime="{}">{}</time>', when.isoformat(), text)


def plain_time(when: datetime) -> str:
    """The time as text, with the zone, for mails."""
    local = timezone.localtime(when)
    return f"{date_format(local, _('j M Y, H:i:s'))} {local.tzname()}"


def relative(when: datetime) -> str:
    """ "3 min ago", "in 2 h"; older or later than a month: the date."""
    gap = timezone.now() - when
    if abs(gap) > timedelta(days=30):
        return day(when)
    text = span(abs(gap))
    if abs(gap) < timedelta(seconds=5):
        return _("just now")
    return _("%s ago") % text if gap > timedelta(0) else _("in %s") % text


def day(when: datetime) -> str:
    return date_format(timezone.localtime(when), _("j M Y"))


def until(when: datetime) -> str:
    """ "today", "tomorrow", "in 12 days", "in 19 years", "3 days ago": by the calendar, as people count."""
    days = (timezone.localdate(when) - timezone.localdate()).days
    if days in (0, 1):
        return _("today") if days == 0 else _("tomorrow")
    if days > TWO_YEARS:
        return _("in %d years") % (days // 365)
    if days > 0:
        return ngettext("in %d day", "in %d days", days) % days
    return ngettext("%d day ago", "%d days ago", -days) % -days


def end_tone(when: datetime) -> str:
    """The colour of an end: over, within a week, or far enough away."""
    left = when - timezone.now()
    return "bad" if left <= timedelta(0) else "warn" if left <= timedelta(days=7) else "neutral"


def span(length: timedelta) -> str:
    """A length of time in its largest sensible unit."""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return _("%d s") % seconds
    if seconds < 3600:
        return _("%d min") % (seconds // 60)
    if seconds < 2 * 86_400:
        return _("%d h") % (seconds // 3600)
    days = seconds // 86_400
    return ngettext("%d day", "%d days", days) % days


def clock(seconds: float | None) -> str:
    """A call's length: 4:07, 1:02:30."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def http_status(code: int | None, error: str = "") -> SafeString:
    """The status of an exchange by colour, and in words where there was none."""
    if code is None:
        return status(_("No answer") if error else _("Waiting"), "bad" if error else "neutral")
    tone = "ok" if code < 300 else "info" if code < 400 else "warn" if code in (401, 403, 404, 409, 422, 429) else "bad"
    return status(code, tone)


def badges_of(account: IntegrationAccount) -> list[SafeString]:
    """The default account of its type, and whether it is simulated."""
    found = [badge(_("Default"), "info")] if account.is_default else []
    return [*found, simulated()] if account.simulated else found


def kind_of(account: IntegrationAccount) -> str:
    """ "Type, provider", once where both have the same name. Works for a provider that is gone."""
    type_label, provider = str(account.get_type_display()), str(account.get_provider_display())
    if provider.startswith(type_label):
        return provider
    return f"{type_label} \N{MIDDLE DOT} {provider}"


def shortened(text: str) -> str:
    """A sentence for a list: whole words, at most LONGEST_SENTENCE characters."""
    if len(text) <= LONGEST_SENTENCE:
        return text
    return text[:LONGEST_SENTENCE].rsplit(" ", 1)[0] + " \N{HORIZONTAL ELLIPSIS}"
