"""Texts of vendors as plain text: what people read, never what a browser would run."""

import html
import re

HIDDEN_PARTS = re.compile(r"(?is)<(script|style)\b.*?(</\1\s*>|$)")
# Marks inside of a sentence, where a browser shows no gap: "<b>30 days</b>." ends in "days."
INLINE = re.compile(
    r"(?is)</?(a|abbr|b|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|tt|u|var|wbr)"
    r"(\s[^>]*)?>"
)
TAG = re.compile(r"(?s)</?[a-zA-Z][^>]*>|<!--.*?-->")


def plain(text: str) -> str:
    """HTML as plain text on one line, without scripts and styles."""
    visible = INLINE.sub("", HIDDEN_PARTS.sub(" ", text))
    return " ".join(html.unescape(TAG.sub(" ", visible)).split())
