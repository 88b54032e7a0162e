"""What the admin's templates need beyond Django's own tags."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from django import template
from django.forms import BoundField
from django.template.defaultfilters import capfirst
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from integrations import marks
from integrations.models import IntegrationAccount

register = template.Library()
CELL = re.compile(r"^<(td|th)\b")


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite that every page carries. Without a label it is decoration."""
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="#i-{}"/></svg>', label, name)
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.filter
def say(text: Any) -> str:
    """A word that comes from a table or a form, in the reader's language."""
    return marks.say(text)


@register.filter
def moment(when: datetime | None) -> SafeString:
    return marks.moment(when)


@register.filter
def exact(when: datetime | None) -> SafeString:
    return marks.exact(when)


@register.filter
def day(when: datetime) -> str:
    return marks.day(when)


@register.filter
def until(when: datetime) -> str:
    return marks.until(when)


@register.filter
def end_tone(when: datetime) -> str:
    return marks.end_tone(when)


@register.filter
def span(length: timedelta) -> str:
    return marks.span(length)


@register.filter
def word(words: dict[str, str], key: str) -> str:
    """The word for a key; the key itself where the table has none."""
    return words.get(key, key)


@register.filter
def health(account: IntegrationAccount) -> SafeString:
    return marks.health(account)


@register.filter
def clock(seconds: float | None) -> str:
    return marks.clock(seconds)


@register.simple_tag
def simulated_badge() -> SafeString:
    return marks.simulated()


@register.simple_tag
def badge(text: Any, tone: str = "neutral") -> SafeString:
    return marks.badge(text, tone)


@register.simple_tag
def status(text: Any, tone: str = "neutral") -> SafeString:
    return marks.status(text, tone)


@register.simple_tag
def http_status(code: int | None, error: str = "") -> SafeString:
    return marks.http_status(code, error)


@register.filter
def pretty(value: Any) -> str:
    """JSON, indented, from a value or from text that holds JSON; any other text as it is."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False, default=str)


@register.filter
def path_of(url: str) -> str:
    """An address without its host, where the account says already who was asked."""
    parts = urlsplit(url)
    return unquote(f"{parts.path}?{parts.query}" if parts.query else parts.path or url)


@register.filter
def readable(url: str) -> str:
    """An address without its percent signs. For the eye only: never follow it."""
    return unquote(url)


@register.filter
def with_labels(cells: list[str], headers: list[dict[str, Any]]) -> Iterator[SafeString]:
    """Cells of a change list with their column's name, which narrow screens show beside the value."""
    for index, cell in enumerate(cells):
        label = headers[index].get("text", "") if index < len(headers) else ""
        plain = "" if "action" in str(headers[index].get("class_attrib", "")) else capfirst(marks.say(label))
        attribute = f' data-label="{escape(plain)}"'
        yield mark_safe(CELL.sub(lambda tag: tag[0] + attribute, str(cell), count=1))  # noqa: S308, B023 - escaped by the admin


@register.filter
def described_by(field: BoundField) -> SafeString:
    """The field with its help text and errors announced."""
    ids = [
        f"{field.auto_id}_{part}" for part, there in (("helptext", field.help_text), ("error", field.errors)) if there
    ]
    return field.as_widget(attrs={"aria-describedby": " ".join(ids)} if ids else {})


@register.filter
def steps_of(cards: list[dict[str, Any]]) -> int:
    """How many cards of a dry run are blocks that ran."""
    return sum(card["type"] == "block" for card in cards)
