"""The demo organisation: the people of the demo call centre as Salesforce would hold them, each number spelt in
another way."""

from __future__ import annotations

from . import schema
from .store import Row, Store, checked

ORGANISATION = checked("00DDm0000000001")
INTEGRATION_USER = "integration.user@demo.example"
AGENTS = (("Ava", "Martin"), ("Ben", "Clarke"), ("Chiyo", "Mori"), ("David", "Stein"), ("Emma", "Rossi"))
ACCOUNTS = (("Boxeo", "+1 (415) 555-0150", "Technology"), ("Lagerhaus", "+49 30 90182001", "Technology"),
            ("Fjord Tours", "4155550170", "Travel"))  # fmt: skip
# First name, last name, number of the account, e-mail, phone, mobile, country
CONTACTS = (
    ("Don", "Goodliffe", 0, "don.goodliffe@example.com", "(415) 555-0132", "", "USA"),
    ("Beth", "Anglin", 0, "beth.anglin@example.com", "415.555.0133", "+1 415-555-0143", "USA"),
    ("Greta", "Vogel", 1, "greta.vogel@example.com", "+49 30 90182010", "", "Germany"),
    ("Nora", "Lindqvist", 2, "nora.lindqvist@example.net", "", "+14155550171", "USA"),
)
CASES = (
    (0, "Laptop does not start", "Working", "High"),
    (0, "Invoice 2231 arrived twice", "New", "Medium"),
    (2, "Delivery to the wrong address", "Closed", "Low"),
)
# First name, last name, phone, whether calls are refused
CAMPAIGN_LEADS = (
    ("Paula", "Reyes", "(628) 555-0161", False),
    ("Quentin", "Shaw", "628.555.0162", False),
    ("Rosa", "Quiet", "+1 628 555 0163", True),
    ("Sam", "Silent", "", False),
)
STATUSES = (("Sent", False), ("Responded", True), ("Called", True), ("Not Reached", False), ("Do Not Call", False))
LARGE = "Large campaign"


def fill(store: Store) -> None:
    admin = insert(store, "User", "", Username="admin@demo.example", Email="admin@example.com", Name="Alex Admin")
    me = insert(
        store, "User", admin["Id"], Username=INTEGRATION_USER, Email="integration@example.com", Name="Integration User"
    )
    for number, (first, last) in enumerate(AGENTS, start=1):
        insert(
            store, "User", admin["Id"], Username=f"agent{number}@demo.example", Email=f"agent{number}@example.com",
            Name=f"{first} {last}", FederationIdentifier=f"agent{number}",
        )  # fmt: skip
    insert(store, "User", admin["Id"], Username="gone@demo.example", Email="gone@example.com", Name="Gone Away",
           IsActive=False)  # fmt: skip
    _customers(store, admin["Id"])
    _spring_campaign(store, me["Id"])


def _customers(store: Store, by: str) -> None:
    accounts = [insert(store, "Account", by, Name=n, Phone=p, Industry=i)["Id"] for n, p, i in ACCOUNTS]
    contacts = []
    for first, last, account, email, phone, mobile, country in CONTACTS:
        values = {"FirstName": first, "LastName": last, "AccountId": accounts[account], "Email": email}
        values |= {"Phone": phone or None, "MobilePhone": mobile or None, "MailingCountry": country}
        contacts.append(insert(store, "Contact", by, **values))
    for contact, subject, status, priority in CASES:
        person = contacts[contact]
        values = {"ContactId": person["Id"], "AccountId": person["AccountId"], "Subject": subject, "Status": status}
        insert(store, "Case", by, **values, Priority=priority, Origin="Phone")
    insert(store, "Lead", by, FirstName="Ida", LastName="Newman", Company="Harbour Foods", Phone="415-555-0188",
           Email="ida.newman@example.org")  # fmt: skip
    insert(store, "Lead", by, FirstName="Otto", LastName="Converted", Company="Lagerhaus", Phone="+49 30 90182010",
           IsConverted=True)  # fmt: skip


def _spring_campaign(store: Store, by: str) -> None:
    """Everybody whom the demo organisation knows, among them who was converted and who does not want calls."""
    campaign = new_campaign(store, by, "Spring renewal calls")
    for first, last, phone, refuses in CAMPAIGN_LEADS:
        insert(store, "Lead", by, FirstName=first, LastName=last, Company="Harbour Foods", Phone=phone or None,
               DoNotCall=refuses)  # fmt: skip
    for field, name in (("ContactId", "Contact"), ("LeadId", "Lead")):
        for person in store.of(schema.ENTITIES[name]):
            insert(store, "CampaignMember", by, CampaignId=campaign["Id"], **{field: person["Id"]})


def new_campaign(store: Store, by: str, name: str) -> Row:
    campaign = insert(store, "Campaign", by, Name=name, IsActive=True, Status="In Progress")
    for order, (status, responded) in enumerate(STATUSES, start=1):
        insert(store, "CampaignMemberStatus", by, CampaignId=campaign["Id"], Label=status, HasResponded=responded,
               IsDefault=order == 1, SortOrder=order)  # fmt: skip
    return campaign


def fill_campaign(store: Store, members: int) -> None:
    """A campaign of so many contacts, in place of the last one of that name. For tests and measurements."""
    by = str((user(store, INTEGRATION_USER) or {}).get("Id", ""))
    for name in ("CampaignMember", "CampaignMemberStatus", "Campaign"):
        old = {key for key, row in store.rows["Campaign"].items() if row["Name"] == LARGE}
        kept = {k: r for k, r in store.rows[name].items() if r.get("CampaignId", k) not in old}
        store.rows[name] = kept
    campaign = new_campaign(store, by, LARGE)
    for number in range(members):
        person = insert(store, "Contact", by, FirstName="Person", LastName=f"Number {number}",
                        Phone=f"+1212{2_000_000 + number}")  # fmt: skip
        insert(store, "CampaignMember", by, CampaignId=campaign["Id"], ContactId=person["Id"])


def insert(store: Store, name: str, by: str, **values: object) -> Row:
    return store.insert(schema.ENTITIES[name], dict(values), by)


def user(store: Store, username: str) -> Row | None:
    users = store.of(schema.ENTITIES["User"])
    return next((row for row in users if row["Username"].lower() == username.lower()), None)
