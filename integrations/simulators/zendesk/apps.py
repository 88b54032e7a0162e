"""Apps in the agent workspace: the rules for a package, the app that is installed, and the notify bus.

Rules from developer.zendesk.com ("Setting up new apps" > file requirements, "Manifest reference", "Create app brand
assets", "Top bar"): `manifest.json`, `translations/<default locale>.json` with `app.name`, `assets/logo.png` (320 px)
and `assets/logo-small.png` (128 px), for a place in the top bar `assets/icon_top_bar.svg`; addresses of pages https, or
below `assets/`. Zendesk's own check (`zcli apps:validate`) runs at Zendesk, so these are checked here."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .. import pages
from . import errors

if TYPE_CHECKING:
    from . import Zendesk

MOST_BYTES = 5_000_000
LOCATIONS = {
    "background", "top_bar", "nav_bar", "ticket_sidebar", "new_ticket_sidebar", "user_sidebar", "organization_sidebar",
    "ticket_editor", "modal",
}  # fmt: skip
PIXELS = {"assets/logo.png": 320, "assets/logo-small.png": 128}
SIZE = re.compile(r"^\d+px$")
LOOPBACK = {"localhost", "127.0.0.1"}
ICON = "assets/icon_top_bar.svg"


class BadPackage(Exception):
    """What is wrong, one sentence for each fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def built_in(simulator: Zendesk) -> dict[str, Any]:
    """The app that the demo has installed, until a package is uploaded."""
    base = f"{simulator.surroundings.desktop_url}/agentdesktop"
    pane = {"url": f"{base}/Zendesk.jsp", "size": {"width": "320px", "height": "520px"}}
    return {
        "name": "Agent Desktop", "version": "demo", "defaultLocale": "en", "frameworkVersion": "2.0",
        "location": {"support": {"background": {"url": f"{base}/ZendeskBackground.jsp"}, "top_bar": pane}},
    }  # fmt: skip


def read(package: bytes) -> tuple[dict[str, Any], bytes]:
    """Manifest and icon of a package that may be installed. Raises `BadPackage`."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(package))
    except zipfile.BadZipFile:
        raise BadPackage(["The file is not a zip archive."]) from None
    names = set(archive.namelist())
    if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
        raise BadPackage(["The package is too large."])
    if "manifest.json" not in names:
        raise BadPackage(["manifest.json is missing at the top of the archive."])
    manifest = _json(archive, "manifest.json")
    found = [*_manifest(manifest), *_translation(archive, manifest, names), *_pictures(archive, names)]
    top_bar = isinstance(manifest.get("location"), dict) and "top_bar" in manifest["location"].get("support", {})
    if top_bar and ICON not in names:
        found.append(f"{ICON} is missing, and the app is in the top bar.")
    if found:
        raise BadPackage(found)
    return manifest, archive.read(ICON) if top_bar else b""


def _json(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    try:
        found = json.loads(archive.read(name))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadPackage([f"{name} is not a JSON object."])
    return found


def _manifest(manifest: dict[str, Any]) -> list[str]:
    found = []
    author = manifest.get("author")
    if not isinstance(author, dict) or not all(author.get(part) for part in ("name", "email")):
        found.append("manifest.json: author needs name and email.")
    if manifest.get("frameworkVersion") != "2.0":
        found.append('manifest.json: frameworkVersion must be "2.0".')
    if not isinstance(manifest.get("defaultLocale"), str):
        found.append("manifest.json: defaultLocale is missing.")
    domains = manifest.get("domainWhitelist", [])
    if not isinstance(domains, list) or any(not isinstance(name, str) or "/" in name for name in domains):
        found.append("manifest.json: domainWhitelist is a list of host names without a scheme.")
    places = manifest.get("location")
    support = places.get("support") if isinstance(places, dict) else None
    if not isinstance(support, dict) or not support:
        return [*found, "manifest.json: location.support names no place."]
    return [*found, *(problem for name, place in support.items() for problem in _place(name, place))]


def _place(name: str, place: Any) -> list[str]:
    if name not in LOCATIONS:
        return [f"manifest.json: there is no location {name}."]
    url = place.get("url") if isinstance(place, dict) else place
    if not isinstance(url, str) or not _may_be_shown(url):
        return [f"manifest.json: the url of {name} must begin with https:// or assets/."]
    size = place.get("size", {}) if isinstance(place, dict) else {}
    if not isinstance(size, dict) or any(not SIZE.match(str(size.get(side, "1px"))) for side in ("width", "height")):
        return [f'manifest.json: the size of {name} is written as "320px".']
    return []


def _may_be_shown(url: str) -> bool:
    """https, or a file of the package; plain http only on this machine, as Zendesk's own app server is used."""
    parts = urlsplit(url)
    if parts.scheme == "http":
        return parts.hostname in LOOPBACK
    return parts.scheme == "https" or url.startswith("assets/")


def _translation(archive: zipfile.ZipFile, manifest: dict[str, Any], names: set[str]) -> list[str]:
    name = f"translations/{manifest.get('defaultLocale')}.json"
    if name not in names:
        return [f"{name} is missing."]
    app = _json(archive, name).get("app")
    return [] if isinstance(app, dict) and app.get("name") else [f"{name}: app.name is missing."]


def _pictures(archive: zipfile.ZipFile, names: set[str]) -> list[str]:
    found = []
    for name, side in PIXELS.items():
        if name not in names:
            found.append(f"{name} is missing.")
        elif _png_size(archive.read(name)) != (side, side):
            found.append(f"{name} must be a PNG of {side} x {side} pixels.")
    return found


def _png_size(content: bytes) -> tuple[int, int]:
    return struct.unpack(">II", content[16:24]) if content.startswith(b"\x89PNG\r\n\x1a\n") else (0, 0)


# -- addresses


async def install(simulator: Zendesk, request: Request) -> Response:
    """The upload of the workspace page: the raw zip. The app that was there is replaced."""
    try:
        simulator.app, simulator.icon = read(await request.body())
    except BadPackage as bad:
        return JSONResponse({"installed": False, "problems": bad.problems}, 422)
    return JSONResponse({"installed": True, "name": simulator.app.get("name"), "version": simulator.app.get("version")})


async def icon(simulator: Zendesk, request: Request) -> Response:
    content = simulator.icon or (pages.STATIC / "zendesk" / "icon_top_bar.svg").read_bytes()
    headers = {"Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store"}
    return Response(content, media_type="image/svg+xml", headers=headers)


def notify(simulator: Zendesk, body: dict[str, Any]) -> None:
    """`POST /api/v2/apps/notify`: `api_notification.<event>` in the open browsers of one agent, or of all."""
    event, agent = body.get("event"), body.get("agent_id")
    if not isinstance(event, str) or not event or not body.get("app_id"):
        raise errors.Refused(errors.invalid_attribute("event", "and app_id are mandatory"))
    if agent is not None and (not isinstance(agent, int) or simulator.store.get("user", agent) is None):
        raise errors.Refused(errors.not_found())
    simulator.browsers.push(agent, kind="notify", event=event, body=body.get("body"))
