"""The objects of the organisation: their fields, types, choices and key prefixes (Salesforce object reference).

Fewer fields than the real ones have, each with the rules of the real one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

STRING, PHONE, EMAIL, TEXT, LIST, BOOLEAN = "string", "phone", "email", "textarea", "picklist", "boolean"
REFERENCE, DATETIME, DATE, INTEGER, ID = "reference", "datetime", "date", "int", "id"
TEXTUAL = {STRING, PHONE, EMAIL, TEXT, LIST, REFERENCE, ID}


@dataclass(frozen=True)
class Field:
    type: str = STRING
    length: int = 255
    required: bool = False
    create: bool = True
    update: bool = True
    choices: tuple[str, ...] = ()
    restricted: bool = False
    to: tuple[str, ...] = ()
    relation: str = ""
    external: bool = False
    default: object = None

    @property
    def filterable(self) -> bool:
        """Long text areas cannot be in a WHERE (SOQL reference, "Fields that cannot be filtered")."""
        return self.type != TEXT


@dataclass(frozen=True)
class Entity:
    name: str
    prefix: str
    fields: dict[str, Field] = field(default_factory=dict)


def computed(type_: str = STRING, **more: object) -> Field:
    return replace(Field(type_, create=False, update=False), **more)  # type: ignore[arg-type]


def reference(name: str, *to: str, **more: object) -> Field:
    return replace(Field(REFERENCE, 18, to=to, relation=name), **more)  # type: ignore[arg-type]


SYSTEM = {
    "Id": computed(ID, length=18),
    "CreatedDate": computed(DATETIME),
    "LastModifiedDate": computed(DATETIME),
    "SystemModstamp": computed(DATETIME),
    "CreatedById": computed(REFERENCE, to=("User",), relation="CreatedBy"),
}
OWNER = {"OwnerId": reference("Owner", "User")}
DESCRIPTION = {"Description": Field(TEXT, 32_000)}
# Made by the administrator of the demo, as the integration guide of the desktop proposes.
CALL_REFERENCE = {"Call_Reference__c": Field(length=100, external=True)}
CASE_STATUS = ("New", "Working", "Escalated", "Closed")
ORIGIN = ("Phone", "Email", "Web")
PRIORITY = ("High", "Medium", "Low")


def entity(name: str, prefix: str, **fields: Field) -> Entity:
    return Entity(name, prefix, {**SYSTEM, **fields})


ENTITIES = {
    each.name: each
    for each in (
        entity(
            "User", "005",
            Name=computed(), Username=Field(length=80, required=True), Email=Field(EMAIL, 128, required=True),
            FederationIdentifier=Field(length=512), IsActive=Field(BOOLEAN, default=True),
            UserType=computed(LIST, choices=("Standard",)),
        ),
        entity(
            "Account", "001",
            Name=Field(required=True), Phone=Field(PHONE, 40), Industry=Field(LIST, choices=("Technology", "Travel")),
            **OWNER, **DESCRIPTION, **CALL_REFERENCE,
        ),
        entity(
            "Contact", "003",
            FirstName=Field(length=40), LastName=Field(length=80, required=True), Name=computed(length=121),
            AccountId=reference("Account", "Account"), Email=Field(EMAIL, 80), Phone=Field(PHONE, 40),
            MobilePhone=Field(PHONE, 40), HomePhone=Field(PHONE, 40), OtherPhone=Field(PHONE, 40),
            MailingCountry=Field(length=80), DoNotCall=Field(BOOLEAN, default=False),
            **OWNER, **DESCRIPTION, **CALL_REFERENCE,
        ),
        entity(
            "Lead", "00Q",
            FirstName=Field(length=40), LastName=Field(length=80, required=True), Name=computed(length=121),
            Company=Field(required=True), Email=Field(EMAIL, 80), Phone=Field(PHONE, 40),
            MobilePhone=Field(PHONE, 40), IsConverted=computed(BOOLEAN, default=False),
            DoNotCall=Field(BOOLEAN, default=False),
            Status=Field(LIST, choices=("Open", "Working", "Closed"), default="Open"),
            **OWNER, **DESCRIPTION, **CALL_REFERENCE,
        ),
        entity(
            "Case", "500",
            CaseNumber=computed(length=30), Subject=Field(), ContactId=reference("Contact", "Contact"),
            AccountId=reference("Account", "Account"), SuppliedPhone=Field(PHONE, 40), SuppliedEmail=Field(EMAIL, 80),
            Status=Field(LIST, choices=CASE_STATUS, restricted=True, default="New"),
            Origin=Field(LIST, choices=ORIGIN, restricted=True),
            Priority=Field(LIST, choices=PRIORITY, restricted=True, default="Medium"),
            IsClosed=computed(BOOLEAN, default=False), ClosedDate=computed(DATETIME),
            **OWNER, **DESCRIPTION, **CALL_REFERENCE,
        ),
        entity(
            "Task", "00T",
            Subject=Field(), Status=Field(LIST, choices=("Not Started", "In Progress", "Completed"), restricted=True,
                                          default="Not Started"),
            Priority=Field(LIST, choices=("High", "Normal", "Low"), restricted=True, default="Normal"),
            TaskSubtype=Field(LIST, choices=("Task", "Call", "Email"), restricted=True, update=False, default="Task"),
            ActivityDate=Field(DATE), CallDurationInSeconds=Field(INTEGER), CallDisposition=Field(), CallObject=Field(),
            CallType=Field(LIST, 40, choices=("Inbound", "Outbound", "Internal"), restricted=True),
            WhoId=reference("Who", "Contact", "Lead"), WhatId=reference("What", "Account", "Case", "Campaign"),
            AccountId=computed(REFERENCE, to=("Account",), relation="Account"), IsClosed=computed(BOOLEAN),
            **OWNER, **DESCRIPTION,
        ),
        entity(
            "Campaign", "701",
            Name=Field(length=80, required=True), IsActive=Field(BOOLEAN, default=False),
            Status=Field(LIST, choices=("Planned", "In Progress", "Completed"), default="Planned"),
            **OWNER, **DESCRIPTION,
        ),
        entity(
            "CampaignMember", "00v",
            CampaignId=reference("Campaign", "Campaign", required=True, update=False),
            ContactId=reference("Contact", "Contact", update=False), LeadId=reference("Lead", "Lead", update=False),
            Status=Field(LIST, 40), HasResponded=computed(BOOLEAN, default=False), FirstRespondedDate=computed(DATE),
        ),
        entity(
            "CampaignMemberStatus", "01Y",
            CampaignId=reference("Campaign", "Campaign", required=True, update=False),
            Label=Field(length=765, required=True), HasResponded=Field(BOOLEAN, default=False),
            IsDefault=Field(BOOLEAN, default=False), SortOrder=Field(INTEGER),
        ),
    )
}  # fmt: skip


def by_name(name: str) -> Entity | None:
    """Names of objects know no upper and lower case."""
    return next((found for key, found in ENTITIES.items() if key.lower() == name.lower()), None)


def field_name(entity: Entity, name: str) -> str:
    """The field's name as it is spelt, empty where there is none."""
    return next((key for key in entity.fields if key.lower() == name.lower()), "")


def relation(entity: Entity, name: str) -> str:
    """The reference field behind a relationship name, `Account` -> `AccountId`."""
    return next((key for key, each in entity.fields.items() if each.relation.lower() == name.lower() != ""), "")
