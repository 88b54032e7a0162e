"""Who may do what: a small access-control table, changeable while the simulator runs.

The default for the API user is the list of rights of the vendor's integration guide, no more: sys_user READ,
incident and case READ, interaction CREATE and UPDATE, interaction_related_record CREATE. Two things follow that
surprise everybody once: a new interaction cannot be read back (its sys_id is only in the Location header), and
an incident's journal cannot be written.
"""

from __future__ import annotations

from typing import Any

from .schema import lineage
from .store import Record

ALL = ["create", "read", "update", "delete"]

DEFAULT: dict[str, dict[str, list[str]]] = {
    "integration.user": {
        "sys_user": ["read"],
        "incident": ["read"],
        "sn_customerservice_case": ["read"],
        "interaction": ["create", "update"],
        "interaction_related_record": ["create"],
    },
    "itil": {
        "sys_user": ["read"],
        "csm_consumer": ["read"],
        "customer_account": ["read"],
        "task": ["create", "read", "update"],
        "interaction": ["create", "read", "update"],
        "interaction_related_record": ["create", "read"],
        "interaction_json_blob": ["create", "read"],
        "sn_openframe_phone_log": ["create", "read", "update"],
    },
    "admin": {"*": ALL},
    "everybody": {"sys_choice": ["read"], "sys_user_group": ["read"]},
}


def roles(user: Record) -> list[str]:
    return [role.strip() for role in user["roles"].split(",") if role.strip()]


def allowed(settings: dict[str, Any], user: Record, table: str, operation: str) -> bool:
    """A right on a table is a right on the tables that extend it."""
    rights: dict[str, dict[str, list[str]]] = settings["acl"]
    for principal in (user["user_name"], *roles(user), "everybody"):
        for name in (*lineage(table), "*"):
            if operation in rights.get(principal, {}).get(name, ()):
                return True
    return False


def visible(settings: dict[str, Any], user: Record, record: Record) -> bool:
    if record["sys_id"] in settings["hidden_records"] and "admin" not in roles(user):
        return False
    return allowed(settings, user, record["sys_class_name"], "read")
