"""Blocks whose work agents see: pages and texts, messages, and data that travels with the interaction."""

import json
from typing import Any

from django import forms

from contactcenter import messages, showing
from contactcenter.models import Agent, Interaction
from contactcenter.scenarios.context import CannotRun, Context
from contactcenter.scenarios.settings_fields import BlockSettings, FieldsField, PagesField, TemplateField

from .base import FAILED, NEXT, NO_DATA, Block

OPEN_WEB_PAGE, DISPLAY_TEXT = "OPEN_WEB_PAGE", "DISPLAY_TEXT"
ON_DELIVERY, ON_ANSWER = "delivery", "answer"
MOST_ATTACHED = 8_000
AGENT, TEAM, OF_INTERACTION = "agent", "team", "interaction"


class WebScreenPop(Block):
    """Addresses are http or https, and a value in one never leaves its place."""

    kind = "web_screen_pop"
    label = "Web Screen Pop"
    description = "Shows web pages or a text in the desktop of the agent who gets the call or chat."
    exits = {NEXT: "Next", FAILED: "Failed"}

    class Settings(BlockSettings):
        action = forms.ChoiceField(
            label="Action",
            choices=[(OPEN_WEB_PAGE, "Open a web page"), (DISPLAY_TEXT, "Display a text")],
            initial=OPEN_WEB_PAGE,
            help_text="What the agent gets to see.",
        )
        url = TemplateField(
            label="URL",
            language="url",
            required=False,
            help_text="For example https://orders.example.com/?phone=$(item.customerPhone). Only http and https.",
        )
        content = TemplateField(
            label="Text",
            required=False,
            widget=forms.Textarea,
            help_text="What is displayed, as plain text with variables.",
        )
        label = TemplateField(label="Label", max_length=80, required=False, help_text="Name of the tab. Empty: URL.")
        secondary = PagesField(
            label="Further pages",
            required=False,
            initial=dict,
            help_text='Tabs besides the first one: {"Parcels": "https://parcels.example.com/$(order)"}.',
        )
        when = forms.ChoiceField(
            label="When",
            choices=[(ON_DELIVERY, "When it is delivered (rings)"), (ON_ANSWER, "When the agent has answered")],
            initial=ON_DELIVERY,
            help_text="From which moment the agent sees it.",
        )
        keep_open = forms.BooleanField(
            label="Keep open after finish",
            required=False,
            initial=False,
            help_text="Ticked: it stays reachable under Recents when the call is completed.",
        )

        def clean(self) -> dict[str, Any]:
            cleaned = super().clean() or {}
            needed = "url" if cleaned.get("action") == OPEN_WEB_PAGE else "content"
            if needed not in self.errors and not cleaned.get(needed):
                self.add_error(needed, "This is what the agent is to see.")
            return cleaned

    def run(self, context: Context) -> str:
        is_page = context.settings["action"] == OPEN_WEB_PAGE
        url = context.address("url") if is_page else ""
        if is_page and not url:
            raise CannotRun("There is no address to open.")
        pop = {
            "action": context.settings["action"],
            "title": context.text("label") or ("URL" if is_page else context.title),
            "url": url,
            "content": "" if is_page else context.text("content"),
            "popUponAnswer": context.settings["when"] == ON_ANSWER,
            "keepPopupOpenAfterFinish": context.settings["keep_open"],
            "secondaryUrls": [{"label": k, "url": v} for k, v in context.addresses("secondary").items()],
        }
        showing.show_page(context.interaction, pop)
        context.outcome = {"pop": pop}
        return NEXT


class AttachedData(Block):
    kind = "attached_data"
    label = "Attached Data"
    description = (
        "Attaches names and values to the call or chat: for the agent's desktop, the CRM's activity history, host "
        "pages and Zapier. $(screenpopData.name) reads them."
    )
    exits = {NEXT: "Next", FAILED: "Failed"}

    class Settings(BlockSettings):
        values = FieldsField(
            label="Data",
            help_text='Names and texts with variables: {"Order": "$(order)"}. An empty value takes the name away.',
        )

    def run(self, context: Context) -> str:
        told = context.texts("values")
        attached = {**context.interaction.attached_data, **told}
        if len(json.dumps(attached)) > MOST_ATTACHED:
            raise CannotRun(f"What is attached would take more than {MOST_ATTACHED:,} characters.")
        showing.attach(context.interaction, told)
        context.outcome = {"attached": told}
        return NEXT


class InternalMessage(Block):
    kind = "internal_message"
    label = "Internal Message"
    description = "Shows a sentence on the desktop of an agent or of a team, until it is dismissed."
    exits = {NEXT: "Next", NO_DATA: "Nobody to tell"}

    class Settings(BlockSettings):
        recipient = forms.ChoiceField(
            label="To",
            choices=[
                (OF_INTERACTION, "The agent of this call or chat"),
                (AGENT, "An agent"),
                (TEAM, "Every agent of a team"),
            ],
            initial=OF_INTERACTION,
            help_text="Who is told. Agents who are logged out find it at their next log-in.",
        )
        name = TemplateField(
            label="Name",
            required=False,
            help_text="Login of the agent, or name of the team. Unused for the first choice.",
        )
        message = TemplateField(
            label="Message", widget=forms.Textarea, max_length=1000, help_text="Plain text with variables."
        )

        def clean(self) -> dict[str, Any]:
            cleaned = super().clean() or {}
            if cleaned.get("recipient") in (AGENT, TEAM) and "name" not in self.errors and not cleaned.get("name"):
                self.add_error("name", "Say who: the login of the agent, or the name of the team.")
            return cleaned

    def run(self, context: Context) -> str:
        agents = self.recipients(context, context.interaction)
        text = context.text("message").strip()
        if not agents or not text:
            context.outcome["note"] = "There is nobody to tell." if text else "There is nothing to tell."
            return NO_DATA
        told = messages.send(agents, text, key=context.key, interaction=context.interaction)
        context.outcome = {"to": [agent.login for agent in agents], "told": told}
        return NEXT

    def recipients(self, context: Context, interaction: Interaction) -> list[Agent]:
        chosen, name = context.settings["recipient"], context.text("name").strip()
        if chosen == OF_INTERACTION:
            agent = context.values.agent
            return [agent] if agent else []
        active = Agent.objects.select_related("user").filter(user__is_active=True)
        return list(active.filter(user__username=name) if chosen == AGENT else active.filter(team__name=name))
