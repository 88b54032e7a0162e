"""An agent at a desktop without a browser: logs in and gives commands over HTTP, as the page does."""

import re
import time
from typing import Any

import requests

from tests.stack import Stack

CONFIG = re.compile(r'<script id="config" type="application/json">(.*?)</script>', re.DOTALL)
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
PATIENCE = 30.0


class Desk:
    """`top_domain` is the page around the desktop; empty: it stands alone."""

    def __init__(self, stack: Stack, login: str, *, top_domain: str = "") -> None:
        self.stack = stack
        self.query = {"topDomain": top_domain} if top_domain else {}
        self.page = "/agentdesktop/ServiceNow.jsp" if top_domain else "/agentdesktop/"
        self.session = requests.Session()
        self._log_in(login)

    def _log_in(self, login: str) -> None:
        address = f"{self.stack.url}/agentdesktop/login/"
        query = {**self.query, "page": self.page.rpartition("/")[2]}
        entrance = self.session.get(address, params=query, timeout=20)
        self._keep_cookies(entrance)
        token = TOKEN.search(entrance.text)
        assert token, entrance.text[:500]
        data = {"username": login, "password": login, "device": "softphone", "csrfmiddlewaretoken": token[1]}
        done = self.session.post(address, params=query, data=data, timeout=20, allow_redirects=False)
        assert done.status_code == 302, done.text[:2000]
        self._keep_cookies(done)
        page = self.session.get(f"{self.stack.url}{self.page}", params=self.query, timeout=20)
        self._keep_cookies(page)
        found = CONFIG.search(page.text)
        assert found, page.text[:500]
        self.csrf = re.search(r'"csrf": "([^"]+)"', found[1])[1]  # type: ignore[index]

    def _keep_cookies(self, response: requests.Response) -> None:
        """The cookie is for secure contexts; browsers count 127.0.0.1 as one, `requests` does not."""
        for cookie in self.session.cookies:
            cookie.secure = False

    def command(self, name: str, **body: Any) -> requests.Response:
        """One command, repeated while nobody answers: that is what a person does, too."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.session.post(
                    f"{self.stack.url}/agentdesktop/commands/{name}",
                    json=body,
                    headers={"X-CSRFToken": self.csrf},
                    timeout=10,
                )
            except requests.RequestException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def does(self, name: str, **body: Any) -> None:
        response = self.command(name, **body)
        assert response.ok, f"{name}: {response.status_code} {response.text}"

    def overview(self) -> dict[str, Any]:
        response = self.session.get(f"{self.stack.url}/agentdesktop/overview", timeout=10)
        assert response.ok, response.text
        return response.json()

    def call(self, call_id: str) -> dict[str, Any] | None:
        """The open interaction with this call id, None when the agent has none."""
        try:
            calls = self.overview()["interactions"]
        except requests.RequestException:
            return None
        return next((each for each in calls if each["callId"] == call_id), None)
