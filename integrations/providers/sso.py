"""What the two single sign-on accounts share: SAML 2.0 with Okta, ForgeRock or any other identity provider.

The administrator's guide names the properties. Its guide for ForgeRock gives our side one address for both the entity
id and the assertion consumer service, `<host>/agentdesktop/sso/redirect`; so it is here."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import requests
from django.conf import settings
from django.http import HttpRequest

from integrations import catalogue, sign_on
from integrations.actions import Result, action
from integrations.answers import is_page, page_error
from integrations.capabilities import Identity, SignOnRefused, SingleSignOn
from integrations.diagnosis.doctor import Passed
from integrations.errors import Cause, IntegrationError, Rejected, Stage
from integrations.expiry.expiries import Expiry
from integrations.http import error_from_response
from integrations.models import IntegrationAccount
from integrations.providers.base import Provider
from integrations.saml import authn_request, certificates, metadata, response
from integrations.saml.certificates import BadCertificate, Certificate
from integrations.saml.metadata import BadMetadata, IdentityProvider

from .sso_advice import ADVICE
from .sso_properties import SsoProperties, attribute_names

PAGE = {"Accept": "text/html"}
FILE = {"Accept": "application/samlmetadata+xml, application/xml, application/x-pem-file, */*"}


class SamlSignOn(SingleSignOn, Provider):
    """A SAML identity provider for one of our two doors. `door` is the path that the door's addresses begin with."""

    type = catalogue.SSO
    documentation_url = "https://docs.oasis-open.org/security/saml/v2.0/saml-profiles-2.0-os.pdf"
    advice = ADVICE
    Properties = SsoProperties
    door: ClassVar[str]

    # -- the two sides

    @property
    def entity_id(self) -> str:
        """Our name and address in one. Always the public one: behind a proxy the request's own is another."""
        return f"{str(settings.PUBLIC_URL).rstrip('/')}{self.door}sso/redirect"

    @property
    def base_url(self) -> str:
        return f"{self.account.simulator_url}/sso/saml" if self.account.simulated else self.sso_url_entered

    @property
    def sso_url_entered(self) -> str:
        return str(self.properties.get("identity_provider_single_sign_on_url") or "")

    @property
    def metadata_link(self) -> str:
        """Where the identity provider's metadata or certificate can be fetched; empty: unknown."""
        if self.account.simulated:
            return f"{self.account.simulator_url}/metadata"
        return str(self.properties.get("metadata_link") or "")

    def certificates(self) -> tuple[Certificate, ...]:
        text = str(self.properties.get("identity_provider_certificate") or "")
        return certificates.read(text) if text else ()

    def agreement(self) -> response.Agreement:
        """Raises `SignOnRefused` where the account lacks a part of it."""
        issuer = str(self.properties.get("identity_provider_issuer") or "")
        try:
            trusted = self.certificates()
        except BadCertificate as error:
            raise SignOnRefused(f"The account's certificate cannot be used. {error}") from None
        if not issuer or not trusted or not self.base_url:
            raise SignOnRefused("The account is not complete: URL, issuer and certificate are needed.")
        pems = tuple(each.pem for each in trusted)
        return response.Agreement(self.entity_id, self.entity_id, issuer, self.base_url, pems)

    # -- what it can do

    @property
    def switched_on(self) -> bool:
        """A simulated identity provider lets everybody in as anybody: never where people really work."""
        allowed = settings.ALLOW_SIMULATED_SIGN_ON or not self.account.simulated
        return bool(self.properties.get("enable_single_sign_on")) and allowed

    @property
    def creates_users(self) -> bool:
        return bool(self.properties.get("enable_just_in_time_user_provisioning"))

    @property
    def matches_login_names(self) -> bool:
        return bool(self.properties.get("match_existing_users"))

    @property
    def role_map(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for row in self.properties.get("group_map") or []:
            found[row["group"]] = found.get(row["group"], frozenset()) | {row["role"]}
        return found

    @property
    def logout_url(self) -> str:
        return str(self.properties.get("logout_url") or "")

    def login_url(self, relay_state: str = "", *, request_id: str = "") -> str:
        return authn_request.request_url(
            self.base_url,
            request_id=request_id or sign_on.new_request_id(self.account),
            entity_id=self.entity_id,
            acs_url=self.entity_id,
            name_id_format=str(self.properties["name_id_format"]),
            relay_state=relay_state,
        )

    def identity(self, request: HttpRequest) -> Identity:
        agreement = self.agreement()
        assertion = response.validated(request.POST.get("SAMLResponse", ""), agreement)
        if assertion.request_id:
            sign_on.check_request_id(self.account, assertion.request_id)
        elif not self.properties.get("allow_idp_initiated"):
            raise SignOnRefused(
                "The answer belongs to no request of ours, and log-ins that the identity provider begins are not "
                "allowed by this account."
            )
        identity = self._identity(agreement, assertion, request.POST.get("RelayState", ""))
        sign_on.use(self.account, identity)
        return identity

    def _identity(self, agreement: response.Agreement, assertion: response.Assertion, relay_state: str) -> Identity:
        names = attribute_names(self.properties.get("attribute_map"))

        def values(part: str) -> tuple[str, ...]:
            return next((found for name in names[part] if (found := assertion.attributes.get(name))), ())

        first = {part: next(iter(values(part)), "")[:150] for part in ("login", "first_name", "last_name", "email")}
        return Identity(
            issuer=agreement.issuer,
            subject=assertion.subject,
            answer_id=assertion.id,
            lasting=assertion.lasting,
            request_id=assertion.request_id,
            relay_state=relay_state[:1000],
            groups=values("groups")[:500],
            **first,
        )

    def metadata(self) -> bytes:
        return metadata.our_metadata(
            entity_id=self.entity_id, acs_url=self.entity_id, name_id_format=str(self.properties["name_id_format"])
        )

    def expiries(self) -> list[Expiry]:
        """The signing certificates. Reads what is stored, asks nobody."""
        told = (
            "The identity provider signs with another certificate from then on, and log-ins are refused until it is "
            "entered here too. Load the metadata again before that."
        )
        try:
            return [
                Expiry(f"Certificate of the identity provider, “{each.name}”", each.ends, told)
                for each in self.certificates()
            ]
        except BadCertificate:
            return []

    # -- test connection

    def interpret(self, answer: requests.Response) -> IntegrationError | None:
        """A log-in page may send the browser on, or ask for Windows credentials; neither is a fault."""
        asks = answer.status_code == 401 and "WWW-Authenticate" in answer.headers
        return None if asks or 300 <= answer.status_code < 400 else error_from_response(answer)

    def probes(self) -> Iterator[Passed]:
        """Certificate, a request without a person behind it, and the metadata where its address is known. Nobody is
        logged in; a link that was entered in place of the certificate is followed first."""
        if not self.certificates() and self.properties.get("metadata_link"):
            self._store(self._fetched())
        yield from self._certificate_holds()
        yield self._takes_requests()
        if self.metadata_link:
            yield from self._agrees_with_metadata()

    def _certificate_holds(self) -> Iterator[Passed]:
        known = self.certificates()
        if not known or not self.properties.get("identity_provider_issuer"):
            raise Rejected(
                "The issuer or the certificate of the identity provider is missing.",
                field="identity_provider_certificate",
                cause=Cause.INCOMPLETE,
                stage=Stage.SETTINGS,
            )
        if all(each.over for each in known):
            raise Rejected(
                f"The identity provider's certificate “{known[-1].name}” ended on {known[-1].last_day}.",
                field="identity_provider_certificate",
                cause=Cause.TOKEN_EXPIRED,
                stage=Stage.SETTINGS,
            )
        for each in known:
            yield Passed(Stage.SETTINGS, validity(each))

    def _takes_requests(self) -> Passed:
        answer = self.http.get(self.login_url(), headers=PAGE, purpose="Test connection: log-in request", retry=0)
        if answer.status_code < 300 and "html" not in answer.headers.get("Content-Type", ""):
            raise Rejected("The address answers, but not with a log-in page.", cause=Cause.REMOTE_ERROR)
        return Passed(Stage.ANSWER, "The identity provider takes our request and shows its log-in page")

    def _agrees_with_metadata(self) -> Iterator[Passed]:
        found = self._fetched()
        if isinstance(found, IdentityProvider):
            if found.issuer != self.properties.get("identity_provider_issuer"):
                raise Rejected(
                    f"The identity provider calls itself {found.issuer}, and the account expects another issuer.",
                    field="identity_provider_issuer",
                    cause=Cause.CONFLICT,
                )
            theirs = found.certificates
        else:
            theirs = found
        yield self._compared(theirs)

    def _compared(self, theirs: tuple[Certificate, ...]) -> Passed:
        known = {each.fingerprint for each in self.certificates()}
        new = [each for each in theirs if each.fingerprint not in known]
        if len(new) == len(theirs):
            raise Rejected(
                "The identity provider signs with another certificate than the one in the account.",
                field="identity_provider_certificate",
                cause=Cause.CONFLICT,
            )
        if new:
            told = f"Warning: a new certificate, “{new[0].name}”, is announced. Press “Load metadata” before it is used"
            return Passed(Stage.AUTHENTICATION, told)
        return Passed(Stage.AUTHENTICATION, "Issuer and certificate are those of the identity provider")

    # -- loading

    @action(
        "Load metadata",
        help_text="Fetches issuer, address and certificates from the identity provider and stores them. Whoever "
        "answers at that address is believed from then on: look at the fingerprint.",
        applies=lambda provider: bool(getattr(provider, "metadata_link", "")),
    )
    def load_metadata(self) -> Result:
        found = self._fetched()
        self._store(found)
        kept = self.certificates()
        rows = [("Issuer", str(self.properties["identity_provider_issuer"])), ("Single Sign-On URL", self.base_url)]
        rows += [("Certificate", f"{validity(each)}; SHA-256 {each.fingerprint}") for each in kept]
        return Result(True, "What the identity provider says of itself is stored.", rows=tuple(rows))

    def _fetched(self) -> IdentityProvider | tuple[Certificate, ...]:
        """What is at the link: metadata, or certificates alone. Raises `IntegrationError`."""
        answer = self.http.get(self.metadata_link, headers=FILE, purpose="Metadata", retry=0)
        if answer.status_code != 200:
            raise Rejected(f"The link answers with status {answer.status_code} instead of a file.")
        if is_page(answer):
            raise page_error(answer)
        try:
            text = answer.content.decode(errors="replace")
            if metadata.is_metadata(text):
                return metadata.read_metadata(answer.content)
            return certificates.read_file(answer.content)
        except (BadMetadata, BadCertificate) as error:
            raise Rejected(str(error), field="metadata_link", cause=Cause.REMOTE_ERROR) from None

    def _store(self, found: IdentityProvider | tuple[Certificate, ...]) -> None:
        fresh: dict[str, Any] = {}
        if isinstance(found, IdentityProvider):
            fresh["identity_provider_issuer"] = found.issuer
            if not self.account.simulated:
                fresh["identity_provider_single_sign_on_url"] = found.sso_url
            found = found.certificates
        fresh["identity_provider_certificate"] = certificates.pem_of(found)
        row = IntegrationAccount.objects.get(pk=self.account.pk)
        row.properties = {**row.properties, **fresh}
        row.save(update_fields=["properties", "updated_at"])
        self.account.properties = row.properties
        self.properties = self.account.values()


def validity(certificate: Certificate) -> str:
    """One line on how long a certificate still counts, with a warning in time."""
    if certificate.over:
        return f"Warning: the certificate “{certificate.name}” ended on {certificate.last_day}"
    warning = "Warning: it ends within 30 days. " if certificate.ends_soon else ""
    return f"{warning}Certificate “{certificate.name}” until {certificate.last_day}"
