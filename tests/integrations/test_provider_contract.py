"""Every provider of the registry keeps the same promises; a fourth one joins without touching anything else."""

import base64
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import Client
from django.urls import reverse

from integrations import providers, simulators, tcp
from integrations.diagnosis.verdict import Verdict
from integrations.errors import Cause, IntegrationError, Stage
from integrations.forms import account_form
from integrations.models import IntegrationAccount
from integrations.providers import registry
from integrations.row_tables import RowsWidget
from integrations.simulators.server import running
from tests.factories import AdminFactory
from tests.integrations import verdicts
from tests.integrations.cases import CASES
from tests.integrations.contract import (
    CANARY,
    FAULTS,
    Case,
    Witness,
    command,
    fails_with,
    impatient,
    is_green,
    reloaded,
)
from tests.integrations.providers.conftest import Vendor
from tests.simulators import certificate

pytestmark = pytest.mark.django_db(transaction=True)
Patch = pytest.MonkeyPatch
each = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
BROKEN = [(name, fault, path) for name, case in CASES.items() for fault, path in case.faults()]


@pytest.fixture(scope="session")
def simulator_address() -> Iterator[str]:
    with running() as address:
        yield address


@pytest.fixture(scope="session", autouse=True)
def page_of_verdicts() -> Iterator[None]:
    yield
    if verdicts.WRITING:
        verdicts.write()


@pytest.fixture
def vendor(simulator_address: str, settings: Any) -> Callable[[str], Vendor]:
    settings.SIMULATOR_URL = simulator_address

    def fresh(key: str) -> Vendor:
        requests.post(f"{simulator_address}/{key}/_reset", timeout=5)
        return Vendor(f"{simulator_address}/{key}")

    return fresh


@pytest.fixture
def admin_client() -> Client:
    client = Client()
    client.force_login(AdminFactory())
    return client


# -- one promise after the other


def test_every_provider_has_a_case() -> None:
    assert {case.provider for case in CASES.values()} == set(registry())


@pytest.mark.parametrize("key", list(registry()))
def test_a_provider_is_a_fact_sheet(key: str) -> None:
    check_fact_sheet(key)


@pytest.mark.parametrize("key", list(registry()))
def test_the_form_renders_and_every_field_is_explained(key: str) -> None:
    check_form(key)


@each
def test_a_healthy_vendor_makes_the_account_green(case: Case, vendor: Callable[[str], Vendor]) -> None:
    vendor(case.provider)
    is_green(case.account())


