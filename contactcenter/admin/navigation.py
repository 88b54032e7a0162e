"""The groups of screens, in the words of people. The same list makes the side bar and the first page."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t


@dataclass(frozen=True, slots=True)
class Entry:
    """One screen: its model, an icon of the sprite, and one line that says what it is for."""

    model: str
    icon: str
    words: Any
    label: Any = ""


@dataclass(frozen=True, slots=True)
class Group:
    label: Any
    entries: tuple[Entry, ...]


GROUPS = (
    Group(
        _t("Connections"),
        (
            Entry("integrations.IntegrationAccount", "plug", _t("Other people's systems, and how they are")),
            Entry("contactcenter.OutboxEntry", "outbox", _t("What has to reach a CRM, and why it waits"), _t("Outbox")),
            Entry("contactcenter.Report", "report", _t("Files for workforce planning"), _t("Scheduled reports")),
            Entry("integrations.ApiCall", "wire", _t("Every exchange with a vendor, secrets masked"), _t("Wire log")),
            Entry("integrations.InboundEvent", "inbox", _t("What vendors told us"), _t("Inbound events")),
        ),
    ),
    Group(
        _t("Calls"),
        (
            Entry("contactcenter.Interaction", "phone", _t("Every call as a story, step by step")),
            Entry("contactcenter.CallRecording", "sound", _t("What was recorded and said"), _t("Recordings")),
            Entry("contactcenter.Contact", "contact", _t("People who call, with their numbers")),
            Entry("contactcenter.CallingList", "book", _t("Whom agents call, from Salesforce or a file")),
            Entry("contactcenter.ListRow", "contact", _t("Who is called, and what came of it"), _t("People on lists")),
        ),
    ),
    Group(
        _t("Services"),
        (
            Entry("contactcenter.Service", "service", _t("What customers call: numbers and scenario")),
            Entry("contactcenter.Scenario", "flow", _t("What happens when a call arrives")),
            Entry("contactcenter.ScenarioRun", "wire", _t("Where calls are in their scenarios now"), _t("Runs")),
            Entry("contactcenter.KnowledgeTopic", "tag", _t("What agents find when they ask"), _t("Knowledge base")),
            Entry("contactcenter.Disposition", "tag", _t("How a call ended, as agents judge it")),
        ),
    ),
    Group(
        _t("People"),
        (
            Entry("contactcenter.Agent", "agent", _t("Who takes calls, for which services")),
            Entry("contactcenter.Team", "team", _t("Agents who belong together")),
            Entry("contactcenter.NotReadyReason", "pause", _t("Why an agent is not available")),
            Entry("contactcenter.AgentStateChange", "clock", _t("Who was in which state"), _t("State history")),
        ),
    ),
    Group(
        _t("Administration"),
        (
            Entry("contactcenter.ContactCenter", "settings", _t("Name, time zone, limits"), _t("Contact centre")),
            Entry("contactcenter.ApiToken", "key", _t("What telephone systems use to report calls")),
            Entry("auth.User", "user", _t("Log-ins and their rights"), _t("Users")),
            Entry("auth.Group", "group", _t("Sets of rights"), _t("Groups")),
            Entry("auditlog.LogEntry", "history", _t("Who changed what, and when"), _t("Change history")),
        ),
    ),
)  # fmt: skip


def groups_for(request: HttpRequest, available_apps: list[Any]) -> list[dict[str, Any]]:
    """What this user may see, with the present screen marked. Screens of no group are left out on purpose."""
    screens = {f"{app['app_label']}.{model['object_name']}": model for app in available_apps for model in app["models"]}
    found = [{"label": str(g.label), "entries": _entries(request, g, screens)} for g in GROUPS]
    return [group for group in found if group["entries"]]


def _entries(request: HttpRequest, group: Group, screens: dict[str, Any]) -> list[dict[str, Any]]:
    entries = []
    for entry in group.entries:
        screen = screens.get(entry.model)
        if screen is None or not screen["admin_url"]:
            continue
        label = str(entry.label) or _(str(screen["name"]))
        url = screen["admin_url"]
        current = request.path.startswith(url)
        entries.append({
            "label": label, "url": url, "icon": entry.icon, "words": str(entry.words), "current": current,
            "add_url": screen.get("add_url"),
        })  # fmt: skip
    return entries
