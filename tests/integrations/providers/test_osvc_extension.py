"""The extension for Oracle's browser user interface: its files, and that its script shows our page in a side pane, in a
browser with the members of the extension API that Oracle documents."""

import io
import zipfile

import pytest
from django.test import override_settings
from playwright.sync_api import Page

from integrations.models import IntegrationAccount
from integrations.providers.osvc.extension import package

SITE, OURS = "https://acme.custhelp.com", "https://desk.example.com"
ADDRESS = f"{OURS}/agentdesktop/Oracle.jsp?topDomain=https%3A%2F%2Facme.custhelp.com"
API = """(property) => {
  const pane = new Proxy({}, {
    get: (_, name) => name !== "then" && ((value) => {
      (window.asked ||= {})[name] = value ?? true;
      return name === "createIcon" ? { setIconClass: (text) => (window.asked.icon = text) } : undefined;
    }),
  });
  const properties = { get: () => (property ? { value: property } : null) };
  const provider = {
    getGlobalContext: async () => ({ getExtensionContext: async () => ({ getProperties: async () => properties }) }),
    registerUserInterfaceExtension: (callback) =>
      callback({ getLeftSidePaneContext: async () => ({ getSidePane: async () => pane }) }),
  };
  window.ORACLE_SERVICE_CLOUD = { extension_loader: { load: async () => provider } };
}"""


def files() -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(package(SITE, SITE, OURS))) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_the_init_page_loads_oracles_script_and_ours_and_nothing_is_left_to_fill_in() -> None:
    found = files()
    assert set(found) == {"init.html", "init.js", "readme.txt"}
    assert f'src="{SITE}/AgentWeb/module/extensibility/js/client/core/extension_loader.js"' in found["init.html"]
    assert f'"{ADDRESS}"' in found["init.js"] and ADDRESS in found["readme.txt"]
    assert "@" not in "".join(found.values())
    assert package(SITE, SITE, OURS) == package(SITE, SITE, OURS)


@pytest.mark.browser
@pytest.mark.parametrize(("told", "shown"), [("", ADDRESS), ("https://new.example.com/x", "https://new.example.com/x")])
def test_the_script_shows_the_desktop_in_a_side_pane_at_the_address_that_the_site_tells(
    page: Page, told: str, shown: str
) -> None:
    page.evaluate(API, told)
    page.add_script_tag(content=files()["init.js"])
    page.wait_for_function("window.asked && window.asked.render")
    asked = page.evaluate("window.asked")
    assert (asked["setContentUrl"], asked["setLabel"], asked["setVisible"]) == (shown, "Agent Desktop", True)


@pytest.mark.parametrize("provider", ["oracle_service_cloud", "rightnow"])
def test_the_button_hands_out_the_file_where_our_address_is_https(provider: str) -> None:
    account = IntegrationAccount(provider=provider, name="Site", properties={"url": SITE})
    with override_settings(PUBLIC_URL="http://desk.example.com"):
        assert not account.connect().extension().ok
    with override_settings(PUBLIC_URL=OURS):
        result = account.connect().extension()
    assert result.ok and result.download.name == "agent-desktop-oracle.zip"
    assert result.download.content == package(SITE, SITE, OURS)
