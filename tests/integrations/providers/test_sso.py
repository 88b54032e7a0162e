"""Single sign-on accounts: what may be entered, what a test says, and which answers prove who somebody is."""

import base64
import datetime as dt
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone
from lxml import etree

from integrations import sign_on
from integrations.capabilities import Identity, SignOnRefused, SingleSignOn
from integrations.errors import Cause, Rejected, Stage
from integrations.models import InboundEvent, IntegrationAccount
from integrations.simulators.sso import answers, faulty, keys
from integrations.simulators.sso.answers import SPACES, Facts, Signing
from tests.factories import AccountFactory
from tests.integrations.local_server import Answer, LocalServer, make_certificate, serving
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "sso_agent_desktop"
ISSUER = f"urn:simulator:{KEY}"
OURS = "http://127.0.0.1:8000/agentdesktop/sso/redirect"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
SIGNING = Signing(keys.published())
Make = Callable[[Facts, Signing], etree._Element]


def make(key: str = KEY, *, simulated: bool = True, **properties: Any) -> IntegrationAccount:
    name = f"SSO {key}"
    values = {
        "enable_single_sign_on": True,
        "identity_provider_issuer": f"urn:simulator:{key}",
        "identity_provider_certificate": keys.published().certificate,
        **properties,
    }
    account: IntegrationAccount = AccountFactory(provider=key, name=name, simulated=simulated, properties=values)
    return account


@pytest.fixture
def account() -> IntegrationAccount:
    return make()


def facts(account: IntegrationAccount, **changes: Any) -> Facts:
    """What a good answer states, to a request that was just made."""
    good = Facts(
        issuer=ISSUER, acs=OURS, audience=OURS, recipient=OURS, destination=OURS,
        subject="agent1", subject_format=UNSPECIFIED, attributes={"firstName": ["Ava"], "groups": ["agents", "night"]},
        request_id=sign_on.new_request_id(account),
    )  # fmt: skip
    return good.bent(**changes)


def send(account: IntegrationAccount, response: etree._Element | str, relay_state: str = "") -> Identity:
    """The answer as the browser posts it."""
    text = response if isinstance(response, str) else answers.encoded(response)
    request = RequestFactory().post("/agentdesktop/sso/redirect", {"SAMLResponse": text, "RelayState": relay_state})
    provider = account.connect()
    assert isinstance(provider, SingleSignOn)
    return provider.identity(request)


def refusal(account: IntegrationAccount, response: etree._Element | str) -> str:
    with pytest.raises(SignOnRefused) as refused:
        send(account, response)
    return str(refused.value)


def good(account: IntegrationAccount, **changes: Any) -> etree._Element:
    return answers.document(facts(account, **changes), SIGNING)


def recovers(account: IntegrationAccount) -> None:
    """After whatever was refused, a good answer is taken."""
    assert send(account, good(account)).subject == "agent1"


# -- good answers


def test_a_good_answer_says_who_somebody_is(account: IntegrationAccount) -> None:
    asked = facts(account)
    found = send(account, answers.document(asked, SIGNING), relay_state="/agentdesktop/")
    assert found == Identity(
        issuer=ISSUER, subject="agent1", answer_id=asked.assertion_id, lasting=True, request_id=asked.request_id,
        relay_state="/agentdesktop/", first_name="Ava", groups=("agents", "night"),
    )  # fmt: skip


def test_the_assertion_alone_may_be_signed(account: IntegrationAccount) -> None:
    assert send(account, answers.document(facts(account), replace(SIGNING, response=False))).subject == "agent1"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"givenName": ["Ava"], "sn": ["Martin"], "mail": ["a@x.example"], "memberOf": ["x"]}, ("Ava", "a@x.example")),
        ({"FIRSTNAME": ["Ava"], "Email": ["a@x.example"]}, ("Ava", "a@x.example")),
        ({"urn:oid:2.5.4.42": ["Ava"], "urn:oid:0.9.2342.19200300.100.1.3": ["a@x"]}, ("Ava", "a@x")),
        ({"unheard": ["Ava"]}, ("", "")),
    ],
)
def test_usual_attribute_names_are_known(
    account: IntegrationAccount, names: dict[str, list[str]], expected: tuple[str, str]
) -> None:
    found = send(account, good(account, attributes=names))
    assert (found.first_name, found.email) == expected


