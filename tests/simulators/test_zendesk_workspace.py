"""The agent workspace: Zendesk's SDK, unmodified, in a page of another origin; single sign-on; what is pushed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Frame, Page, expect

from integrations.simulators.server import running
from integrations.simulators.zendesk import sign_on, tokens

SDK = Path(__file__).resolve().parents[2] / "agentdesktop" / "static" / "agentdesktop" / "vendor" / "zaf_sdk.js"
APP = """<!DOCTYPE html><title>App</title><p id="state">loading</p>
<script type="module">
  import ZAFClient from "/zaf_sdk.js";
  window.client = ZAFClient.init();
  window.heard = [];
  const note = (name) => client.on(name, (told) => heard.push([name, told]));
  if (client) {
    ["pane.activated", "pane.deactivated", "voice.dialout", "api_notification.news", "mine"].forEach(note);
    client.context().then(({ location }) => (document.getElementById("state").textContent = location));
  }
</script>"""
AUTH = ("integration@example.com/token", tokens.API_TOKEN)


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    """In the place of the desktop: an app with nothing but the SDK."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script = self.path.startswith("/zaf_sdk.js")
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if script else "text/html")
            self.end_headers()
            self.wfile.write(SDK.read_bytes() if script else APP.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def address(app: str) -> Iterator[str]:
    with running(desktop_url=app) as base:
        yield f"{base}/zendesk"


@pytest.fixture
def base(address: str) -> str:
    assert requests.post(f"{address}/_reset", timeout=10).ok
    return address


@pytest.fixture
def page(chromium: Browser, base: str) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    page.goto(f"{base}/agent/dashboard")
    yield page
    context.close()


def frame(page: Page, path: str) -> Frame:
    """The app's frame at this path, once the workspace has registered it."""
    for _ in range(100):
        found = next((each for each in page.frames if path in each.url), None)
        if found and found.evaluate("document.getElementById('state')?.textContent !== 'loading'"):
            return found
        page.wait_for_timeout(100)
    raise AssertionError(path)


def pane(page: Page) -> Frame:
    page.locator("#app-button").click()
    return frame(page, "/Zendesk.jsp")


def errors(page: Page) -> list[str]:
    return page.locator("#inspector li.error em").all_text_contents()


def test_the_sdk_meets_the_workspace_and_reads_what_it_may(page: Page) -> None:
    app = pane(page)
    told = app.evaluate("client.get(['currentUser', 'currentUser.email', 'instances'])")
    assert told["currentUser"]["name"] == "Ava Martin" and told["currentUser.email"] == "agent1@example.com"
    assert {each["location"] for each in told["instances"].values()} == {"background", "top_bar"}
    refused = app.evaluate("client.get('ticket.subject').catch((error) => error.message)")
    assert refused == '"ticket.subject" is not available in this location'
    assert app.evaluate("client.metadata().then((told) => told.settings.title)") == "Agent Desktop"


def test_records_open_in_tabs_and_what_is_no_record_is_an_error_that_the_inspector_shows(page: Page) -> None:
    app = pane(page)
    app.evaluate("client.invoke('routeTo', 'user', 5010)")
    expect(page.frame_locator("#record").get_by_role("heading", name="Beth Anglin")).to_be_visible()
    app.evaluate("client.invoke('routeTo', 'ticket', 1003)")
    expect(page.locator("#tabs button")).to_have_count(3)
    page.get_by_role("button", name="Close tab").click()
    expect(page.locator("#tabs button")).to_have_count(2)
    words = app.evaluate("client.invoke('routeTo', 'cellar', 1).catch((error) => 'refused')")
    unknown = app.evaluate("client.invoke('makeCoffee').catch((error) => 'refused')")
    assert "there is no way to cellar 1" in errors(page)
    assert "is no action of this location" in errors(page)
    assert words is not None and unknown is not None


def test_the_pane_is_shown_hidden_and_resized_and_the_app_hears_of_it(page: Page) -> None:
    app = pane(page)
    app.evaluate("client.invoke('popover', 'hide')")
    expect(page.locator("#pane")).to_be_hidden()
    app.evaluate("client.invoke('popover', 'show')")
    expect(page.locator("#pane")).to_be_visible()
    app.evaluate("client.invoke('popover', {width: 300, height: 410})")
    assert page.locator("#pane").bounding_box()["height"] == 410  # type: ignore[index]
    assert [name for name, _ in app.evaluate("heard")] == ["pane.deactivated", "pane.activated"]
    app.evaluate("client.set('iconSymbol', 'busy')")
    expect(page.locator("#app-button")).to_have_attribute("data-symbol", "busy")
    app.evaluate("client.invoke('notify', 'Hello', 'alert')")
    expect(page.locator("#toasts .warning")).to_have_text("Hello")


def test_requests_run_in_the_agents_session(page: Page) -> None:
    app = pane(page)
    assert (
        app.evaluate("client.request('/api/v2/users/me.json').then((told) => told.user.email)") == "agent1@example.com"
    )
    body = {"ticket": {"comment": {"body": "From the app", "public": False}}}
    asked = {
        "url": "/api/v2/tickets/1001.json",
        "type": "PUT",
        "contentType": "application/json",
        "data": json.dumps(body),
    }
    assert app.evaluate("(asked) => client.request(asked).then((told) => told.ticket.id)", asked) == 1001
    gone = "client.request('/api/v2/tickets/1.json').catch((response) => response.status)"
    assert app.evaluate(gone) == 404


def test_a_clicked_number_reaches_the_background_page_with_its_ticket(page: Page) -> None:
    background = frame(page, "/ZendeskBackground.jsp")
    page.frame_locator("#record").get_by_role("button", name="Call").click()
    page.wait_for_timeout(300)
    told = {"number": "+14155550132", "userId": 5009, "ticketId": 1001}
    assert background.evaluate("heard") == [["voice.dialout", told]]


def test_one_page_of_the_app_speaks_to_the_other(page: Page) -> None:
    app, background = pane(page), frame(page, "/ZendeskBackground.jsp")
    app.evaluate(
        """async () => {
          const { instances } = await client.get("instances");
          const [guid] = Object.entries(instances).find(([, about]) => about.location === "background");
          client.instance(guid).trigger("mine", { a: 1 });
        }"""
    )
    page.wait_for_timeout(300)
    assert background.evaluate("heard") == [["mine", {"a": 1}]]
    assert app.evaluate("heard") == []


def test_no_answer_within_five_seconds_is_a_timeout_and_the_next_one_is_answered(page: Page) -> None:
    app = pane(page)
    page.get_by_role("button", name="Answer nothing").click()
    # The SDK settles the promise with its error where one would expect a rejection.
    told = "client.get('currentUser').then((told) => told.name, (error) => error.name)"
    assert app.evaluate(told) == "TimeoutError"
    page.get_by_role("button", name="Answer nothing").click()
    assert app.evaluate("client.get('currentUser').then((told) => told.currentUser.name)") == "Ava Martin"


def test_a_message_of_the_wrong_shape_is_shown_with_its_reason(page: Page) -> None:
    app = pane(page)
    app.evaluate("parent.postMessage('no json', '*')")
    app.evaluate("parent.postMessage(JSON.stringify({ key: 'iframe.handshake', appGuid: 'another' }), '*')")
    page.wait_for_timeout(300)
    assert "not JSON" in errors(page) and any(text.startswith("appGuid is not") for text in errors(page))


def test_display_and_notify_reach_the_browser_of_that_agent_only(page: Page, base: str) -> None:
    app = pane(page)
    ava, other = 5002, 5003
    for agent in (other, ava):
        display = f"{base}/api/v2/channels/voice/agents/{agent}/users/{5010 + agent - ava}/display.json"
        assert requests.post(display, auth=AUTH, timeout=10).status_code == 200
        told = {"app_id": 1001, "event": "news", "body": {"for": agent}, "agent_id": agent}
        assert requests.post(f"{base}/api/v2/apps/notify", json=told, auth=AUTH, timeout=10).status_code == 200
    expect(page.frame_locator("#record").get_by_role("heading", name="Beth Anglin")).to_be_visible()
    page.wait_for_timeout(1000)
    assert app.evaluate("heard") == [["api_notification.news", {"for": ava}]]
    bad = requests.post(f"{base}/api/v2/apps/notify", json={"event": "news"}, auth=AUTH, timeout=10)
    assert bad.status_code == 400


# -- single sign-on


def jwt(secret: str = sign_on.SHARED_SECRET, *, alg: str = "HS256", **changes: Any) -> str:
    def part(content: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    claims = {"iat": int(time.time()), "jti": uuid.uuid4().hex, "name": "Ben Clarke", "email": "agent2@example.com"}
    message = f"{part({'typ': 'JWT', 'alg': alg})}.{part({**claims, **changes})}"
    signature = hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest()
    return f"{message}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def enter(base: str, token: str, **form: str) -> requests.Response:
    form = {"jwt": token, **form}
    return requests.post(f"{base}/access/jwt", data=form, allow_redirects=False, timeout=10)


def test_a_good_statement_begins_a_session_of_that_agent(base: str) -> None:
    answer = enter(base, jwt(), return_to=f"{base}/agent/dashboard")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{base}/agent/dashboard")
    me = requests.get(f"{base}/api/v2/users/me.json", cookies=answer.cookies, timeout=10).json()["user"]
    assert me["email"] == "agent2@example.com"
    refused = requests.put(f"{base}/api/v2/tickets/1001.json", json={}, cookies=answer.cookies, timeout=10)
    assert refused.status_code == 401  # writing needs the page's token besides


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (lambda: "a.b", "segments"),
        (lambda: jwt("wrong"), "signature"),
        (lambda: jwt(alg="none"), "algorithm"),
        (lambda: jwt(iat=int(time.time()) - 600), "iat"),
        (lambda: jwt(iat=int(time.time()) + 600), "iat"),
        (lambda: jwt(jti=""), "jti"),
        (lambda: jwt(email=""), "email"),
        (lambda: jwt(email="suspended@example.com"), "suspended"),
    ],
)
def test_a_bad_statement_leads_to_the_log_out_address_with_the_reason(base: str, token: Any, words: str) -> None:
    answer = enter(base, token())
    assert answer.status_code == 302 and "_zendesk_session" not in answer.cookies
    assert "zout=true&kind=error&message=" in answer.headers["Location"] and words in answer.headers["Location"]
    assert enter(base, jwt()).cookies["_zendesk_session"]


def test_a_statement_is_good_once_and_only_as_a_form(base: str) -> None:
    token = jwt()
    assert requests.get(f"{base}/access/jwt", params={"jwt": token}, timeout=10).status_code == 405
    assert enter(base, token).cookies
    assert "jti" in enter(base, token).headers["Location"]


def test_nobody_is_sent_to_a_foreign_address_and_a_stranger_becomes_a_customer(base: str) -> None:
    assert "return_to" in enter(base, jwt(), return_to="https://evil.example/").headers["Location"]
    enter(base, jwt(email="new@example.com", name="New Person"))
    users = requests.get(f"{base}/_board", timeout=10).json()["users"]
    assert [row["role"] for row in users if row["email"] == "new@example.com"] == ["end-user"]


def test_with_sign_on_switched_on_a_stranger_is_sent_to_the_log_in_address(base: str, app: str) -> None:
    requests.put(f"{base}/_settings", json={"jwt_sign_on": True}, timeout=10)
    answer = requests.get(f"{base}/agent/dashboard", allow_redirects=False, timeout=10)
    assert answer.headers["Location"].startswith(f"{app}/agentdesktop?zin=true&return_to=http")
