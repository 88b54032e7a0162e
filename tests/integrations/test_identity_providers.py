"""Two real identity providers that we did not write: SimpleSAMLphp (attributes as a directory has them, like ForgeRock)
and saml-idp (as Okta has them). A person logs in at them by their own pages; our side reads what they sign."""

import base64
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from django.test import RequestFactory
from lxml import html

from integrations.capabilities import Identity, SignOnRefused
from integrations.models import IntegrationAccount
from integrations.saml import EMAIL_ADDRESS
from integrations.simulators.sso import keys
from tests.factories import AccountFactory
from tests.servers import answers, free_port, stop, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
HERE = Path(__file__).with_name("identity_providers")
OURS = "http://127.0.0.1:8000/agentdesktop/sso/redirect"
PAIR = keys.stranger()  # a fresh key and its certificate
Form = tuple[str, dict[str, str]]


@dataclass(frozen=True)
class RealProvider:
    """`log_in(session, page)`: fill in the provider's own forms until it posts an answer."""

    metadata: str
    begin: str
    subject: str
    email_as_name: bool
    log_in: Callable[[requests.Session, requests.Response], Form]


def form_of(answer: requests.Response) -> Form:
    """The page's form that posts: where it goes, and its fields with their values."""
    page = html.fromstring(answer.content, base_url=answer.url)
    form = next(form for form in page.forms if form.method == "POST")
    return urljoin(answer.url, form.action or ""), {name: value or "" for name, value in form.fields.items() if name}


# -- SimpleSAMLphp


@pytest.fixture(scope="module")
def simplesamlphp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealProvider]:
    home, port = tmp_path_factory.mktemp("simplesamlphp"), free_port()
    for name in ("cert", "log", "data", "tmp"):
        (home / name).mkdir()
    (home / "cert" / "idp.pem").write_text(PAIR.key)
    (home / "cert" / "idp.crt").write_text(PAIR.certificate)
    address = f"http://127.0.0.1:{port}"
    own = {
        "HOME_OF_TEST": str(home), "ADDRESS": address, "SERVICE_PROVIDER": OURS,
        "SIMPLESAMLPHP_CONFIG_DIR": str(HERE / "simplesamlphp" / "config"),
    }  # fmt: skip
    command = ["php", "-S", f"127.0.0.1:{port}", "-t", "/usr/share/simplesamlphp/www"]
    with (home / "php.log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **own}, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for("the start of SimpleSAMLphp", lambda: answers(port))
        service = f"{address}/saml2/idp"
        yield RealProvider(
            metadata=f"{service}/metadata.php",
            begin=f"{service}/SSOService.php?spentityid={OURS}&RelayState=/agentdesktop/",
            subject="ava",
            email_as_name=False,
            log_in=log_in_at_simplesamlphp,
        )
    finally:
        stop(process)


def log_in_at_simplesamlphp(session: requests.Session, page: requests.Response) -> Form:
    where, fields = form_of(page)
    done = session.post(where or page.url, data={**fields, "username": "ava", "password": "for-tests"}, timeout=20)
    return form_of(done)


# -- saml-idp


@pytest.fixture(scope="module")
def saml_idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealProvider]:
    folder, home, port = HERE / "saml_idp", tmp_path_factory.mktemp("saml-idp"), free_port()
    if not (folder / "node_modules" / "saml-idp").is_dir():
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, check=True, timeout=300
        )
    (home / "key.pem").write_text(PAIR.key)
    (home / "certificate.pem").write_text(PAIR.certificate)
    options = {
        "host": "127.0.0.1", "port": str(port), "acsUrl": OURS, "audience": OURS, "issuer": "urn:test:saml-idp",
        "key": str(home / "key.pem"), "cert": str(home / "certificate.pem"), "configFile": str(folder / "people.js"),
    }  # fmt: skip
    given = [part for name, value in options.items() for part in (f"--{name}", value)]
    process = subprocess.Popen(
        ["node", "node_modules/saml-idp/bin/run.js", *given], cwd=folder, stdout=subprocess.DEVNULL
    )
    try:
        wait_for("the start of saml-idp", lambda: answers(port))
        address = f"http://127.0.0.1:{port}"
        yield RealProvider(
            metadata=f"{address}/metadata", begin=f"{address}/", subject="ava@example.com", email_as_name=True,
            log_in=log_in_at_saml_idp,
        )  # fmt: skip
    finally:
        stop(process)


