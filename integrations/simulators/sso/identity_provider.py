"""The simulated identity provider: a log-in page without passwords, signed answers, metadata, and answers with faults.

Written from the OASIS profiles and from what Okta shows its administrators: only the registered application is
answered, only at its registered address. A fault for an answer is met when somebody is logged in (`/login`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from lxml import etree
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from integrations.simulators import control, faults, pages
from integrations.simulators.base import Surroundings
from integrations.simulators.boards import Board, BoardSimulator, Table

from . import keys
from .answers import Facts, Signing, document, encoded
from .faulty import FAULTS
from .requests import BadRequest, LoginRequest, Partner, read

UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
EMAIL_ADDRESS = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
REPLAY = "replayed"
MOST_WAITING = 200


@dataclass(frozen=True)
class Person:
    login: str
    first_name: str
    last_name: str
    groups: tuple[str, ...]
    remark: str

    @property
    def email(self) -> str:
        return f"{self.login}@example.com"


PEOPLE = (
    Person("agent1", "Ava", "Martin", ("agents",), "an agent of the demo"),
    Person("agent2", "Ben", "Clarke", ("agents",), "an agent of the demo"),
    Person("nina", "Nina", "Neu", ("agents",), "not known here yet"),
    Person("supervisor", "Sam", "Supervisor", ("agents", "supervisors"), "looks at everything in the demo's admin"),
    Person("rita", "Rita", "Rivera", ("supervisors",), "not known here yet"),
    Person("guest", "Gus", "Guest", (), "in no group"),
)


class IdentityProvider(BoardSimulator):
    """Base of the two. `door`: where the registered application of ours lies, below its address."""

    lead = "Logs demo people in without a password; its keys are published."
    door: ClassVar[str]
    extra_faults = (*FAULTS, REPLAY)
    default_counts = {"accepted": 0, "refused": 0, "answers": 0}
    default_settings: ClassVar[dict[str, Any]] = {"entity_id": "", "acs_url": "", "both_certificates": False}

    def __init__(self, surroundings: Surroundings) -> None:
        self.waiting: dict[str, LoginRequest] = {}
        super().__init__(surroundings)

    def reset(self) -> None:
        super().reset()
        self.waiting.clear()
        self.given: list[tuple[str, ...]] = []
        self.problems: list[str] = []
        self.last_answer = ""

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/sso/saml", self.sso, methods=["GET"]),
            Route("/login", self.login, methods=["POST"]),
            Route("/metadata", self.metadata, methods=["GET"]),
            Route("/", self.page, methods=["GET"]),
            *self.board_routes(),
        ]

    def may_meet(self, fault: str, path: str) -> bool:
        return path == "/login" if fault in self.extra_faults else True

    # -- who is who

    @property
    def issuer(self) -> str:
        return f"urn:simulator:{self.key}"

    @property
    def partner(self) -> Partner:
        address = f"{self.surroundings.desktop_url}{self.door}sso/redirect"
        return Partner(self.settings["entity_id"] or address, self.settings["acs_url"] or address)

    def here(self, request: Request) -> str:
        return f"{request.url.scheme}://{request.url.netloc}/{self.key}/sso/saml"

    # -- the vendor's addresses

    async def sso(self, request: Request) -> Response:
        query = request.query_params
        try:
            asked = read(
                query.get("SAMLRequest", ""),
                query.get("RelayState", ""),
                partner=self.partner,
                here=self.here(request),
            )
        except BadRequest as reason:
            return self._refused(request, str(reason))
        self.counts["accepted"] += 1
        self.waiting[asked.id] = asked
        while len(self.waiting) > MOST_WAITING:
            self.waiting.pop(next(iter(self.waiting)))
        return pages.render(request, "sso/login.html", simulator=self, people=PEOPLE, asked=asked)

    def _refused(self, request: Request, reason: str) -> Response:
        self.counts["refused"] += 1
        self.problems.insert(0, reason)
        del self.problems[15:]
        return pages.render(request, "sso/refused.html", status=403, simulator=self, reason=reason)

    async def login(self, request: Request) -> Response:
        return self._answer(request, lambda facts, signing: document(facts, signing))

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        if fault.name == REPLAY and self.last_answer:
            return self._posting(request, self.last_answer, "")
        if fault.name in FAULTS:
            return self._answer(request, FAULTS[fault.name])
        return super().fault_response(fault, request)

    def _answer(self, request: Request, make: Any) -> Response:
        """The log-in of a person: `user` and, where a request waits for it, `request` are in the query."""
        person = next((each for each in PEOPLE if each.login == request.query_params.get("user")), None)
        name = request.query_params.get("request", "")
        asked = self.waiting.pop(name, None)
        if person is None or (name and asked is None):
            return self._refused(request, "This log-in page is used up: begin again.")
        relay_state = asked.relay_state if asked else request.query_params.get("RelayState", "")
        self.last_answer = encoded(make(self._facts(person, asked), Signing(keys.published())))
        self.counts["answers"] += 1
        self.given.insert(0, (person.login, "answers a request" if asked else "begun here", relay_state))
        del self.given[20:]
        return self._posting(request, self.last_answer, relay_state)

    def _posting(self, request: Request, answer: str, relay_state: str) -> Response:
        return pages.render(
            request, "sso/answer.html", simulator=self, acs=self.partner.acs, answer=answer, relay_state=relay_state
        )

    def _facts(self, person: Person, asked: LoginRequest | None) -> Facts:
        by_email = asked is not None and asked.name_id_format == EMAIL_ADDRESS
        return Facts(
            issuer=self.issuer,
            acs=self.partner.acs,
            audience=self.partner.entity_id,
            recipient=self.partner.acs,
            destination=self.partner.acs,
            subject=person.email if by_email else person.login,
            subject_format=EMAIL_ADDRESS if by_email else UNSPECIFIED,
            request_id=asked.id if asked else "",
            attributes={
                "firstName": [person.first_name],
                "lastName": [person.last_name],
                "email": [person.email],
                "groups": list(person.groups),
            },
        )

    async def metadata(self, request: Request) -> Response:
        return Response(self._metadata(self.here(request)), media_type="application/samlmetadata+xml")

    def _metadata(self, here: str) -> bytes:
        md, ds = "urn:oasis:names:tc:SAML:2.0:metadata", "http://www.w3.org/2000/09/xmldsig#"
        root = etree.Element(f"{{{md}}}EntityDescriptor", nsmap={"md": md, "ds": ds}, entityID=self.issuer)
        protocol = {
            "WantAuthnRequestsSigned": "false",
            "protocolSupportEnumeration": "urn:oasis:names:tc:SAML:2.0:protocol",
        }
        role = etree.SubElement(root, f"{{{md}}}IDPSSODescriptor", protocol)
        pairs = [keys.published(), *([keys.published_next()] if self.settings["both_certificates"] else [])]
        for pair in pairs:
            info = etree.SubElement(etree.SubElement(role, f"{{{md}}}KeyDescriptor", use="signing"), f"{{{ds}}}KeyInfo")
            data = etree.SubElement(info, f"{{{ds}}}X509Data")
            etree.SubElement(data, f"{{{ds}}}X509Certificate").text = pair.bare
        for name_format in (UNSPECIFIED, EMAIL_ADDRESS):
            etree.SubElement(role, f"{{{md}}}NameIDFormat").text = name_format
        binding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
        etree.SubElement(role, f"{{{md}}}SingleSignOnService", Binding=binding, Location=here)
        return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))

    # -- the page for people

    async def page(self, request: Request) -> Response:
        if control.wants_json(request):
            return JSONResponse(self.state())
        return pages.render(request, "sso/board.html", simulator=self, board=self.board(), people=PEOPLE)

    def board(self) -> Board:
        return Board(
            facts=[
                ("Requests taken", self.counts["accepted"]),
                ("Requests refused", self.counts["refused"]),
                ("Answers given", self.counts["answers"]),
            ],
            tables=[
                Table("Log-ins", ("Who", "How", "RelayState"), list(self.given), "Nobody has logged in yet."),
                Table("Registered application", ("What", "Value"), self._registered()),
            ],
            problems=self.problems,
        )

    def _registered(self) -> list[tuple[Any, ...]]:
        return [
            ("Entity id", self.partner.entity_id),
            ("Assertion consumer service", self.partner.acs),
            ("Issuer (this identity provider)", self.issuer),
        ]


class DesktopIdentityProvider(IdentityProvider):
    key = "sso_agent_desktop"
    title = "Identity provider: Agent Desktop"
    description = "SAML 2.0 log-in for agents, with faulty answers of every kind."
    door = "/agentdesktop/"


class AdminIdentityProvider(IdentityProvider):
    key = "sso_admin"
    title = "Identity provider: administration"
    description = "SAML 2.0 log-in for administrators, with faulty answers of every kind."
    door = "/admin/"
