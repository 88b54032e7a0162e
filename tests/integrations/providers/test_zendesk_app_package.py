"""The app package by the documented rules (developer.zendesk.com, "Manifest reference", "Setting up new apps"), and by
the simulated workspace, which installs it."""

import io
import json
import struct
import zipfile
from typing import Any

import pytest
import requests
from django.test import override_settings

from integrations.models import IntegrationAccount
from integrations.providers.zendesk import Zendesk
from integrations.providers.zendesk.app_package import package
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.zendesk import connect

OURS = "https://desk.example.com"
REQUIRED = {
    "manifest.json",
    "translations/en.json",
    "assets/logo.png",
    "assets/logo-small.png",
    "assets/icon_top_bar.svg",
}


def archive(content: bytes | None = None) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content or package(OURS, "ops@example.com")))


def manifest(content: bytes | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(archive(content).read("manifest.json"))
    return found


def test_the_package_has_what_zendesk_asks_for_and_nothing_else() -> None:
    assert set(archive().namelist()) == REQUIRED | {"translations/ja.json"}
    assert len(package(OURS, "ops@example.com")) < 50_000


def test_the_manifest_names_both_places_their_size_and_our_host() -> None:
    told = manifest()
    assert told["frameworkVersion"] == "2.0" and told["private"] is True
    assert set(told["author"]) == {"name", "email", "url"} and told["author"]["email"] == "ops@example.com"
    assert told["location"] == {
        "support": {
            "background": {"url": f"{OURS}/agentdesktop/ZendeskBackground.jsp"},
            "top_bar": {"url": f"{OURS}/agentdesktop/Zendesk.jsp", "size": {"width": "320px", "height": "520px"}},
        }
    }
    assert told["domainWhitelist"] == ["desk.example.com"]
    assert f"translations/{told['defaultLocale']}.json" in archive().namelist()


@pytest.mark.parametrize("locale", ["en", "ja"])
def test_every_language_names_the_app(locale: str) -> None:
    words = json.loads(archive().read(f"translations/{locale}.json"))["app"]
    assert set(words) == {"name", "short_description", "long_description", "installation_instructions"}
    assert all(words.values())


@pytest.mark.parametrize(("name", "side"), [("logo.png", 320), ("logo-small.png", 128)])
def test_the_pictures_have_the_size_that_zendesk_wants(name: str, side: int) -> None:
    content = archive().read(f"assets/{name}")
    assert content.startswith(b"\x89PNG") and struct.unpack(">II", content[16:24]) == (side, side)


def test_the_icon_has_a_symbol_for_every_state_and_no_script() -> None:
    icon = archive().read("assets/icon_top_bar.svg").decode()
    assert all(f'<symbol id="{name}"' in icon for name in ("default", "ready", "away", "busy"))
    assert "script" not in icon and "href" not in icon


def test_the_same_address_makes_the_same_bytes() -> None:
    assert package(OURS, "ops@example.com") == package(OURS, "ops@example.com")
    assert package(OURS, "ops@example.com") != package("https://other.example.com", "ops@example.com")


# -- the button, and the workspace that installs


@pytest.mark.django_db
def test_the_button_hands_out_the_file_and_says_where_to_upload_it() -> None:
    crm: Zendesk = IntegrationAccount(
        provider="zendesk", name="Real", properties={"url": "https://acme.zendesk.com"}
    ).connect()
    with override_settings(PUBLIC_URL="http://desk.example.com"):
        refused = crm.app_package("ops@example.com")
        assert not refused.ok and "https only" in refused.message and refused.download is None
    with override_settings(PUBLIC_URL=OURS):
        result = crm.app_package("ops@example.com")
    assert result.ok and result.download is not None
    assert result.download.name == "agent-desktop-zendesk.zip"
    assert manifest(result.download.content)["domainWhitelist"] == ["desk.example.com"]


@pytest.mark.django_db
def test_the_simulated_workspace_installs_it_and_shows_our_pages(zendesk: Vendor) -> None:
    crm = connect()
    result, base = crm.app_package("ops@example.com"), crm.base_url
    assert result.download is not None
    answer = requests.post(f"{base}/_install", data=result.download.content, timeout=10)
    assert answer.json() == {"installed": True, "name": "Agent Desktop", "version": "1.0.0"}
    page = requests.get(f"{base}/agent/dashboard", timeout=10)
    assert "ZendeskBackground.jsp" in page.text and "1.0.0" in page.text
    icon = requests.get(f"{base}/_icon.svg", timeout=10)
    assert icon.content == archive(result.download.content).read("assets/icon_top_bar.svg")


def changed(**changes: Any) -> bytes:
    """The package with files replaced (None: left out); names with `__` for `/` and a `_DOT_` for the dot."""
    target = io.BytesIO()
    with archive() as source, zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            key = name.replace("/", "__").replace("-", "_").replace(".", "_DOT_")
            content = changes.get(key, source.read(name))
            if content is not None:
                made.writestr(name, content)
    return target.getvalue()


BROKEN = {
    "not a zip": (b"nonsense", "not a zip archive"),
    "no manifest": (changed(manifest_DOT_json=None), "manifest.json is missing"),
    "no json": (changed(manifest_DOT_json=b"{"), "manifest.json is not a JSON object"),
    "no small logo": (changed(assets__logo_small_DOT_png=None), "assets/logo-small.png is missing"),
    "wrong picture": (changed(assets__logo_DOT_png=b"GIF89a"), "must be a PNG of 320 x 320"),
    "no icon": (changed(assets__icon_top_bar_DOT_svg=None), "icon_top_bar.svg is missing"),
    "no words": (changed(translations__en_DOT_json=b'{"app": {}}'), "app.name is missing"),
    "plain http": (
        changed(manifest_DOT_json=json.dumps(manifest()).replace("https://desk", "http://desk").encode()),
        "must begin with https://",
    ),
    "old framework": (
        changed(manifest_DOT_json=json.dumps({**manifest(), "frameworkVersion": "1.0"}).encode()),
        'frameworkVersion must be "2.0"',
    ),
    "scheme in the list": (
        changed(manifest_DOT_json=json.dumps({**manifest(), "domainWhitelist": ["https://x.example"]}).encode()),
        "host names without a scheme",
    ),
    "unknown place": (
        changed(manifest_DOT_json=json.dumps({**manifest(), "location": {"support": {"cellar": "x"}}}).encode()),
        "there is no location cellar",
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_package_is_refused_in_words_and_the_right_one_is_installed_then(zendesk: Vendor, name: str) -> None:
    content, words = BROKEN[name]
    base = connect().base_url
    refused = requests.post(f"{base}/_install", data=content, timeout=10)
    assert refused.status_code == 422 and words in " ".join(refused.json()["problems"])
    assert requests.post(f"{base}/_install", data=package(OURS, "ops@example.com"), timeout=10).json()["installed"]
