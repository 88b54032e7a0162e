"""The browser user interface of B2C Service, which can hold our desktop, and how records open there.

The host module of the desktop opens records through the extension API (`editWorkspaceRecord`); anywhere else the
address of the record opens in a new tab. B2C Service docs, "BUI Extensibility Framework"."""

from urllib.parse import urlsplit

from integrations.capabilities import CallFacts, EmbedHost, RecordRef, ScreenPop

from .service_cloud import ServiceCloud, record_id, singular

LOADER = "/AgentWeb/module/extensibility/js/client/core/extension_loader.js"
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


def workspace(kind: str) -> str:
    """The type of a workspace is the object's name in the singular, with a capital."""
    name = singular(kind)
    return name[:1].upper() + name[1:]
