"""What lists and forms show: the columns of each table, and the groups of fields on its form."""

from __future__ import annotations

LISTS: dict[str, tuple[str, ...]] = {
    "incident": ("number", "short_description", "caller_id", "priority", "state", "assigned_to", "sys_updated_on"),
    "interaction": (
        "number", "short_description", "opened_for", "caller_phone_number", "state", "assigned_to", "sys_updated_on",
    ),
    "sys_user": ("name", "phone", "mobile_phone", "home_phone", "email", "city"),
    "customer_contact": ("name", "phone", "mobile_phone", "email", "account"),
    "csm_consumer": ("name", "mobile_phone", "business_phone", "home_phone", "email"),
    "sn_customerservice_case": ("number", "short_description", "contact", "account", "priority", "state"),
    "interaction_related_record": ("interaction", "document_table", "document_id", "type", "sys_created_on"),
    "sn_openframe_phone_log": ("call_id", "phone_number", "call_type", "agent", "start_time", "task"),
}  # fmt: skip

FORMS: dict[str, tuple[str, ...]] = {
    "incident": (
        "number", "state", "caller_id", "priority", "impact", "urgency", "category", "contact_type",
        "assignment_group", "assigned_to", "short_description", "description", "close_code", "close_notes",
    ),
    "interaction": (
        "number", "state", "type", "direction", "opened_for", "contact", "caller_phone_number", "assigned_to",
        "opened_at", "closed_at", "short_description",
    ),
    "sys_user": (
        "name", "user_name", "title", "email", "phone", "mobile_phone", "home_phone", "city", "country", "vip",
    ),
    "sn_customerservice_case": (
        "number", "state", "contact", "account", "consumer", "priority", "short_description", "description",
    ),
}  # fmt: skip

#: Fields that the form lets an agent change.
EDITABLE: dict[str, tuple[str, ...]] = {
    "incident": (
        "caller_id", "state", "impact", "urgency", "category", "contact_type", "assigned_to", "short_description",
        "description", "close_code", "close_notes",
    ),
    "interaction": (
        "state", "type", "direction", "opened_for", "caller_phone_number", "assigned_to", "short_description",
    ),
    "sn_customerservice_case": ("state", "contact", "short_description", "description"),
}  # fmt: skip

PHONE_COLUMNS = frozenset(
    {"phone", "mobile_phone", "home_phone", "business_phone", "caller_phone_number", "phone_number"}
)
LONG_TEXT = frozenset({"description", "close_notes"})

LABELS = {
    "caller_id": "Caller",
    "sys_updated_on": "Updated",
    "sys_created_on": "Created",
    "close_code": "Resolution code",
    "close_notes": "Resolution notes",
    "vip": "VIP",
    "document_id": "Record",
    "document_table": "Table",
}
MODULES = (
    ("Incidents", "incident_list.do?sysparm_query=active=true"),
    ("Interactions", "interaction_list.do?sysparm_query=ORDERBYDESCsys_created_on"),
    ("Callers", "sys_user_list.do?sysparm_query=emailLIKE.^phoneISNOTEMPTY^ORmobile_phoneISNOTEMPTY^ORDERBYname"),
    ("Contacts", "customer_contact_list.do"),
    ("Cases", "sn_customerservice_case_list.do"),
    ("Phone log", "sn_openframe_phone_log_list.do"),
    ("cti.do", "cti_try.do"),
)


def label(column: str) -> str:
    return LABELS.get(column) or column.replace("_", " ").capitalize()


def list_columns(table: str, known: tuple[str, ...]) -> tuple[str, ...]:
    return LISTS.get(table) or known[:6]


def form_columns(table: str, known: tuple[str, ...]) -> tuple[str, ...]:
    return FORMS.get(table) or known
