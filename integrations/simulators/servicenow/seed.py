"""The data of a fresh instance: customers with numbers written in every way, agents, open incidents.

Telephone columns are free text on a real instance, so hardly two customers write theirs alike. All people and
numbers are made up (numbers from ranges reserved for fiction).
"""

from __future__ import annotations

from . import rules, schema
from .store import Record, Store, fixed_sys_id

# Constant on every out-of-box instance.
ADMIN_SYS_ID = "6816f79cc0a8016401c5a33be04be441"
ADMIN_NAME = "admin"  # the password is equal to the name
DEMO_PASSWORD = "demo-password"  # noqa: S105 - the published password of a simulator
CONFIDENTIAL_SYS_ID = fixed_sys_id("incident", "confidential")

# user name, first, last, phone, mobile, home, city, country, language
CUSTOMERS = (
    ("don.goodliffe", "Don", "Goodliffe", "(415) 555-0132", "", "", "San Francisco", "US", "en"),
    ("beth.anglin", "Beth", "Anglin", "+1 415 555 0133", "415.555.0143", "", "San Francisco", "US", "en"),
    ("carla.reyes", "Carla", "Reyes", "4155550134", "", "", "Oakland", "US", "en"),
    ("dan.okafor", "Dan", "Okafor", "1-415-555-0135", "+1 (415) 555-0145", "", "Oakland", "US", "en"),
    ("ella.shaw", "Ella", "Shaw", "415-555-0136", "", "", "Berkeley", "US", "en"),
    ("evan.shaw", "Evan", "Shaw", "(415) 555-0136", "415.555.0146", "", "Berkeley", "US", "en"),
    ("fred.larsen", "Fred", "Larsen", "+1 415 555 0137 ext. 22", "", "415 555 0147", "San Jose", "US", "en"),
    ("greta.vogel", "Greta", "Vogel", "+49 30 901820 10", "", "", "Berlin", "DE", "de"),
    ("hans.winter", "Hans", "Winter", "030 / 901820-11", "+49 (0)30 901820 12", "", "Berlin", "DE", "de"),
    ("ichiro.tanaka", "Ichiro", "Tanaka", "+81 3-5555-0101", "", "", "Tokyo", "JP", "ja"),
    ("kaoru.sato", "Kaoru", "Sato", "03-5555-0102", "", "+81-3-5555-0103", "Tokyo", "JP", "ja"),
    ("lena.nophone", "Lena", "Marsh", "", "", "", "Denver", "US", "en"),
)
CONTACTS = (
    ("mia.berg", "Mia", "Berg", "+1 415 555 0151", "", "", "Seattle", "US", "en"),
    ("noah.kim", "Noah", "Kim", "(415)555-0152", "", "", "Seattle", "US", "en"),
)
CONSUMERS = (
    ("Olga", "Petrova", "olga.petrova@example.net", "(415)555-0161", "", ""),
    ("Paul", "Meyer", "paul.meyer@example.net", "", "+49 30 901820 21", ""),
)
AGENTS = (
    ("Ava", "Martin"),
    ("Ben", "Clarke"),
    ("Chiyo", "Mori"),
    ("David", "Stein"),
    ("Emma", "Rossi"),
)
AGENT_ROLES = "itil,interaction_agent,sn_openframe_user"

# caller, short description, state, impact, urgency, category
INCIDENTS = (
    ("don.goodliffe", "Cannot print from the third floor", "1", "2", "2", "hardware"),
    ("don.goodliffe", "Laptop battery drains within an hour", "2", "3", "2", "hardware"),
    ("beth.anglin", "VPN drops every ten minutes", "2", "2", "1", "network"),
    ("dan.okafor", "Invoice export shows last year's totals", "1", "3", "3", "software"),
    ("greta.vogel", "Zugang zum Lagerportal gesperrt", "1", "1", "2", "software"),
    ("ichiro.tanaka", "在庫画面が開かない", "2", "2", "2", "software"),
    ("ella.shaw", "New monitor stays dark", "3", "3", "3", "hardware"),
)


def fill(store: Store) -> None:
    _people(store)
    _organisations(store)
    _incidents(store)
    _choices(store)
    for name, table in schema.TABLES.items():
        row = {"name": name, "label": table.label, "super_class": table.parent}
        store.insert("sys_db_object", row, "system", fixed_sys_id("sys_db_object", name))


def _user(store: Store, user_name: str, **values: str) -> Record:
    values.setdefault("name", f"{values.get('first_name', '')} {values.get('last_name', '')}".strip())
    sys_id = values.pop("sys_id", "") or fixed_sys_id("sys_user", user_name)
    return store.insert("sys_user", {"user_name": user_name, **values}, "system", sys_id)


