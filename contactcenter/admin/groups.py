"""Supervisors look at everything that happens, listen to recordings, and change nothing. Agents have no way into the
admin at all."""

from django.contrib.auth.models import Group, Permission

SUPERVISORS = "Supervisors"
SEEN = {
    "contactcenter": (
        "agent", "agentstatechange", "contact", "contactphone", "contactemail", "contactaddress",
        "contactlink", "contactdetail", "callerdataanswer", "chat", "chatmessage", "servicemessenger",
        "knowledgetopic", "disposition", "interaction", "interactionevent",
        "notreadyreason", "outboxentry", "scenario", "scenariorun", "scenariostep", "scenarioversion", "service",
        "servicenumber", "team", "feedstate", "agentcrmuser",
        "callrecording", "callinglist", "listrow", "listimport", "listexport", "refusedrow", "report",
    ),
    "integrations": ("integrationaccount", "apicall", "inboundevent"),
}  # fmt: skip


def ensure_supervisors() -> Group:
    """The group with the permission to view each of those tables, and to listen. What somebody added stays."""
    group, _made = Group.objects.get_or_create(name=SUPERVISORS)
    for app, models in SEEN.items():
        codes = [*(f"view_{model}" for model in models), "listen_callrecording"]
        group.permissions.add(*Permission.objects.filter(content_type__app_label=app, codename__in=codes))
    return group
