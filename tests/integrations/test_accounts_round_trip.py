"""Accounts as code, for every provider: what is exported imports as no change, and anew to the same bytes."""

import re
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command

from integrations import accounts_file
from integrations.models import IntegrationAccount
from integrations.providers import registry
from tests.factories import AccountFactory
from tests.integrations.cases import CASES
from tests.integrations.contract import Case

pytestmark = pytest.mark.django_db(transaction=True)
VARIABLE = re.compile(r"\$\{(\w+)\}")
each = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def export() -> str:
    out, err = StringIO(), StringIO()
    call_command("export_accounts", stdout=out, stderr=err)
    assert err.getvalue() == ""
    return out.getvalue()


def imported(file: Path, text: str, *options: str) -> str:
    file.write_text(text, encoding="utf-8")
    out = StringIO()
    call_command("import_accounts", str(file), *options, stdout=out)
    return out.getvalue()


def canaries(case: Case) -> dict[str, str]:
    """Secrets that are found again wherever they leak, where the vendor's form of them allows it."""
    return {
        name: value if case.provider == "messenger_telegram" else f"canary-{name}"
        for name, value in case.secrets.items()
    }


@pytest.fixture
def account(case: Case) -> IntegrationAccount:
    made: IntegrationAccount = AccountFactory(
        provider=case.provider, name="Ours: Zoë & 電話", properties=case.properties, secrets=canaries(case)
    )
    return made


@pytest.fixture
def environment(account: IntegrationAccount, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secrets as variables, under the names that the export gives them."""
    entry = yaml.safe_load(export())[0]
    for name, reference in entry.get("secrets", {}).items():
        monkeypatch.setenv(VARIABLE.fullmatch(reference)[1], canaries(case)[name])


@each
def test_an_export_is_byte_stable_and_holds_no_secret(account: IntegrationAccount, case: Case) -> None:
    text = export()
    assert export() == text
    for value in canaries(case).values():
        assert value not in text
    (entry,) = yaml.safe_load(text)
    assert set(entry.get("secrets", {})) == set(case.secrets)
    assert set(entry["properties"]) == set(registry()[case.provider].Properties.plain_names())


@each
def test_what_was_exported_imports_as_no_change_and_anew_to_the_same_bytes(
    account: IntegrationAccount, case: Case, environment: None, tmp_path: Path
) -> None:
    text = export()
    assert "0 created, 0 changed, 1 unchanged" in imported(tmp_path / "a.yaml", text)
    assert export() == text
    stored = account.secrets.reveal()
    IntegrationAccount.objects.all().delete()
    assert "1 created" in imported(tmp_path / "a.yaml", text)
    assert export() == text
    again = IntegrationAccount.objects.get()
    assert again.secrets.reveal() == stored
    assert again.properties == accounts_file.plain(account.values())
    assert "0 created, 0 changed, 1 unchanged" in imported(tmp_path / "a.yaml", text)


@each
def test_a_dry_run_says_in_words_what_would_change_and_changes_nothing(
    account: IntegrationAccount, case: Case, environment: None, tmp_path: Path
) -> None:
    text = export()
    plan = imported(tmp_path / "a.yaml", text.replace("enabled: true", "enabled: false"), "--dry-run")
    assert "~ change" in plan and "enabled: yes -> no" in plan
    assert "Dry run: nothing was changed." in plan
    assert export() == text
    IntegrationAccount.objects.all().delete()
    plan = imported(tmp_path / "a.yaml", text, "--dry-run")
    assert plan.startswith("+ create") and not IntegrationAccount.objects.exists()
    assert not any(value in plan for value in canaries(case).values())


@each
def test_a_variable_that_is_missing_is_named(account: IntegrationAccount, case: Case, tmp_path: Path) -> None:
    text = export()
    if not case.secrets:
        assert "${" not in text
        return
    with pytest.raises(CommandError) as failure:
        imported(tmp_path / "a.yaml", text)
    for variable in VARIABLE.findall(text):
        assert f"the environment variable {variable} is not set" in str(failure.value)


@pytest.mark.parametrize("key", list(registry()))
def test_a_new_account_with_nothing_but_defaults_survives_the_trip(key: str, tmp_path: Path) -> None:
    """Defaults are what most files hold: YAML must give back what the form says, whatever its type."""
    defaults = accounts_file.plain(registry()[key].Properties.defaults())
    assert yaml.safe_load(yaml.safe_dump(defaults)) == defaults
