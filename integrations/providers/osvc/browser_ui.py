"""The browser user interface of B2C Service, which can hold our desktop, and how records open there.

The host module of the desktop opens records through the extension API (`editWorkspaceRecord`); anywhere else the
address of the record opens in a new tab. B2C Service docs, "BUI Extensibility Framework"."""

from urllib.parse import urlsplit

from django.conf import settings

from integrations.actions import Download, Result, action
from integrations.capabilities import CallFacts, EmbedHost, RecordRef, ScreenPop

from .extension import LOADER, package
from .service_cloud import ServiceCloud, record_id, singular

START_PAGE = "/AgentWeb/"
NEW = "new"


class BrowserUi(EmbedHost, ServiceCloud):
    host_module = "oracle"

    def web_origin(self) -> str:
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    def client_library(self) -> str:
        return self.base_url + LOADER

    def screen_pop(self, ref: RecordRef | None, facts: CallFacts) -> ScreenPop:
        """The record; without one, a new contact, which only the extension API can open."""
        if ref is None:
            return ScreenPop("New contact", self.base_url + START_PAGE, entity="Contact", query=NEW)
        title = facts.name or "Record"
        return ScreenPop(title, self.record_url(ref), entity=workspace(ref.kind), query=record_id(ref.id))

    @action("Extension", help_text="Makes the file that shows the Agent Desktop in Oracle's browser user interface.")
    def extension(self) -> Result:
        ours = str(settings.PUBLIC_URL).rstrip("/")
        if not ours.startswith("https://") and not self.account.simulated:
            words = f"Oracle's pages are https, and agents reach us at {ours}."
            return Result(False, f"{words} Let whoever runs this product set PUBLIC_URL to an https address.")
        where = "Configuration > Site Configuration > Add-Ins > New > Browser UI extension"
        rows = (("Upload it at", where), ("Type", "User Interface"), ("Init file", "init.html"), ("Shows", ours))
        made = Download("agent-desktop-oracle.zip", "application/zip", package(self.base_url, self.web_origin(), ours))
        return Result(True, "The extension is ready. Its readme.txt says what to click.", rows=rows, download=made)


def workspace(kind: str) -> str:
    """The type of a workspace is the object's name in the singular, with a capital."""
    name = singular(kind)
    return name[:1].upper() + name[1:]