def _people(store: Store) -> None:
    _user(
        store, "admin", first_name="System", last_name="Administrator", email="admin@example.com",
        user_password=ADMIN_NAME, roles="admin", sys_id=ADMIN_SYS_ID,
    )  # fmt: skip
    _user(
        store, "integration.user", first_name="Integration", last_name="User", email="integration@example.com",
        user_password=DEMO_PASSWORD, roles="awa_integration_user",
    )  # fmt: skip
    for number, (first, last) in enumerate(AGENTS, start=1):
        name = f"agent{number}"
        _user(
            store, name, first_name=first, last_name=last, email=f"{name}@example.com", user_password=name,
            roles=AGENT_ROLES, title="Contact centre agent", employee_number=f"E-{number:02}",
        )  # fmt: skip
    # Three users that the password grant must refuse (ServiceNow docs, OAuth inbound).
    _user(store, "inactive.user", name="Inactive User", user_password=DEMO_PASSWORD, active="false")
    _user(store, "locked.user", name="Locked User", user_password=DEMO_PASSWORD, locked_out="true")
    _user(
        store, "webservice.user", name="Web Service Only", user_password=DEMO_PASSWORD, web_service_access_only="true"
    )
    for row in CUSTOMERS:
        _user(store, row[0], **_customer(row))


def _customer(row: tuple[str, ...]) -> Record:
    names = ("first_name", "last_name", "phone", "mobile_phone", "home_phone", "city", "country", "preferred_language")
    return {**dict(zip(names, row[1:], strict=True)), "email": f"{row[0]}@example.com"}


def _organisations(store: Store) -> None:
    account = {"name": "Boxeo", "phone": "+1 415 555 0150"}
    account_id = store.insert("customer_account", account, "system", fixed_sys_id("account", "boxeo"))["sys_id"]
    for row in CONTACTS:
        values = {"user_name": row[0], **_customer(row), "name": f"{row[1]} {row[2]}", "account": account_id}
        store.insert("customer_contact", values, "system", fixed_sys_id("customer_contact", row[0]))
    for first, last, email, mobile, business, home in CONSUMERS:
        values = {"first_name": first, "last_name": last, "name": f"{first} {last}", "email": email}
        values |= {"mobile_phone": mobile, "business_phone": business, "home_phone": home}
        store.insert("csm_consumer", values, "system", fixed_sys_id("csm_consumer", email))


def _incidents(store: Store) -> None:
    desk = store.insert("sys_user_group", {"name": "Service Desk", "active": "true"}, "system", fixed_sys_id("desk"))
    for number, (caller, text, state, impact, urgency, category) in enumerate(INCIDENTS, start=1):
        values = {
            "caller_id": fixed_sys_id("sys_user", caller), "short_description": text, "state": state,
            "incident_state": state, "impact": impact, "urgency": urgency, "category": category,
            "priority": rules.PRIORITY[impact, urgency], "number": f"INC00100{number:02d}", "contact_type": "phone",
            "assignment_group": desk["sys_id"], "opened_at": "2026-01-12 08:30:00",
        }  # fmt: skip
        record = store.insert("incident", values, "agent1", fixed_sys_id("incident", str(number)))
        rules.write_journal(store, record, {"work_notes": "Reported by phone, waiting for the technician."}, "agent1")
    _closed_and_confidential(store)


def _closed_and_confidential(store: Store) -> None:
    closed = {
        "caller_id": fixed_sys_id("sys_user", "carla.reyes"), "short_description": "Password reset",
        "state": "7", "incident_state": "7", "active": "false", "close_code": "Solution provided",
        "close_notes": "Reset and tested.", "priority": "5", "number": "INC0010008",
    }  # fmt: skip
    store.insert("incident", closed, "agent2", fixed_sys_id("incident", "closed"))
    secret = {"short_description": "Internal investigation", "priority": "5", "number": "INC0010009"}
    store.insert("incident", secret, "admin", CONFIDENTIAL_SYS_ID)
    case = {
        "contact": fixed_sys_id("customer_contact", "mia.berg"), "account": fixed_sys_id("account", "boxeo"),
        "short_description": "Order 4711 arrived damaged", "priority": "5", "number": "CS0010001", "state": "10",
    }  # fmt: skip
    store.insert("sn_customerservice_case", case, "agent1", fixed_sys_id("case", "1"))


def _choices(store: Store) -> None:
    for table, definition in schema.TABLES.items():
        for element, column in definition.columns.items():
            for sequence, (value, label) in enumerate(column.choices):
                row = {"name": table, "element": element, "value": value, "label": label, "language": "en"}
                row |= {"inactive": "false", "sequence": str(sequence)}
                store.insert("sys_choice", row, "system", fixed_sys_id("choice", table, element, value))


def default_hidden() -> list[str]:
    return [CONFIDENTIAL_SYS_ID]
