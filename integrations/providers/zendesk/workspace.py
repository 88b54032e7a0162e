"""The agent workspace: our desktop in a Zendesk app (ZAF), and what opens in front of the agent.

Inside the workspace the host module calls `routeTo` with `entity` (ticket, user, organization) and `query`, the
record's number; anywhere else the address opens in a new tab. Talk Partner Edition opens it from outside."""

from urllib.parse import urlsplit

from django import forms
from django.conf import settings

from integrations.actions import Download, Result, action
from integrations.capabilities import CallFacts, CrmAgent, EmbedHost, RecordDisplay, RecordRef, ScreenPop

from .answers import number, plural
from .app_package import VERSION, package
from .people import People
from .properties import DISPLAY_POP, TICKET_POP
from .records import agent_path

NEW_TICKET = "agent/tickets/new/1"


class ShowForm(forms.Form):
    agent = forms.EmailField(label="Agent's e-mail", help_text="An agent who has Zendesk open in a browser.")
    ticket = forms.RegexField(
        r"^#?\d+$", label="Ticket", help_text="The ticket's number, for example 1001, as agents see it."
    )


class PackageForm(forms.Form):
    mail = forms.EmailField(
        label="E-mail for questions",
        help_text="Zendesk wants the address of whoever helps users of the app; administrators there can read it.",
    )


class Workspace(EmbedHost, RecordDisplay, People):
    host_module = "zendesk"

    def web_origin(self) -> str:
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    def client_library(self) -> str:
        """None: the framework's SDK is a file of the desktop's own (`static/agentdesktop/vendor`)."""
        return ""

    def screen_pop(self, ref: RecordRef | None, facts: CallFacts) -> ScreenPop:
        """By the account's choice; for an unknown caller the ticket of the call, else an empty new one."""
        made = facts.interaction if self.properties["screen_pop"] == TICKET_POP else None
        shown = made or ref or facts.interaction
        if shown is None:
            return ScreenPop("New ticket", f"{self.base_url}/{NEW_TICKET}", relative_url=NEW_TICKET)
        title = "Ticket of this call" if shown == facts.interaction else facts.name or shown.kind.capitalize()
        return ScreenPop(title, self.record_url(shown), shown.kind, number(shown.id), agent_path(shown))

    @property
    def displays_records(self) -> bool:
        return self.properties["outside_zendesk"] == DISPLAY_POP

    def display(self, ref: RecordRef, agent: CrmAgent) -> None:
        """Open a ticket or user in the browser of an agent who has Zendesk open (Talk Partner Edition)."""
        path = f"/api/v2/channels/voice/agents/{number(agent.id)}/{plural(ref.kind)}/{number(ref.id)}/display.json"
        self.http.post(path, purpose="Open for agent")

    @action(
        "Show to an agent",
        form=ShowForm,
        applies=lambda provider: bool(provider.properties["talk_partner_edition"]),
        help_text="Opens a ticket in an agent's browser, as Talk Partner Edition does when a call arrives.",
    )
    def show_to_agent(self, agent: str, ticket: str) -> Result:
        known = self.find_agent(email=agent, login="")
        if known is None:
            return Result(False, f"Zendesk has no active agent {agent}.")
        self.display(RecordRef("ticket", ticket.removeprefix("#")), known)
        return Result(True, f"Zendesk opens ticket {ticket} for {known.name}.")

    @action(
        "App package",
        form=PackageForm,
        help_text="Makes the file that puts the Agent Desktop into the top bar of Zendesk's agent workspace.",
    )
    def app_package(self, mail: str) -> Result:
        ours = str(settings.PUBLIC_URL).rstrip("/")
        if not ours.startswith("https://") and not self.account.simulated:
            words = f"Zendesk shows pages over https only, and agents reach us at {ours}."
            return Result(False, f"{words} Let whoever runs this product set PUBLIC_URL to an https address.")
        where = "Apps and integrations > Apps > Zendesk Support apps > Upload private app"
        if self.account.simulated:
            where = "Install package, in the simulated agent workspace"
        rows = (("Upload it at", where), ("Shows the pages of", ours), ("Version", VERSION))
        made = Download("agent-desktop-zendesk.zip", "application/zip", package(ours, mail))
        return Result(True, "The app package is ready. Upload it to Zendesk.", rows=rows, download=made)