@pytest.mark.parametrize(("name", "fault", "path"), BROKEN, ids=[" ".join(filter(None, row)) for row in BROKEN])
def test_a_fault_is_told_and_the_account_recovers(
    name: str, fault: str, path: str, vendor: Callable[[str], Vendor], monkeypatch: Patch
) -> None:
    verdict = check_fault(CASES[name], vendor(CASES[name].provider), fault, path, monkeypatch)
    verdicts.check(name, fault, path, verdict)


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The simulators by HTTPS: their address, and the authority that vouches for them."""
    certificate_file, key_file = certificate.write(tmp_path_factory.mktemp("tls"))
    with running(certificate=certificate_file, private_key=key_file) as address:
        yield address, Path(certificate_file).read_text()


@pytest.mark.parametrize(
    "name",
    [name for name, case in CASES.items() if case.can_break and "certificate" not in case.none_at.get("", ())],
)
def test_a_changed_certificate_is_told_and_the_account_recovers(
    name: str, secured: tuple[str, str], settings: Any, monkeypatch: Patch
) -> None:
    settings.SIMULATOR_URL, authority = secured
    account = CASES[name].account()
    with monkeypatch.context() as patch:
        patch.setattr(tcp, "ca_of", lambda account: authority)
        is_green(account)
    forget_tokens(account)
    verdict = reloaded(account).connect().test_connection().verdict
    assert (verdict.ok, verdict.stage, verdict.cause) == (False, Stage.TLS, Cause.TLS_FAILED)
    verdicts.check(name, "certificate", "", verdict)
    with monkeypatch.context() as patch:
        patch.setattr(tcp, "ca_of", lambda account: authority)
        is_green(account)


@each
def test_no_secret_shows_anywhere(
    case: Case, vendor: Callable[[str], Vendor], admin_client: Client, monkeypatch: Patch
) -> None:
    check_secrets(case, vendor(case.provider), admin_client, monkeypatch)


@each
def test_the_commands_know_the_provider(case: Case, vendor: Callable[[str], Vendor], tmp_path: Path) -> None:
    check_commands(case, vendor(case.provider), tmp_path)


@each
def test_an_account_is_added_in_the_admin(case: Case, vendor: Callable[[str], Vendor], admin_client: Client) -> None:
    vendor(case.provider)
    check_add_form(case, admin_client)


# -- what the promises mean, for the providers of the house and for the throw-away one


def check_fact_sheet(key: str) -> None:
    provider = registry()[key]
    assert provider.key == key and provider.label and provider.type
    assert provider.valid_message.startswith(("Connection is valid", "Account credentials"))
    pages = Path(__file__).parents[2] / "docs" / "providers"
    assert (pages / f"{key}.md").is_file() or key == "throwaway"
    for cause, advice in provider.advice.items():
        assert advice.meaning and advice.next_step and advice.who in ("you", "the vendor's administrator", "the vendor")
        assert cause.value


def check_form(key: str) -> None:
    properties = registry()[key].Properties
    assert set(properties.advanced) <= set(properties.base_fields)
    html = properties().as_p()
    for name, field in properties.base_fields.items():
        assert field.label, name
        assert len(str(field.help_text)) >= 20, f"{key}.{name} does not say where its value is found"
        assert f'name="{name}' in html
    assert "<script" not in html and "style=" not in html and "onclick" not in html


def check_fault(case: Case, vendor: Vendor, fault: str, path: str, patch: Patch) -> Verdict:
    account = case.account()
    is_green(account)
    forget_tokens(account)
    vendor.fault(fault, path=path)
    with impatient(patch):
        verdict = fails_with(account, *FAULTS[fault])
    vendor.healthy()
    is_green(account)
    return verdict


def forget_tokens(account: IntegrationAccount) -> None:
    """So that the next test goes through the token endpoint again, where there is one."""
    provider = reloaded(account).connect()
    if hasattr(provider, "forget_tokens"):
        provider.forget_tokens()


def check_secrets(case: Case, vendor: Vendor, admin: Client, patch: Patch) -> None:
    """A canary in every secret: a good test, every fault, the pages, the wire log, the exports."""
    for secret in (f"{CANARY}-wrong", CANARY):
        IntegrationAccount.objects.all().delete()
        account = case.account(secret=secret)
        witness = Witness()
        with witness.watching():
            if secret == CANARY:
                case.accept(vendor, CANARY, patch)
                is_green(account)
            else:
                check_refusal(account)
            for fault in ("server_error", "bad_credentials", "truncated") if case.can_break else ():
                vendor.fault(fault)
                witness.try_account(account)
                vendor.healthy()
            witness.collect(account)
            witness.said += pages_of(account, admin)
        shown = witness.everything()
        for form in (secret, base64.b64encode(secret.encode()).decode(), secret[: len(CANARY)]):
            assert form not in shown, around(shown, form)
        assert around(shown, user_and(case, secret)) == ""


def check_refusal(account: IntegrationAccount) -> None:
    """With an unknown secret nobody is let in, unless the vendor asks for none."""
    try:
        list(reloaded(account).connect().probes())
    except IntegrationError as error:
        assert CANARY not in str(error)


def user_and(case: Case, secret: str) -> str:
    """What a Basic header carries."""
    user = (
        case.properties.get("user_name") or case.properties.get("username") or case.properties.get("client_id") or "-"
    )
    return base64.b64encode(f"{user}:{secret}".encode()).decode()


def around(text: str, part: str) -> str:
    place = text.find(part)
    return text[max(0, place - 200) : place + 100] if place >= 0 else ""


def pages_of(account: IntegrationAccount, admin: Client) -> list[str]:
    change = reverse("admin:integrations_integrationaccount_change", args=[account.pk])
    listing = reverse("admin:integrations_integrationaccount_changelist")
    test = admin.post(f"{change.removesuffix('change/')}action/test_connection/")
    answers = [admin.get(change), admin.get(listing), test, admin.post(change, {"name": ""})]
    assert all(answer.status_code in (200, 302) for answer in answers)
    return [answer.content.decode() for answer in answers]


def check_commands(case: Case, vendor: Vendor, folder: Path) -> None:
    account = case.account()
    code, told = command("test_account", account.name)
    assert (code, told["ok"], told["cause"]) == (0, True, "ok")
    if case.can_break:
        vendor.fault("server_error")
        code, told = command("test_account", account.name)
        assert (code, told["ok"], told["cause"]) == (1, False, "remote_error")
        assert told["who"] and told["next_step"] and told["stage"]
        vendor.healthy()
    code, told = command("run_action", account.name, "test_connection")
    assert (code, told["ok"]) == (0, True)


def check_add_form(case: Case, admin: Client) -> None:
    address = f"{reverse('admin:integrations_integrationaccount_add')}?provider={case.provider}"
    enable_all_types()
    page = admin.get(address)
    assert page.status_code == 200
    for field in registry()[case.provider].Properties.base_fields.values():
        assert str(field.label) in page.content.decode()
    entered = {**filled(case), **case.properties, **case.secrets}
    answer = admin.post(address, {"name": "Added", "enabled": "on", "simulated": "on", **entered})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    added = IntegrationAccount.objects.get(name="Added")
    assert added.provider == case.provider
    is_green(added)


def enable_all_types() -> None:
    """As a superuser does on the page of the contact centre."""
    from contactcenter.models import ContactCenter
    from integrations import catalogue

    centre = ContactCenter.current()
    centre.enabled_types = [entry.key for entry in catalogue.TYPES if entry.gated]
    centre.save()


def filled(case: Case) -> dict[str, Any]:
    """The form as it is shown at first, as a browser would send it."""
    form = account_form(registry()[case.provider])()
    shown = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    for name, field in form.fields.items():
        if isinstance(field.widget, RowsWidget) and shown[name]:
            rows = shown.pop(name)
            shown |= {f"{name}-{each.key}": [row[each.key] for row in rows] for each in field.widget.columns}
    left_out = (None, False)
    sent = {name: value for name, value in shown.items() if not any(value is nothing for nothing in left_out)}
    return {name: "on" if value is True else value for name, value in sent.items() if value != ()}


# -- a fourth provider: one module, one line, one simulator, a page, and this test

PROVIDER = '''
"""A throw-away vendor with one address and a key."""

from collections.abc import Iterator

import requests
from django import forms

from integrations import catalogue
from integrations.diagnosis.doctor import Passed
from integrations.errors import Rejected, Stage
from integrations.http import json_of
from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import VendorUrlField
from integrations.providers.base import Provider


class ThrowAway(Provider):
    key = "throwaway"
    label = "Throw-away"
    type = catalogue.ZENDESK

    class Properties(PropertiesForm):
        needed_for_real = ("url",)
        url = VendorUrlField(label="URL", required=False, help_text="Shown at the top of the vendor's API page.")
        api_key = SecretField(label="API Key", help_text="Made on the vendor's API page; shown there once.")

    def authorise(self, request: requests.PreparedRequest) -> None:
        request.headers["Authorization"] = f"Bearer {self.account.secret('api_key')}"

    def probes(self) -> Iterator[Passed]:
        answer = json_of(self.http.get("/me", headers={"Accept": "application/json"}, purpose="Who am I"))
        if not isinstance(answer, dict) or "name" not in answer:
            raise Rejected("The answer has no name in it.")
        yield Passed(Stage.AUTHENTICATION, f"Signed in as {answer['name']}", identity=answer["name"])
'''

SIMULATOR = '''
"""The throw-away vendor's stand-in."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from integrations.simulators.base import Simulator


