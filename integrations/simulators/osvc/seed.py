"""The data of a fresh site: customers with numbers written in every way, the agents of the demo, open incidents.

All people and numbers are made up (numbers from ranges reserved for fiction)."""

from __future__ import annotations

from typing import Any

# first, last, numbers with their types (0 office, 1 mobile, 4 home), organization
PEOPLE: tuple[tuple[str, str, dict[int, str], int], ...] = (
    ("Don", "Goodliffe", {0: "(415) 555-0132"}, 1),
    ("Beth", "Anglin", {0: "+1 415 555 0133", 1: "415.555.0143"}, 1),
    ("Carla", "Reyes", {0: "4155550134", 4: "415-555-0134"}, 0),
    ("Dan", "Okafor", {0: "1-415-555-0135", 1: "+1 (415) 555-0145"}, 0),
    ("Ella", "Shaw", {4: "415-555-0136"}, 0),
    ("Evan", "Shaw", {4: "(415) 555-0136"}, 0),
    ("Fred", "Larsen", {0: "+1 415 555 0137 ext. 22"}, 0),
    ("Greta", "Vogel", {0: "+49 30 901820 10"}, 2),
    ("Hans", "Winter", {0: "+49 (0)30 901820 12"}, 2),
    ("Nora", "Lindqvist", {1: "+1 415 555 0171"}, 3),
    ("Maeve", "O'Brien", {1: "415 555 0172"}, 3),
    # The same digits at the end, another area: nobody may take one for the other.
    ("Rita", "Neighbour", {0: "(510) 555-0132"}, 0),
    ("Lena", "Marsh", {}, 0),
)
ORGANIZATIONS = ("Boxeo", "Lagerhaus", "Fjord Tours")
# login, first, last, e-mail
STAFF = (
    ("integration", "Contact centre", "Integration", "integration@example.com"),
    ("agent1", "Ava", "Martin", "agent1@example.com"),
    ("agent2", "Ben", "Clarke", "agent2@example.com"),
    ("agent3", "Chiyo", "Mori", "agent3@example.com"),
    ("agent4", "David", "Stein", "agent4@example.com"),
    ("agent5", "Emma", "Rossi", "agent5@example.com"),
    ("p.obrien", "Pat", "O'Brien", "pat.o'brien@example.com"),
    ("shared1", "Shared", "One", "team@example.com"),
    ("shared2", "Shared", "Two", "team@example.com"),
)
INCIDENTS = (
    (1, "Cannot print from the third floor", 1),
    (1, "Laptop battery drains within an hour", 8),
    (2, "VPN drops every ten minutes", 1),
    (4, "Invoice export shows last year's totals", 3),
    (8, "Zugang zum Lagerportal gesperrt", 1),
    (10, "Where is my booking?", 2),
)


def contact(first: str, last: str, phones: dict[int, str], organization: int) -> dict[str, Any]:
    address = f"{first}.{last}@example.com".lower().replace("'", "")
    return {
        "name": {"first": first, "last": last},
        "emails": [{"address": address, "addressType": {"id": 0}}],
        "phones": [{"number": number, "phoneType": {"id": kind}} for kind, number in phones.items()],
        **({"organization": {"id": organization}} if organization else {}),
    }


def staff(login: str, first: str, last: str, address: str) -> dict[str, Any]:
    return {
        "login": login,
        "displayName": f"{first} {last}",
        "name": {"first": first, "last": last},
        "emails": [{"address": address, "addressType": {"id": 0}}],
    }


def incident(contact_id: int, subject: str, status: int) -> dict[str, Any]:
    return {
        "subject": subject,
        "primaryContact": {"id": contact_id},
        "statusWithType": {"status": {"id": status}},
        "threads": [{"text": f"{subject}.", "entryType": {"id": 3}, "contentType": {"id": 1}}],
    }


# In this order: a record refers only to what is there already.
ROWS: dict[str, list[dict[str, Any]]] = {
    "organizations": [{"name": name} for name in ORGANIZATIONS],
    "accounts": [staff(*row) for row in STAFF],
    "contacts": [contact(*row) for row in PEOPLE],
    "incidents": [incident(*row) for row in INCIDENTS],
}
