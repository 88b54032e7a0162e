"""The tables that the simulator knows: columns, what they refer to, and their choices.

Only what an integration with a contact centre touches. Columns that are not listed do not exist: they are
dropped from a body and ignored in a query, without a word, as the Table API does (ServiceNow docs, Table API).
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Column:
    kind: str = "string"  # string, boolean, integer, datetime, reference, document, choice, journal, password
    target: str = ""
    choices: tuple[tuple[str, str], ...] = ()

    def label_of(self, value: str) -> str:
        return dict(self.choices).get(value, value)


@dataclass(frozen=True)
class Table:
    label: str
    columns: dict[str, Column]
    parent: str = ""
    prefix: str = ""
    display: str = "sys_id"
    defaults: dict[str, str] = field(default_factory=dict)


def _strings(names: str) -> dict[str, Column]:
    return {name: Column() for name in names.split()}


def _references(target: str, names: str) -> dict[str, Column]:
    return {name: Column("reference", target) for name in names.split()}


def _choice(**labels: str) -> Column:
    return Column("choice", choices=tuple((value.lstrip("_"), label) for value, label in labels.items()))


SYSTEM = {
    **_strings("sys_id sys_created_by sys_updated_by sys_class_name sys_mod_count"),
    "sys_created_on": Column("datetime"),
    "sys_updated_on": Column("datetime"),
}

_LEVELS = _choice(_1="1 - High", _2="2 - Medium", _3="3 - Low")
_PRIORITIES = _choice(_1="1 - Critical", _2="2 - High", _3="3 - Moderate", _4="4 - Low", _5="5 - Planning")
_CONTACT_TYPES = _choice(phone="Phone", email="Email", chat="Chat", walk_in="Walk-in", web="Web")
_INCIDENT_STATES = _choice(_1="New", _2="In Progress", _3="On Hold", _6="Resolved", _7="Closed", _8="Canceled")
# "Solved (Permanently)" is absent on new instances; posting it is dropped without a word.
_CLOSE_CODES = Column(
    "choice",
    choices=tuple((text, text) for text in ("Solution provided", "Workaround provided", "No resolution provided")),
)

_PERSON = {
    **_strings(
        "user_name name first_name last_name email phone mobile_phone home_phone title city country preferred_language "
        "employee_number"
    ),
    "active": Column("boolean"),
    "locked_out": Column("boolean"),
    "web_service_access_only": Column("boolean"),
    "vip": Column("boolean"),
    "user_password": Column("password"),
    "roles": Column(),
}

_TASK = {
    **_strings("number short_description description close_notes correlation_id correlation_display"),
    **_references("sys_user", "assigned_to opened_by closed_by resolved_by"),
    **_references("sys_user_group", "assignment_group"),
    "active": Column("boolean"),
    "impact": _LEVELS,
    "urgency": _LEVELS,
    "priority": _PRIORITIES,
    "contact_type": _CONTACT_TYPES,
    **{name: Column("datetime") for name in ("opened_at", "closed_at", "resolved_at", "due_date")},
    "comments": Column("journal"),
    "work_notes": Column("journal"),
}

TABLES: dict[str, Table] = {
    "sys_user": Table("User", _PERSON, display="name", defaults={"active": "true", "locked_out": "false"}),
    "customer_contact": Table(
        "Contact",
        {**_references("customer_account", "account")},
        "sys_user",
        display="name",
        defaults={"active": "true", "locked_out": "false"},
    ),
    "customer_account": Table("Account", _strings("name number phone"), display="name", prefix="ACCT"),
    "csm_consumer": Table(
        "Consumer",
        {
            **_strings("number name first_name last_name email mobile_phone business_phone home_phone"),
            "active": Column("boolean"),
        },
        prefix="CSMR",
        display="name",
        defaults={"active": "true"},
    ),
    "sys_user_group": Table("Group", {**_strings("name description"), "active": Column("boolean")}, display="name"),
    "task": Table("Task", _TASK, display="number", prefix="TASK"),
    "incident": Table(
        "Incident",
        {
            **_references("sys_user", "caller_id"),
            **_strings("category subcategory hold_reason"),
            "state": _INCIDENT_STATES,
            "incident_state": _INCIDENT_STATES,
            "close_code": _CLOSE_CODES,
        },
        "task",
        "INC",
        "number",
        {"state": "1", "incident_state": "1", "impact": "3", "urgency": "3", "active": "true"},
    ),
    "sn_customerservice_case": Table(
        "Case",
        {
            **_references("customer_contact", "contact"),
            **_references("customer_account", "account"),
            **_references("csm_consumer", "consumer"),
            **_strings("category resolution_code cause"),
            "state": _choice(_1="New", _10="Open", _18="Awaiting Info", _6="Resolved", _3="Closed"),
        },
        "task",
        "CS",
        "number",
        {"state": "1", "impact": "3", "urgency": "3", "active": "true"},
    ),
    "interaction": Table(
        "Interaction",
        {
            **_strings(
                "number short_description caller_phone_number channel_metadata_table context_table queue channel"
            ),
            **_strings("state_reason client_session_id inbound_id"),
            **_references("sys_user", "opened_for assigned_to opened_by"),
            **_references("customer_contact", "contact"),
            **_references("csm_consumer", "consumer"),
            **_references("customer_account", "account"),
            "channel_metadata_document": Column("document", "channel_metadata_table"),
            "context_document": Column("document", "context_table"),
            "state": _choice(
                new="New",
                queued="Queued",
                on_hold="On Hold",
                work_in_progress="Work in Progress",
                wrap_up="Wrap Up",
                closed_complete="Closed Complete",
                closed_abandoned="Closed Abandoned",
            ),
            "type": _choice(
                phone="Phone",
                chat="Chat",
                messaging="Messaging",
                video="Video",
                walkup="Walk-up",
                email="Email",
            ),
            "direction": _choice(inbound="Inbound", outbound="Outbound"),
            "virtual_agent": Column("boolean"),
            "active": Column("boolean"),
            "opened_at": Column("datetime"),
            "closed_at": Column("datetime"),
            "work_notes": Column("journal"),
        },
        prefix="IMS",
        display="number",
        defaults={"state": "new", "active": "true"},
    ),
    "interaction_related_record": Table(
        "Interaction Related Record",
        {
            **_references("interaction", "interaction"),
            **_references("task", "task"),
            **_strings("document_table type"),
            "document_id": Column("document", "document_table"),
        },
    ),
    "interaction_json_blob": Table(
        "Interaction JSON Blob", {**_references("interaction", "interaction"), **_strings("name value")}
    ),
    "sn_openframe_phone_log": Table(
        "Phone Log",
        {
            **_strings("call_id phone_number call_type duration"),
            **_references("sys_user", "contact agent"),
            **_references("task", "task"),
            **_references("interaction", "interaction"),
            "start_time": Column("datetime"),
            "end_time": Column("datetime"),
        },
        display="call_id",
    ),
    "sys_choice": Table(
        "Choice",
        {**_strings("name element value label language sequence"), "inactive": Column("boolean")},
        display="label",
    ),
    "sys_journal_field": Table("Journal Entry", _strings("name element element_id value")),
    "sys_db_object": Table("Table", _strings("name label super_class"), display="label"),
}


def lineage(table: str) -> list[str]:
    """The table and its ancestors, nearest first."""
    chain = []
    while table:
        chain.append(table)
        table = TABLES[table].parent
    return chain


def columns(table: str) -> dict[str, Column]:
    found = dict(SYSTEM)
    for name in reversed(lineage(table)):
        found.update(TABLES[name].columns)
    return found


def extends(table: str, ancestor: str) -> bool:
    return ancestor in lineage(table)