def test_unusual_attribute_names_are_entered_and_go_first() -> None:
    account = make(attribute_map=[{"part": "email", "attribute": "WorkMail"}, {"part": "login", "attribute": "badge"}])
    found = send(account, good(account, attributes={"email": ["home@x"], "workmail": ["work@x"], "badge": ["b7"]}))
    assert (found.email, found.login) == ("work@x", "b7")


def test_a_comment_does_not_cut_a_name_short(account: IntegrationAccount) -> None:
    """Signatures are blind to comments: whoever reads the first text node only reads another name."""
    answer = good(account, subject="admin@example.com.evil.example")
    name = answer.find(".//saml:NameID", SPACES)
    assert name is not None
    name.text = "admin@example.com"
    name.append(etree.Comment(""))
    name[0].tail = ".evil.example"
    assert send(account, answer).subject == "admin@example.com.evil.example"


def test_a_transient_name_is_marked_as_one(account: IntegrationAccount) -> None:
    transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
    assert not send(account, good(account, subject_format=transient)).lasting


# -- answers that are refused

WORDS = {
    "wrong_certificate": "Signature validation failed",
    "rotated_certificate": "Signature validation failed",
    "expired_assertion": "expired",
    "not_yet_valid": "not yet valid",
    "wrong_audience": "is not a valid audience",
    "no_audience": "for whom",
    "wrong_recipient": "A valid SubjectConfirmation was not found",
    "recipient_around": "The recipient is",
    "wrong_destination": "instead of",
    "no_in_response_to": "no request of ours",
    "other_request": "no request of ours",
    "other_issuer": "Invalid issuer",
    "unsigned": "not signed",
    "response_signed_only": "not signed",
    "sha1": "Deprecated signature algorithm",
    "tampered": "Signature validation failed",
    "wrapped": "1 assertion",
    "document_type": "cannot be read",
}


@pytest.mark.parametrize("fault", faulty.FAULTS)
def test_a_faulty_answer_is_refused_and_a_good_one_after_it_is_not(account: IntegrationAccount, fault: str) -> None:
    assert WORDS[fault] in refusal(account, faulty.FAULTS[fault](facts(account), SIGNING))
    assert not InboundEvent.objects.filter(kind=sign_on.LOGIN).exists()
    recovers(account)


def test_an_answer_is_taken_once(account: IntegrationAccount) -> None:
    answer = good(account)
    send(account, answer)
    assert "used before" in refusal(account, answer)
    recovers(account)


def test_a_request_is_answered_once(account: IntegrationAccount) -> None:
    asked = facts(account)
    send(account, answers.document(asked, SIGNING))
    another = answers.document(asked.bent(assertion_id=answers.fresh_id(), subject="agent2"), SIGNING)
    assert "used before" in refusal(account, another)


def test_of_many_who_send_one_answer_at_once_one_is_let_in(account: IntegrationAccount) -> None:
    text = answers.encoded(good(account))

    def attempt(_number: int) -> bool:
        try:
            return bool(send(IntegrationAccount.objects.get(), text))
        except SignOnRefused:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(attempt, range(8))) == [False] * 7 + [True]


def test_an_answer_comes_back_in_a_quarter_of_an_hour_or_not_at_all(account: IntegrationAccount) -> None:
    request_id = sign_on.new_request_id(account)
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        assert "too long ago" in refusal(account, good(account, request_id=request_id))
        recovers(account)


def test_a_request_of_another_account_is_none_of_ours(account: IntegrationAccount) -> None:
    other = make("sso_admin", identity_provider_issuer=ISSUER)
    assert "no request of ours" in refusal(account, good(account, request_id=sign_on.new_request_id(other)))


def test_an_answer_for_the_other_door_is_refused(account: IntegrationAccount) -> None:
    admin = OURS.replace("agentdesktop", "admin")
    assert refusal(account, good(account, destination=admin, recipient=admin, audience=admin))


def test_an_assertion_that_holds_for_days_is_refused(account: IntegrationAccount) -> None:
    assert "more than a day" in refusal(account, good(account, ends=timedelta(days=3)))


def test_two_audience_restrictions_must_both_name_us(account: IntegrationAccount) -> None:
    answer = answers.document(facts(account), replace(SIGNING, assertion=False, response=False))
    conditions = answer.find(".//saml:Conditions", SPACES)
    assert conditions is not None
    second = etree.SubElement(conditions, f"{{{SPACES['saml']}}}AudienceRestriction")
    etree.SubElement(second, f"{{{SPACES['saml']}}}Audience").text = "https://elsewhere.example.com"
    answers.sign(assertion_of(answer), SIGNING)
    assert "elsewhere" in refusal(account, answer)


