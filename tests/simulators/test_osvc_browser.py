"""The simulated browser user interface of B2C Service holds the desktop's host module, unmodified."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from integrations.simulators.server import running

MODULES = Path(__file__).resolve().parents[2] / "agentdesktop" / "static" / "agentdesktop"
LOADER = "/oracle_service_cloud/AgentWeb/module/extensibility/js/client/core/extension_loader.js"
EXTENSION = """<!DOCTYPE html><title>Extension</title><p id="state">loading</p>
<script src="LIBRARY" async></script>
<script type="module">
  import * as oracle from "/hosts/oracle.js";
  const say = (text) => (document.getElementById("state").textContent = text);
  window.oracle = oracle;
  oracle.ready({ origin: "https://site.example" }).then(() => say("ready"), (problem) => say(problem.message));
</script>"""


@pytest.fixture(scope="module")
def desktop() -> Iterator[str]:
    """In the place of the desktop: a small extension, with the desktop's own modules."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            module = MODULES / parts.path.lstrip("/")
            site = parse_qs(parts.query).get("topDomain", [""])[0]
            page = EXTENSION.replace("LIBRARY", f"{site}{LOADER}" if site else "/nothing.js")
            script = parts.path.endswith(".js")
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if script else "text/html")
            self.end_headers()
            self.wfile.write(page.encode() if not script else module.read_bytes() if module.is_file() else b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def site(desktop: str) -> Iterator[str]:
    with running(desktop_url=desktop) as base:
        yield base


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    yield context.new_page()
    context.close()


def test_a_record_opens_in_the_workspace_at_the_extensions_request(page: Page, site: str, desktop: str) -> None:
    page.goto(f"{site}/oracle_service_cloud/AgentWeb/")
    workspace = page.frame_locator("#workspace")
    expect(workspace.get_by_role("heading", name="Cannot print from the third floor")).to_be_visible()
    expect(page.frame_locator("#pane").locator("#state")).to_have_text("ready", timeout=10_000)
    frame = next(f for f in page.frames if f.url.startswith(f"{desktop}/agentdesktop/Oracle.jsp?topDomain=http"))
    assert frame.evaluate("oracle.screenPop({entity: 'Contact', query: '2'})") is True
    expect(workspace.get_by_role("heading", name="Beth Anglin")).to_be_visible()
    assert frame.evaluate("oracle.screenPop({entity: 'Contact', query: 'new'})") is True
    expect(workspace.get_by_role("heading", name="New contact")).to_be_visible()
    for other in ("{entity: 'incident', query: 'sys_id=5'}", "{entity: '', query: '5'}", "{url: 'https://x.example'}"):
        assert frame.evaluate(f"oracle.screenPop({other})") is False
    expect(page.locator("#asked")).to_have_text("create Contact -1")


def test_a_desktop_without_the_loader_or_without_oracle_around_it_says_so(page: Page, site: str, desktop: str) -> None:
    page.goto(f"{desktop}/")
    expect(page.locator("#state")).to_contain_text("script could not be loaded from https://site.example", timeout=9000)
    assert page.evaluate("oracle.screenPop({entity: 'Contact', query: '2'})") is False
    page.goto(f"{desktop}/?topDomain={site}")
    expect(page.locator("#state")).to_contain_text("Oracle did not answer", timeout=9000)
