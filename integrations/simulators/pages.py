"""Renders the pages for people: one Jinja environment, one Content-Security-Policy.

No page carries an inline script or style, so that nothing a caller writes into a record can run here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"

_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)


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