def assertion_of(answer: etree._Element) -> etree._Element:
    found = answer.find("saml:Assertion", SPACES)
    assert found is not None
    return found


def test_the_request_is_named_inside_the_signed_part_too(account: IntegrationAccount) -> None:
    """Outside of it anybody can write the id of a request of their own."""
    answer = answers.document(facts(account, request_id=""), replace(SIGNING, response=False))
    answer.set("InResponseTo", sign_on.new_request_id(account))
    assert "same request" in refusal(account, answer)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("garbage", "%%%"),
        ("empty", ""),
        ("not xml", base64.b64encode(b"hello").decode()),
        ("another document", base64.b64encode(b"<a/>").decode()),
        ("far too long", "A" * 600_000),
        ("entities", base64.b64encode(b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>').decode()),
        ("billion laughs", base64.b64encode(
            b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;&c;&c;</a>').decode()),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused_in_words(account: IntegrationAccount, name: str, text: str) -> None:
    told = refusal(account, text)
    assert told and "root:" not in told
    recovers(account)


def test_the_words_of_an_identity_provider_that_says_no_are_kept(account: IntegrationAccount) -> None:
    answer = good(account)
    code = answer.find(".//samlp:StatusCode", SPACES)
    assert code is not None
    code.set("Value", "urn:oasis:names:tc:SAML:2.0:status:Requester")
    assert "Requester" in refusal(account, answer)


def test_encrypted_assertions_are_refused_in_words(account: IntegrationAccount) -> None:
    answer = good(account)
    answer.replace(assertion_of(answer), etree.Element(f"{{{SPACES['saml']}}}EncryptedAssertion"))
    assert "cannot be read" in refusal(account, answer)


# -- wrapping: the signed assertion is somewhere, and another one is offered for use


def forged(genuine: etree._Element, *, keep_id: bool = False) -> etree._Element:
    """A copy without its signature that names somebody else."""
    copied = etree.fromstring(etree.tostring(genuine))
    copied.remove(copied.find("ds:Signature", {"ds": "http://www.w3.org/2000/09/xmldsig#"}))
    copied.find(".//saml:NameID", SPACES).text = "admin"
    if not keep_id:
        copied.set("ID", answers.fresh_id())
    return copied


def before_the_genuine(answer: etree._Element, genuine: etree._Element) -> None:
    answer.insert(answer.index(genuine), forged(genuine))


def after_the_genuine(answer: etree._Element, genuine: etree._Element) -> None:
    answer.append(forged(genuine))


def twin_id(answer: etree._Element, genuine: etree._Element) -> None:
    answer.append(forged(genuine, keep_id=True))


def around_the_genuine(answer: etree._Element, genuine: etree._Element) -> None:
    outer = forged(genuine)
    answer.replace(genuine, outer)
    outer.append(genuine)


def in_the_signature(answer: etree._Element, genuine: etree._Element) -> None:
    """The genuine assertion inside an Object of its signature, which sits in the forged one."""
    outer = forged(genuine)
    signature = genuine.find("ds:Signature", {"ds": "http://www.w3.org/2000/09/xmldsig#"})
    answer.replace(genuine, outer)
    outer.insert(1, signature)
    etree.SubElement(signature, "{http://www.w3.org/2000/09/xmldsig#}Object").append(genuine)


def in_the_status(answer: etree._Element, genuine: etree._Element) -> None:
    status = answer.find("samlp:Status", SPACES)
    answer.replace(genuine, forged(genuine))
    etree.SubElement(status, f"{{{SPACES['samlp']}}}StatusDetail").append(genuine)


def whole_response_inside(answer: etree._Element, genuine: etree._Element) -> None:
    inner = etree.fromstring(etree.tostring(answer))
    answer.replace(genuine, forged(genuine))
    extensions = etree.Element(f"{{{SPACES['samlp']}}}Extensions")
    extensions.append(inner)
    answer.insert(1, extensions)


@pytest.mark.parametrize(
    "wrap",
    [
        before_the_genuine, after_the_genuine, twin_id, around_the_genuine, in_the_signature, in_the_status,
        whole_response_inside,
    ],
)  # fmt: skip
@pytest.mark.parametrize("both", [True, False], ids=["both signed", "assertion signed"])
def test_wrapping_is_refused(
    account: IntegrationAccount, wrap: Callable[[etree._Element, etree._Element], None], both: bool
) -> None:
    answer = answers.document(facts(account), replace(SIGNING, response=both))
    wrap(answer, assertion_of(answer))
    assert refusal(account, answer)
    recovers(account)


@pytest.mark.parametrize("path", [".//saml:AttributeValue", ".//saml:Audience", "saml:Assertion/saml:Issuer"])
def test_no_signed_text_can_be_changed(account: IntegrationAccount, path: str) -> None:
    answer = answers.document(facts(account), replace(SIGNING, response=False))
    element = answer.find(path, SPACES)
    assert element is not None
    element.text = f"{element.text} "
    assert refusal(account, answer)


def test_an_attribute_cannot_be_added(account: IntegrationAccount) -> None:
    answer = answers.document(facts(account), replace(SIGNING, response=False))
    attribute = answer.find(".//saml:Attribute[@Name='groups']", SPACES)
    assert attribute is not None
    etree.SubElement(attribute, f"{{{SPACES['saml']}}}AttributeValue").text = "admins"
    assert "Signature validation failed" in refusal(account, answer)


# -- log-ins that the identity provider begins


def test_the_identity_provider_may_begin_only_where_the_account_allows_it(account: IntegrationAccount) -> None:
    assert "not allowed" in refusal(account, good(account, request_id=""))
    account.properties["allow_idp_initiated"] = True
    account.save()
    answer = good(account, request_id="")
    found = send(account, answer, relay_state="/agentdesktop/")
    assert (found.request_id, found.relay_state) == ("", "/agentdesktop/")
    assert "used before" in refusal(account, answer)


def test_allowing_it_makes_no_request_of_a_stranger_ours() -> None:
    account = make(allow_idp_initiated=True)
    assert "no request of ours" in refusal(account, faulty.FAULTS["other_request"](facts(account), SIGNING))


# -- certificates


def test_while_the_certificate_changes_both_are_accepted_and_then_the_old_one_is_not() -> None:
    old, new = keys.published(), keys.published_next()
    account = make(identity_provider_certificate=old.certificate + new.certificate)
    for pair in (old, new):
        assert send(account, answers.document(facts(account), Signing(pair))).subject == "agent1"
    account.properties["identity_provider_certificate"] = new.certificate
    account.save()
    assert "Signature validation failed" in refusal(account, answers.document(facts(account), Signing(old)))
    assert send(account, answers.document(facts(account), Signing(new))).subject == "agent1"


def certificate(name: str = "IdP", *, days: int = 365, bits: int = 2048) -> tuple[str, bytes]:
    """PEM text and DER bytes."""
    key = rsa.generate_private_key(65537, bits)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    pem, der = serialization.Encoding.PEM, serialization.Encoding.DER
    return made.public_bytes(pem).decode(), made.public_bytes(der)


def cleaned(**entered: Any) -> Any:
    from integrations.providers.sso_agent_desktop import AgentDesktopSsoProperties as Properties

    shown = {**Properties.defaults(), **entered}
    return Properties({k: v for k, v in shown.items() if v not in (None, False)}, simulated=entered.pop("sim", False))


REAL = {
    "enable_single_sign_on": True,
    "identity_provider_single_sign_on_url": "https://idp.example.com/sso",
    "identity_provider_issuer": "https://idp.example.com",
}


def test_a_certificate_is_kept_as_pem_whatever_form_it_is_entered_in() -> None:
    pem, der = certificate()
    for entered in (pem, pem.replace("\n", "\r\n"), f"Bag Attributes\n{pem}", base64.b64encode(der).decode()):
        form = cleaned(**REAL, identity_provider_certificate=entered)
        assert form.is_valid(), form.errors
        assert form.cleaned_data["identity_provider_certificate"] == pem


def test_pasted_metadata_fills_what_is_empty(vendor: Callable[[str], Vendor]) -> None:
    text = requests.get(f"{vendor(KEY).address}/metadata", timeout=5).text
    text = text.replace(keys.published().bare, certificate()[0].replace("\n", "")[27:-25])
    form = cleaned(enable_single_sign_on=True, identity_provider_certificate=text)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["identity_provider_issuer"] == ISSUER
    assert form.cleaned_data["identity_provider_single_sign_on_url"].endswith("/sso/saml")
    assert "BEGIN CERTIFICATE" in form.cleaned_data["identity_provider_certificate"]


def test_a_link_moves_to_where_links_are_kept() -> None:
    form = cleaned(**REAL, identity_provider_certificate="https://idp.example.com/cert.pem")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["metadata_link"] == "https://idp.example.com/cert.pem"
    assert form.cleaned_data["identity_provider_certificate"] == ""
    assert "https://" in str(cleaned(**REAL, identity_provider_certificate="http://idp.example.com/c").errors)


@pytest.mark.parametrize(
    ("entered", "words"),
    [
        ("hello", "no certificate"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "private key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "damaged"),
        ("<a/>", "no identity provider"),
        ("<a", "not well-formed"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
    ],
)
def test_what_is_no_certificate_is_said_on_the_field(entered: str, words: str) -> None:
    form = cleaned(**REAL, identity_provider_certificate=entered)
    assert words in str(form.errors["identity_provider_certificate"])


def test_a_short_key_is_refused() -> None:
    form = cleaned(**REAL, identity_provider_certificate=certificate(bits=1024)[0])
    assert "too short" in str(form.errors["identity_provider_certificate"])


def test_the_simulators_certificate_proves_nothing_in_a_real_account() -> None:
    entered = keys.published().certificate
    assert "published" in str(cleaned(**REAL, identity_provider_certificate=entered).errors)
    assert cleaned(**REAL, identity_provider_certificate=entered, sim=True).is_valid()


def test_a_real_account_that_is_switched_on_is_complete() -> None:
    form = cleaned(enable_single_sign_on=True)
    assert set(form.errors) == {
        "identity_provider_single_sign_on_url", "identity_provider_issuer", "identity_provider_certificate",
    }  # fmt: skip
    assert cleaned().is_valid()
    assert cleaned(enable_single_sign_on=True, metadata_link="https://idp.example.com/metadata").is_valid()


def test_a_simulated_identity_provider_lets_nobody_in_where_people_really_work(
    account: IntegrationAccount, settings: Any
) -> None:
    assert sign_on.account_for(KEY) == account
    settings.ALLOW_SIMULATED_SIGN_ON = False
    assert sign_on.account_for(KEY) is None


# -- the request


def test_the_request_is_ours_and_names_the_public_address(account: IntegrationAccount, settings: Any) -> None:
    settings.PUBLIC_URL = "https://desk.example.com"
    account.simulated = False
    account.properties["identity_provider_single_sign_on_url"] = "https://idp.example.com/sso?tenant=7&x=1"
    url = account.connect().login_url("/agentdesktop/", request_id="_abc")
    query = parse_qs(urlsplit(url).query)
    assert query["tenant"] == ["7"] and query["RelayState"] == ["/agentdesktop/"]
    xml = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15))
    assert xml.get("ID") == "_abc"
    assert xml.get("Destination") == "https://idp.example.com/sso?tenant=7&x=1"
    assert xml.get("AssertionConsumerServiceURL") == "https://desk.example.com/agentdesktop/sso/redirect"
    assert xml.findtext("saml:Issuer", namespaces=SPACES) == "https://desk.example.com/agentdesktop/sso/redirect"
    assert "RelayState" not in account.connect().login_url("/agentdesktop/" + "x" * 80)


def test_our_metadata_says_the_same(account: IntegrationAccount) -> None:
    root = etree.fromstring(account.connect().metadata())
    spaces = {"md": "urn:oasis:names:tc:SAML:2.0:metadata"}
    service = root.find("md:SPSSODescriptor/md:AssertionConsumerService", spaces)
    assert root.get("entityID") == OURS and service is not None and service.get("Location") == OURS
    assert root[0].get("WantAssertionsSigned") == "true"


# -- test connection


@pytest.fixture
def idp(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor(KEY)


def test_a_good_account_is_told_how_long_its_certificate_counts(account: IntegrationAccount, idp: Vendor) -> None:
    result = account.connect().test_connection()
    assert result.ok and result.message == "Connection is valid"
    told = " | ".join(text for _, text in result.rows)
    assert "until 1 Jan 2046" in told and "takes our request" in told and "are those of" in told
    assert "Warning" not in told
    assert idp.count("accepted") == 1


def test_a_certificate_that_has_ended_is_a_failure(account: IntegrationAccount, idp: Vendor) -> None:
    account.properties["identity_provider_certificate"] = certificate("Old", days=-3)[0]
    account.save()
    verdict = account.connect().test_connection().verdict
    assert verdict is not None and (verdict.cause, verdict.stage) == (Cause.TOKEN_EXPIRED, Stage.SETTINGS)
    assert "“Old” ended on" in verdict.message
    account.properties["identity_provider_certificate"] = keys.published().certificate
    account.save()
    assert account.connect().test_connection().ok


def test_a_certificate_that_ends_soon_is_a_warning(account: IntegrationAccount, idp: Vendor) -> None:
    account.properties["identity_provider_certificate"] += certificate("Soon", days=20)[0]
    account.save()
    result = account.connect().test_connection()
    assert result.ok
    assert any("ends within 30 days" in text and "Soon" in text for _, text in result.rows)


def test_an_announced_certificate_is_a_warning_and_is_loaded(account: IntegrationAccount, idp: Vendor) -> None:
    idp.settings(both_certificates=True)
    result = account.connect().test_connection()
    assert result.ok and any("new certificate" in text for _, text in result.rows)
    loaded = account.connect().load_metadata()
    assert loaded.ok and len([label for label, _ in loaded.rows if label == "Certificate"]) == 2
    fresh = IntegrationAccount.objects.get()
    assert fresh.properties["identity_provider_certificate"].count("BEGIN") == 2
    assert not any("Warning" in text for _, text in fresh.connect().test_connection().rows)


def test_another_certificate_or_issuer_than_the_metadata_is_a_failure(account: IntegrationAccount, idp: Vendor) -> None:
    account.properties["identity_provider_certificate"] = certificate()[0]
    account.save()
    verdict = account.connect().test_connection().verdict
    assert verdict is not None and verdict.cause == Cause.CONFLICT and "another certificate" in verdict.message
    account.properties["identity_provider_issuer"] = "urn:other"
    account.save()
    verdict = account.connect().test_connection().verdict
    assert verdict is not None and ISSUER in verdict.message
    account.connect().load_metadata()
    assert IntegrationAccount.objects.get().connect().test_connection().ok


def test_an_identity_provider_that_does_not_know_us_refuses_the_test(account: IntegrationAccount, idp: Vendor) -> None:
    idp.settings(entity_id="urn:somebody-else")
    verdict = account.connect().test_connection().verdict
    assert verdict is not None and verdict.cause == Cause.NO_PERMISSION
    assert "entity id" in verdict.next_step
    idp.settings(entity_id="")
    assert account.connect().test_connection().ok


def test_without_certificate_the_account_is_incomplete_until_metadata_is_loaded(idp: Vendor) -> None:
    account = make(identity_provider_certificate="", identity_provider_issuer="")
    with pytest.raises(Rejected) as incomplete:
        list(account.connect().probes())
    assert incomplete.value.cause == Cause.INCOMPLETE
    assert "not complete" in refusal(account, "x")
    account.connect().load_metadata()
    assert IntegrationAccount.objects.get().connect().test_connection().ok


def test_the_certificates_end_is_told_in_advance(account: IntegrationAccount) -> None:
    [end] = account.connect().expiries()
    assert (end.when.year, end.when.month) == (2046, 1)
    assert "refused until" in end.what_then
    account.properties["identity_provider_certificate"] = "broken"
    assert account.connect().expiries() == []


# -- links, and identity providers of other habits


PAGE = Answer(body="<html>Log in</html>", headers={"Content-Type": "text/html"})


def real(server: LocalServer, **properties: Any) -> IntegrationAccount:
    """An account whose identity provider is the scripted server."""
    entered = {**REAL, "identity_provider_single_sign_on_url": f"{server.address}/sso", **properties}
    form = cleaned(**{"identity_provider_certificate": certificate()[0], **entered})
    assert form.is_valid(), form.errors
    account: IntegrationAccount = AccountFactory(
        provider=KEY, name="Real", simulated=False, properties=form.cleaned_data
    )
    return account


@pytest.mark.parametrize("form", ["pem", "der"])
def test_a_link_to_the_certificate_is_followed_by_the_test(authority: Path, loopback: None, form: str) -> None:
    pem, der = certificate("Linked")
    with serving(make_certificate(authority, "idp")) as server:
        server.on("/idp.cer", Answer(body=pem if form == "pem" else der, headers={"Content-Type": "application/x-x"}))
        server.on("/sso", PAGE)
        account = real(
            server,
            identity_provider_certificate=f"{server.address}/idp.cer",
            ca_certificate=(authority / "ca.pem").read_text(),
        )
        assert account.properties["identity_provider_certificate"] == ""
        result = account.connect().test_connection()
    assert result.ok, result.message
    assert IntegrationAccount.objects.get().properties["identity_provider_certificate"] == pem
    assert IntegrationAccount.objects.get().properties["identity_provider_issuer"] == REAL["identity_provider_issuer"]


def test_what_is_no_certificate_at_the_link_is_said_and_nothing_is_stored(authority: Path, loopback: None) -> None:
    with serving(make_certificate(authority, "idp")) as server:
        server.on("/idp.cer", PAGE, Answer(body="hello"), Answer(204))
        ca = (authority / "ca.pem").read_text()
        account = real(server, identity_provider_certificate=f"{server.address}/idp.cer", ca_certificate=ca)
        for words in ("web page", "no certificate", "status 204"):
            verdict = account.connect().test_connection().verdict
            assert verdict is not None and words in verdict.message
    assert IntegrationAccount.objects.get().properties["identity_provider_certificate"] == ""


@pytest.mark.parametrize(
    ("answer", "good"),
    [
        (PAGE, True),
        (Answer(302, headers={"Location": "https://login.example.com/"}), True),
        (Answer(401, headers={"WWW-Authenticate": "Negotiate"}), True),
        (Answer(401), False),
        (Answer(body={"an": "api"}), False),
        (Answer(400, "<html>unknown application</html>", {"Content-Type": "text/html"}), False),
    ],
)
def test_a_log_in_page_may_have_many_forms_but_is_one(server: LocalServer, answer: Answer, good: bool) -> None:
    account = real(server)
    server.on("/sso", answer)
    assert account.connect().test_connection().ok is good
    server.on("/sso", PAGE)
    assert account.connect().test_connection().ok
    assert all(request.query["SAMLRequest"] for request in server.arrived if request.path == "/sso")


# -- the simulator is strict


@pytest.fixture
def request_of(account: IntegrationAccount, idp: Vendor) -> Iterator[Callable[..., requests.Response]]:
    def ask(old: str = "", new: str = "", **query: str) -> requests.Response:
        url = urlsplit(account.connect().login_url())
        xml = zlib.decompress(base64.b64decode(parse_qs(url.query)["SAMLRequest"][0]), -15).decode()
        packer = zlib.compressobj(wbits=-15)
        packed = packer.compress(xml.replace(old, new).encode() if old else xml.encode()) + packer.flush()
        given = {"SAMLRequest": base64.b64encode(packed).decode(), **query}
        return requests.get(f"{url.scheme}://{url.netloc}{url.path}", params=given, timeout=5)

    yield ask


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (OURS + "</saml:Issuer>", "urn:x</saml:Issuer>", "no application"),
        (f'ServiceURL="{OURS}"', 'ServiceURL="https://evil.example"', "Answers go to"),
        ('Version="2.0"', 'Version="1.1"', "no AuthnRequest"),
        ("/sso/saml", "/sso/elsewhere", "is meant for"),
        ('IssueInstant="2', 'IssueInstant="1', "another time"),
        (":HTTP-POST", ":HTTP-Artifact", "by POST only"),
        ('ID="_', 'ID="7', "ID is missing"),
    ],
)
def test_the_simulator_refuses_a_request_that_is_not_right(
    request_of: Callable[..., requests.Response], old: str, new: str, words: str
) -> None:
    answer = request_of(old, new)
    assert answer.status_code == 403 and words in answer.text
    assert request_of().status_code == 200


def test_the_simulator_takes_no_garbage_and_no_long_relay_state(request_of: Callable[..., requests.Response]) -> None:
    assert request_of(SAMLRequest="%%%").status_code == 403
    assert "80 bytes" in request_of(RelayState="x" * 81).text


def test_a_log_in_page_of_the_simulator_is_used_up(request_of: Callable[..., requests.Response], idp: Vendor) -> None:
    page = request_of().text
    request_id = page.split("request=")[1].split('"')[0]
    address = f"{idp.address}/login?user=agent1&request={request_id}"
    assert 'name="SAMLResponse"' in requests.post(address, timeout=5).text
    assert "used up" in requests.post(address, timeout=5).text