def log_in_at_saml_idp(session: requests.Session, page: requests.Response) -> Form:
    where, fields = form_of(page)
    return form_of(session.post(where, data=fields, timeout=20))


# -- what both have to do


@pytest.fixture(
    params=[pytest.param("simplesamlphp", marks=pytest.mark.php), pytest.param("saml_idp", marks=pytest.mark.node)]
)
def real(request: pytest.FixtureRequest) -> RealProvider:
    found: RealProvider = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def account(real: RealProvider, loopback: None) -> IntegrationAccount:
    """As an administrator adds it: by pasting the metadata."""
    from integrations.providers.sso_agent_desktop import AgentDesktopSsoProperties as Properties

    pasted = requests.get(real.metadata, timeout=20).text
    entered: dict[str, Any] = {**Properties.defaults(), "identity_provider_certificate": pasted}
    entered |= {"enable_single_sign_on": True, "allow_idp_initiated": True}
    if real.email_as_name:
        entered["name_id_format"] = EMAIL_ADDRESS
    form = Properties({name: value for name, value in entered.items() if value}, simulated=False)
    assert form.is_valid(), form.errors
    made: IntegrationAccount = AccountFactory(
        provider="sso_agent_desktop", name="Real", simulated=False, properties=form.cleaned_data
    )
    return made


def received(account: IntegrationAccount, form: Form) -> Identity:
    where, fields = form
    assert where == OURS, fields
    request = RequestFactory().post("/agentdesktop/sso/redirect", fields)
    found: Identity = account.connect().identity(request)
    return found


def answer_to(account: IntegrationAccount, real: RealProvider) -> Form:
    session = requests.Session()
    page = session.get(account.connect().login_url("/agentdesktop/"), timeout=20)
    return real.log_in(session, page)


def test_a_person_logs_in_with_our_request(account: IntegrationAccount, real: RealProvider) -> None:
    found = received(account, answer_to(account, real))
    assert (found.subject, found.first_name, found.last_name) == (real.subject, "Ava", "Martin")
    assert (found.email, found.groups) == ("ava@example.com", ("agents", "night shift"))
    assert found.request_id and found.relay_state == "/agentdesktop/" and found.lasting


def test_a_person_begins_at_the_identity_provider(account: IntegrationAccount, real: RealProvider) -> None:
    session = requests.Session()
    form = real.log_in(session, session.get(real.begin, timeout=20))
    assert received(account, form).request_id == ""
    account.properties["allow_idp_initiated"] = False
    account.save()
    again = real.log_in(requests.Session(), requests.get(real.begin, timeout=20)) if real.email_as_name else form
    with pytest.raises(SignOnRefused, match="not allowed"):
        received(account, again)
    assert received(account, answer_to(account, real)).subject == real.subject


def test_its_answer_counts_once_and_only_unchanged(account: IntegrationAccount, real: RealProvider) -> None:
    where, fields = answer_to(account, real)
    xml = base64.b64decode(fields["SAMLResponse"])
    changed = {**fields, "SAMLResponse": base64.b64encode(xml.replace(b"night shift", b"admin shift")).decode()}
    with pytest.raises(SignOnRefused, match="Signature validation failed"):
        received(account, (where, changed))
    assert received(account, (where, fields)).subject == real.subject
    with pytest.raises(SignOnRefused, match="used before"):
        received(account, (where, fields))


def test_the_test_of_the_account_is_green_and_changes_nothing(account: IntegrationAccount, real: RealProvider) -> None:
    account.properties["metadata_link"] = ""
    account.save()
    before = dict(account.properties)
    result = account.connect().test_connection()
    assert result.ok, result.message
    assert any("takes our request" in text for _, text in result.rows)
    assert IntegrationAccount.objects.get().properties == before


def test_its_certificate_is_the_only_one_believed(account: IntegrationAccount, real: RealProvider) -> None:
    account.properties["identity_provider_certificate"] = keys.published().certificate
    account.save()
    with pytest.raises(SignOnRefused, match="Signature validation failed"):
        received(account, answer_to(account, real))
    account.properties["identity_provider_certificate"] = keys.published().certificate + PAIR.certificate
    account.save()
    assert received(account, answer_to(account, real)).subject == real.subject