class ThrowAwaySimulator(Simulator):
    key = "throwaway"
    title = "Throw-away"
    description = "Knows one user."
    default_settings = {"api_key": "demo-key"}

    def routes(self) -> list[BaseRoute]:
        return [Route("/me", self.me, methods=["GET"])]

    async def me(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.settings['api_key']}":
            return JSONResponse({"error": "unknown key"}, 401)
        return JSONResponse({"name": "Robin Example"})
'''

PAGE = "# Throw-away\n\nOne address and a key.\n"
THROW_AWAY = Case(
    "throwaway", {}, {"api_key": "demo-key"}, lambda vendor, secret, patch: vendor.settings(api_key=secret)
)


@pytest.fixture
def throwaway(tmp_path: Path, monkeypatch: Patch, settings: Any) -> Iterator[Vendor]:
    """The provider's module and its simulator's, each registered by one more entry of its list."""
    (tmp_path / "throwaway_provider.py").write_text(textwrap.dedent(PROVIDER))
    (tmp_path / "throwaway_simulator.py").write_text(textwrap.dedent(SIMULATOR))
    (tmp_path / "throwaway.md").write_text(PAGE)
    monkeypatch.syspath_prepend(str(tmp_path))
    import throwaway_simulator  # type: ignore[import-not-found]

    monkeypatch.setattr(providers, "PROVIDERS", (*providers.PROVIDERS, "throwaway_provider.ThrowAway"))
    more = (*simulators.SIMULATORS, throwaway_simulator.ThrowAwaySimulator)
    monkeypatch.setattr(simulators, "SIMULATORS", more)
    monkeypatch.setattr("integrations.simulators.app.SIMULATORS", more)
    registry.cache_clear()
    with running() as address:
        settings.SIMULATOR_URL = address
        yield Vendor(f"{address}/throwaway")
    registry.cache_clear()
    for name in ("throwaway_provider", "throwaway_simulator"):
        sys.modules.pop(name, None)


def test_a_fourth_provider_costs_a_module_a_line_a_simulator_and_a_page(
    throwaway: Vendor, admin_client: Client, monkeypatch: Patch, tmp_path: Path
) -> None:
    check_fact_sheet("throwaway")
    check_form("throwaway")
    check_add_form(THROW_AWAY, admin_client)
    IntegrationAccount.objects.all().delete()
    check_commands(THROW_AWAY, throwaway, tmp_path)
    for fault, path in THROW_AWAY.faults():
        IntegrationAccount.objects.all().delete()
        check_fault(THROW_AWAY, throwaway, fault, path, monkeypatch)
    IntegrationAccount.objects.all().delete()
    check_secrets(THROW_AWAY, throwaway, admin_client, monkeypatch)


def test_the_throw_away_provider_leaves_nothing_behind() -> None:
    assert "throwaway" not in registry()
