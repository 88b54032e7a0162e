"""The app package for Zendesk's Admin Center: what puts our desktop into the top bar of the agent workspace.

Two places: `top_bar` holds the desktop, `background` the page that has it loaded at once and hands clicks on numbers
over. The size is the largest that Zendesk advises for a call console (developer.zendesk.com, "Guidelines for CTI
integrations", "Manifest reference", "Setting up new apps" > file requirements). The same address makes the same
bytes."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FILES = Path(__file__).with_name("app")
ASSETS = ("logo.png", "logo-small.png", "icon_top_bar.svg")
LOCALES = ("en", "ja")
VERSION = "1.0.0"
SIZE = {"width": "320px", "height": "520px"}
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def manifest(our_address: str, mail: str) -> dict[str, Any]:
    """`our_address`: where agents' browsers reach us, without a path. `mail`: whom users of the app ask for help."""
    pages = f"{our_address}/agentdesktop"
    support = {
        "background": {"url": f"{pages}/ZendeskBackground.jsp"},
        "top_bar": {"url": f"{pages}/Zendesk.jsp", "size": SIZE},
    }
    return {
        "name": "Agent Desktop",
        "author": {"name": "Agent Desktop", "email": mail, "url": our_address},
        "defaultLocale": "en",
        "private": True,
        "location": {"support": support},
        "domainWhitelist": [str(urlsplit(our_address).hostname)],
        "version": VERSION,
        "frameworkVersion": "2.0",
        "singleInstall": True,
    }


def package(our_address: str, mail: str) -> bytes:
    """The zip to upload, some tens of KB. No secret is in it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        _add(archive, "manifest.json", json.dumps(manifest(our_address, mail), indent=2).encode() + b"\n")
        for locale in LOCALES:
            _add(archive, f"translations/{locale}.json", (FILES / "translations" / f"{locale}.json").read_bytes())
        for name in ASSETS:
            _add(archive, f"assets/{name}", (FILES / "assets" / name).read_bytes())
    return target.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, ZIP_EPOCH)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)
