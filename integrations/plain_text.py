"""Texts of vendors as plain text: what people read, never what a browser would run."""

import html
import re

HIDDEN_PARTS = re.compile(r"(?is)<(script|style)\b.*?(</\1\s*>|$)")
TAG = re.compile(r"(?s)</?[a-zA-Z][^>]*>|<!--.*?-->")


def plain(text: str) -> str:
    """HTML as plain text on one line, without scripts and styles."""
    return " ".join(html.unescape(TAG.sub(" ", HIDDEN_PARTS.sub(" ", text))).split())
