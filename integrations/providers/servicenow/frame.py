"""Our desktop inside ServiceNow (OpenFrame), and what opens in front of the agent.

In the frame a form is opened by table and query, a page by an address relative to the instance: OpenFrame refuses
absolute ones and those over 2083 characters (ServiceNow docs, "openFrameAPI - Client"). Outside the frame a full
address opens in a new tab."""

import re
from urllib.parse import quote, urlencode, urlsplit

from integrations.capabilities import CallFacts, EmbedHost, RecordRef, ScreenPop

from . import query as encoded
from .answers import sys_id, table_name
from .properties import CTI_POP, INTERACTION_POP, WORKSPACE_POP
from .tables import Tables

LIBRARY = "/scripts/openframe/latest/openFrameAPI.min.js"
LONGEST_ADDRESS = 2083
FIELD = re.compile(r"^[a-z][a-z0-9_]{0,79}$")
# Parameters of cti.do with a meaning of their own: a field of that name cannot be pre-filled.
RESERVED = {"caller_name", "caller_phone", "task_id", "view", "cti_rule"}


class Frame(EmbedHost, Tables):
    host_module = "servicenow"

    def web_origin(self) -> str:
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    def client_library(self) -> str:
        return self.base_url + LIBRARY

    def screen_pop(self, ref: RecordRef | None, facts: CallFacts) -> ScreenPop:
        """By the account's choice; a new record with the call's number where there is none to open."""
        choice = self.properties["screen_pop"]
        if choice == CTI_POP:
            return self._cti(facts)
        shown = facts.interaction or ref if choice == INTERACTION_POP else ref
        if shown is None:
            return self._new_record(facts)
        title = "Record of this call" if shown == facts.interaction else facts.name or "Record"
        if choice == WORKSPACE_POP:
            path = self.filled("workspace_url_pattern", shown)
            return ScreenPop(title, self.base_url + path, relative_url=path.lstrip("/"))
        query = f"sys_id={sys_id(shown.id)}"
        return ScreenPop(title, self.record_url(shown), entity=table_name(shown.kind), query=query)

    def _new_record(self, facts: CallFacts) -> ScreenPop:
        """A new incident or case, pre-filled with what is known of the call."""
        table = str(self.properties["related_table"])
        known = {"contact_type": "phone", "short_description": f"Call from {facts.name or facts.phone}", **facts.fields}
        filled = "^".join(f"{name}={encoded.value(text)}" for name, text in known.items() if FIELD.match(name) and text)
        query = f"sys_id=-1&sysparm_query={filled}"
        inner = quote(f"{table}.do?sys_id=-1&sysparm_query={quote(filled, safe='')}", safe="")
        return ScreenPop("New record", f"{self.base_url}/nav_to.do?uri={inner}", entity=table, query=query)

    def _cti(self, facts: CallFacts) -> ScreenPop:
        """ServiceNow's CTI page; it tries the name first, then the phone (ServiceNow docs, "Computer Telephony
        Integration"). Pre-filled fields are dropped from the end where the address would become too long."""
        parameters = {
            "sysparm_caller_name": facts.name,
            "sysparm_caller_phone": facts.phone,
            "sysparm_task_id": facts.task_id,
            "sysparm_view": str(self.properties["cti_view"] or ""),
            "sysparm_cti_rule": str(self.properties["cti_rule"] or ""),
        }
        address = cti_address(parameters)
        for name, text in facts.fields.items():
            longer = cti_address({**parameters, f"sysparm_{name}": text})
            if FIELD.match(name) and name not in RESERVED and len(longer) <= LONGEST_ADDRESS:
                parameters[f"sysparm_{name}"] = text
                address = longer
        return ScreenPop("CTI processing", f"{self.base_url}/{address}", relative_url=address)


def cti_address(parameters: dict[str, str]) -> str:
    """Relative to the instance; blanks as %20, as in ServiceNow's own example."""
    return "cti.do?" + urlencode({name: text for name, text in parameters.items() if text}, quote_via=quote)
