"""Renders the pages for people: one Jinja environment, one Content-Security-Policy.

No page carries an inline script or style, so that nothing a caller writes into a record can run here.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
BETWEEN_TAGS = re.compile(r">\s*<")
# A tag that is opened on its line and closed on a later one.
OPENS = re.compile(r"<[^!?/][^>]*(?<!/)>\s*$")

_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def readable(value: Any) -> str:
    """JSON and XML, indented; any other text as it came."""
    if not isinstance(value, str):
        return json.dumps(value, indent=2, ensure_ascii=False)
    return indented(value) if value.lstrip().startswith("<") else value


def indented(xml: str) -> str:
    """One tag a line. By its look only: what arrives here is not parsed, and may be broken."""
    lines, depth = [], 0
    for line in BETWEEN_TAGS.sub(">\n<", xml.strip()).split("\n"):
        depth -= line.startswith("</")
        lines.append("  " * max(0, depth) + line.strip())
        depth += bool(OPENS.match(line))
    return "\n".join(lines)


_environment.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)
_environment.filters["readable"] = readable


def csp(frames: tuple[str, ...] = ()) -> str:
    frame_sources = " ".join(("'self'", *frames))
    return (
        f"default-src 'self'; img-src 'self' data:; frame-src {frame_sources}; "
        "base-uri 'none'; object-src 'none'; frame-ancestors 'self'"
    )


def render(
    request: Request, template: str, *, status: int = 200, frames: tuple[str, ...] = (), **context: Any
) -> HTMLResponse:
    html = _environment.get_template(template).render(request=request, **context)
    headers = {
        "Content-Security-Policy": csp(frames),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(html, status, headers)
