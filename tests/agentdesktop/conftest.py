"""A running product for the browser tests: its ASGI application in a process of its own, and the simulators."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from integrations.simulators import server as simulators
from tests.servers import answers, free_port, stop, wait_for

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0  # while other browsers start theirs
PERMISSIVE = {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}
NOTE_VIOLATIONS = """
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
  });
"""


@dataclass(frozen=True)
class Desk:
    """Addresses of the desktop and of the simulated ServiceNow: two sites, as `127.0.0.1` and `localhost` are."""

    url: str
    simulator: str

    @property
    def embedded(self) -> str:
        return f"{self.url}/agentdesktop/ServiceNow.jsp?topDomain={self.simulator}"

    def control(self, name: str, **body: Any) -> Any:
        request = urllib.request.Request(f"{self.url}/_control/{name}", json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def tell(self, kind: str, agent: str = "agent1", **data: Any) -> None:
        self.control("tell", agent=agent, kind=kind, data=data)


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    port, simulator_port = free_port(), free_port()
    url, simulator = f"http://127.0.0.1:{port}", f"http://localhost:{simulator_port}"
    folder = tmp_path_factory.mktemp("desk")
    environment = {
        **os.environ,
        "VAR_DIR": str(folder),
        "PUBLIC_URL": url,
        "SIMULATOR_URL": simulator,
        "WITH_ACCOUNT": "1",
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "DJANGO_SETTINGS_MODULE": os.environ.get("DESKTOP_TEST_SETTINGS", "tests.agentdesktop.server_settings"),
    }
    command = [sys.executable, "-m", "tests.agentdesktop.server", str(port)]
    with simulators.running(simulator_port, desktop_url=url), (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for("the start of the desktop", lambda: process.poll() is not None or answers(port), START_SECONDS)
            assert process.poll() is None, (folder / "server.log").read_text()
            yield Desk(url, simulator)
        finally:
            stop(process)


@pytest.fixture(autouse=True)
def calm(request: pytest.FixtureRequest) -> None:
    """Every browser test begins with agents who are logged out and have nothing at hand."""
    if "desk" in request.fixturenames:
        for agent in ("agent1", "agent2", "agent3"):
            request.getfixturevalue("desk").control("log_out", agent=agent)


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open a page in a browser of its own; at the end no page may have met an error or broken the page's policy."""
    contexts: list[BrowserContext] = []
    pages: list[Page] = []

    def open_one(url: str = "about:blank", *, context: BrowserContext | None = None, **options: Any) -> Page:
        if context is None:
            context = browser.new_context(**{"viewport": {"width": 300, "height": 750}, **options})
            context.set_default_timeout(10_000)
            context.add_init_script(NOTE_VIOLATIONS)
            contexts.append(context)
        page = context.new_page()
        page.faults = []  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.faults.append(str(error)))  # type: ignore[attr-defined]
        pages.append(page)
        page.goto(url)
        return page

    yield open_one
    for page in pages:
        assert page.faults == []  # type: ignore[attr-defined]
        for frame in [] if page.is_closed() else page.frames:
            assert frame.evaluate("window.violations || []") == [], frame.url
    for context in contexts:
        context.close()


@pytest.fixture
def permissive(playwright: Any, browser_type_launch_args: dict[str, Any], tmp_path: Path) -> Iterator[BrowserContext]:
    """A Chromium that lets third-party cookies pass, as long as a person allows them."""
    preferences = tmp_path / "Default" / "Preferences"
    preferences.parent.mkdir()
    preferences.write_text(json.dumps(PERMISSIVE))
    context = playwright.chromium.launch_persistent_context(str(tmp_path), **browser_type_launch_args)
    context.set_default_timeout(10_000)
    context.add_init_script(NOTE_VIOLATIONS)
    yield context
    context.close()
