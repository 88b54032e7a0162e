"""A help desk on its first day: customers with numbers written in every way, agents, open tickets.

The people of the demo, spelt differently from the other simulated systems. Numbers are from ranges set aside for
fiction."""

from __future__ import annotations

from .store import Record, Store

ADMIN, LIGHT, SUSPENDED = "integration@example.com", "light@example.com", "suspended@example.com"
# name, e-mail, phone, further numbers, organization
CUSTOMERS = (
    ("Don Goodliffe", "don.goodliffe@example.com", "+14155550132", (), "Boxeo"),
    ("Beth Anglin", "beth.anglin@example.com", "415.555.0133", ("+14155550143",), "Boxeo"),
    ("Carla Reyes", "carla.reyes@example.com", "(415) 555-0134", (), ""),
    ("Dan Okafor", "dan.okafor@example.com", "+1 415-555-0135", ("+1 (415) 555-0145",), ""),
    ("Ella Shaw", "ella.shaw@example.com", "415 555 0136", (), ""),
    ("Evan Shaw", "evan.shaw@example.com", "+14155550136", (), ""),
    ("Fred Larsen", "fred.larsen@example.com", "+14155550137x22", (), ""),
    ("Greta Vogel", "greta.vogel@example.com", "+49 30 90182010", (), "Lagerhaus"),
    ("Hans Winter", "hans.winter@example.com", "030 / 901820-11", (), "Lagerhaus"),
    ("Ichiro Tanaka", "ichiro.tanaka@example.com", "+81 3-5555-0101", (), ""),
    ("Nora Lindqvist", "nora.lindqvist@example.net", "1-415-555-0171", (), "Fjord Tours"),
    ("Lena Marsh", "lena.marsh@example.com", None, (), ""),
    # The same seven last digits as Don, in another area: never the same caller.
    ("Otto Elsewhere", "otto.elsewhere@example.com", "+12125550132", (), ""),
)
AGENTS = ("Ava Martin", "Ben Clarke", "Chiyo Mori", "David Stein", "Emma Rossi")
# requester, subject, status, priority, tags
TICKETS: tuple[tuple[str, str, str, str | None, list[str]], ...] = (
    ("don.goodliffe@example.com", "Cannot print from the third floor", "open", "normal", ["hardware"]),
    ("don.goodliffe@example.com", "Laptop battery drains within an hour", "pending", "low", ["hardware"]),
    ("beth.anglin@example.com", "VPN drops every ten minutes", "open", "high", ["network"]),
    ("dan.okafor@example.com", "Invoice export shows last year's totals", "new", None, ["software"]),
    ("greta.vogel@example.com", "Zugang zum Lagerportal gesperrt", "open", "urgent", ["software"]),
    ("ichiro.tanaka@example.com", "在庫画面が開かない", "hold", "normal", ["software"]),
    ("ella.shaw@example.com", "New monitor stays dark", "solved", "normal", ["hardware"]),
    ("carla.reyes@example.com", "Password reset", "closed", "low", []),
)


def person(name: str, email: str | None, role: str = "end-user", **more: object) -> Record:
    return {
        "name": name, "email": email, "phone": None, "shared_phone_number": None, "alias": "", "role": role,
        "role_type": None, "custom_role_id": None, "active": True, "verified": True, "suspended": False,
        "organization_id": None, "external_id": None, "notes": "", "details": "", "tags": [], "locale": "en-US",
        "time_zone": "UTC", "user_fields": {}, **more,
    }  # fmt: skip


def fill(store: Store) -> None:
    admin = _add_person(store, person("Integration User", ADMIN, "admin", role_type=4))
    for number, name in enumerate(AGENTS, start=1):
        _add_person(
            store, person(name, f"agent{number}@example.com", "agent", role_type=0, external_id=f"E-{number:02}")
        )
    _add_person(store, person("Lou Light", LIGHT, "agent", role_type=1))
    _add_person(store, person("Sue Spended", SUSPENDED, "agent", role_type=0, suspended=True))
    for name, email, phone, further, company in CUSTOMERS:
        home = _organization(store, company)["id"] if company else None
        user = _add_person(store, person(name, email, phone=phone, organization_id=home))
        for each in further:
            store.add_identity(user, "phone_number", each)
    for email, subject, status, priority, tags in TICKETS:
        _ticket(store, admin, email, subject=subject, status=status, priority=priority, tags=tags)


def _add_person(store: Store, values: Record) -> Record:
    user = store.add("user", values)
    store.add_identity(user, "email", values["email"])
    return user


def _organization(store: Store, name: str) -> Record:
    return store.first("organization", name=name) or store.add("organization", organization(name))


def organization(name: str) -> Record:
    return {"name": name, "external_id": None, "notes": "", "details": "", "tags": [], "organization_fields": {}}


def _ticket(store: Store, author: Record, email: str, **values: object) -> None:
    requester = store.first("user", email=email) or {}
    agent = store.first("user", email="agent1@example.com") or {}
    ticket = store.add(
        "ticket", {**blank_ticket(), "requester_id": requester["id"], "assignee_id": agent["id"], **values}
    )
    ticket.update(description=str(values["subject"]), organization_id=requester["organization_id"])
    store.add_comment(ticket, requester, {"body": str(values["subject"]), "public": True})


def blank_ticket() -> Record:
    return {
        "subject": "", "description": "", "status": "open", "priority": None, "type": None, "requester_id": None,
        "submitter_id": None, "assignee_id": None, "group_id": None, "organization_id": None, "external_id": None,
        "tags": [], "custom_fields": [], "via": {"channel": "api"}, "is_public": True,
    }  # fmt: skip
