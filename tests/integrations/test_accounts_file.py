"""Accounts as YAML: the same bytes every time, references in place of secrets, all or nothing."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from auditlog.models import LogEntry
from django.core.management import CommandError, call_command

from integrations import accounts_file
from integrations.models import IntegrationAccount
from tests.factories import AccountFactory

from .throwaway import Plain, Rotating

pytestmark = pytest.mark.django_db(transaction=True)
FILE = """
- name: Plain one
  provider: plain
  properties: {url: "http://127.0.0.1:9"}
  secrets: {api_key: "${PLAIN_KEY}"}
"""
ROTATING = "- {{name: {}, provider: rotating, default: true, properties: {{url: x}}, secrets: {{client_secret: x}}}}\n"


@pytest.fixture(autouse=True)
def known(register_provider: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    register_provider(Plain)
    register_provider(Rotating)
    monkeypatch.setenv("PLAIN_KEY", "canary-from-environment")


def run(text: str, tmp_path: Path, *options: str) -> str:
    file, out = tmp_path / "accounts.yaml", StringIO()
    file.write_text(text, encoding="utf-8")
    call_command("import_accounts", str(file), *options, stdout=out)
    return out.getvalue()


def export(*names: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("export_accounts", *names, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def problems(text: str, tmp_path: Path) -> str:
    before = list(IntegrationAccount.objects.order_by("id").values())
    with pytest.raises(CommandError) as failure:
        run(text, tmp_path)
    assert list(IntegrationAccount.objects.order_by("id").values()) == before
    assert "canary" not in str(failure.value)
    return str(failure.value)


def test_an_import_creates_then_changes_then_keeps(tmp_path: Path) -> None:
    assert "1 created" in run(FILE, tmp_path)
    account = IntegrationAccount.objects.get()
    assert (account.provider, account.enabled, account.simulated) == ("plain", True, False)
    assert account.secret("api_key") == "canary-from-environment"
    assert "1 unchanged" in run(FILE, tmp_path)
    text = run(FILE.replace(":9", ":10") + "  simulated: true\n", tmp_path)
    assert text.splitlines()[:3] == [
        "~ change  Plain one (Plain)",
        "            simulated: no -> yes",
        "            url: http://127.0.0.1:9 -> http://127.0.0.1:10",
    ]
    account.refresh_from_db()
    assert (account.properties["url"], account.simulated) == ("http://127.0.0.1:10", True)


def test_what_the_file_does_not_name_is_kept(tmp_path: Path) -> None:
    run(FILE, tmp_path)
    run('[{name: Plain one, properties: {ca_certificate: ""}}]', tmp_path)
    account = IntegrationAccount.objects.get()
    assert account.properties["url"] == "http://127.0.0.1:9"
    assert account.secret("api_key") == "canary-from-environment"


def test_the_history_says_that_a_secret_changed_and_not_to_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(FILE, tmp_path)
    monkeypatch.setenv("PLAIN_KEY", "canary-second")
    run(FILE, tmp_path)
    entries = list(LogEntry.objects.values())
    assert [entry["additional_data"]["sentence"] for entry in entries if entry["additional_data"]] == [
        "Key changed"
    ] * 2
    assert "canary" not in str(entries)


def test_secrets_that_no_key_opens_stop_the_import(tmp_path: Path, settings: Any) -> None:
    run(FILE, tmp_path)
    settings.FIELD_ENCRYPTION_KEYS = ["QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="]
    assert "cannot be decrypted" in problems(FILE, tmp_path)


def test_a_dry_run_shows_the_plan_and_changes_nothing(tmp_path: Path) -> None:
    text = run(FILE, tmp_path, "--dry-run")
    assert "+ create  Plain one (Plain): url, api_key (secret)" in text
    assert "nothing was changed" in text
    assert "canary" not in text
    assert "127.0.0.1" not in text
    assert not IntegrationAccount.objects.exists()


def test_two_accounts_of_the_file_may_exchange_the_default(tmp_path: Path) -> None:
    run(ROTATING.format("One"), tmp_path)
    run("[{name: One, default: false}, {name: Two, provider: rotating, default: true, properties: {url: x}, secrets: "
        "{client_secret: x}}]", tmp_path)  # fmt: skip
    assert IntegrationAccount.objects.get(is_default=True).name == "Two"
    run("[{name: One, default: true}, {name: Two, default: false}]", tmp_path)
    assert IntegrationAccount.objects.get(is_default=True).name == "One"


def test_the_plan_shows_values_but_nothing_that_is_known_as_a_secret(tmp_path: Path) -> None:
    run(FILE, tmp_path)
    text = FILE.replace("http://127.0.0.1:9", "http://127.0.0.1:9/?key=canary-from-environment")
    plan = run(text, tmp_path, "--dry-run")
    assert "url: http://127.0.0.1:9 -> http://127.0.0.1:9/?key=***" in plan
    long = run(FILE.replace(":9", ":9/" + "a" * 300), tmp_path, "--dry-run")
    assert "aaa ..." in long and "a" * 130 not in long


def test_an_export_has_the_same_bytes_every_time_and_imports_as_no_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    AccountFactory(
        name="Zoë's 電話", provider="plain", properties={"url": "http://b"}, secrets={"api_key": "canary-1-long"}
    )
    AccountFactory(
        name="A-b",
        provider="plain",
        properties={"url": "http://a"},
        secrets={"second_key": "canary-2", "api_key": "canary-3"},
    )
    AccountFactory(name="A b", provider="plain", properties={"url": "http://a"}, secrets={"api_key": "canary-4-long"})
    text, warnings = export()
    assert (export()[0], warnings) == (text, "")
    assert "canary" not in text
    entries = yaml.safe_load(text)
    assert [entry["name"] for entry in entries] == ["A b", "A-b", "Zoë's 電話"]
    assert list(entries[0]) == ["name", "provider", "default", "enabled", "simulated", "properties", "secrets"]
    references = [reference for entry in entries for reference in entry["secrets"].values()]
    assert references == ["${A_B_API_KEY}", "${A_B_API_KEY_2}", "${A_B_SECOND_KEY}", "${ZO_S_API_KEY}"]
    for name, value in {
        "A_B_API_KEY": "canary-4-long", "A_B_API_KEY_2": "canary-3", "A_B_SECOND_KEY": "canary-2",
        "ZO_S_API_KEY": "canary-1-long",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    assert "0 created, 0 changed, 3 unchanged" in run(text, tmp_path)
    IntegrationAccount.objects.all().delete()
    assert "3 created" in run(text, tmp_path)
    assert export()[0] == text


def test_an_export_goes_into_a_file_and_may_name_accounts(tmp_path: Path) -> None:
    AccountFactory(name="One", provider="plain", secrets={"api_key": "canary-1-long"})
    AccountFactory(name="Two", provider="plain", secrets={"api_key": "canary-1-long"})
    file = tmp_path / "out.yaml"
    call_command("export_accounts", "Two", "--output", str(file))
    assert [entry["name"] for entry in yaml.safe_load(file.read_text())] == ["Two"]
    with pytest.raises(CommandError, match="no account Three"):
        call_command("export_accounts", "Three")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_accounts", "--output", str(tmp_path / "no" / "folder.yaml"))


def test_one_account_that_cannot_be_decrypted_does_not_stop_the_export(settings: Any) -> None:
    AccountFactory(name="Lost", provider="plain", secrets={"api_key": "canary-1-long"})
    settings.FIELD_ENCRYPTION_KEYS = ["QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="]
    AccountFactory(name="Readable", provider="plain", secrets={"api_key": "canary-2-long"})
    text, warnings = export()
    lost, readable = yaml.safe_load(text)
    assert "secrets" not in lost
    assert readable["secrets"] == {"api_key": "${READABLE_API_KEY}"}
    assert warnings.count("\n") == 1
    assert 'Account "Lost"' in warnings


def test_an_account_whose_provider_is_gone_is_exported_with_a_word(register_provider: Any) -> None:
    account = AccountFactory(name="Old", provider="plain", secrets={"api_key": "canary-1-long"})
    IntegrationAccount.objects.filter(pk=account.pk).update(provider="vanished")
    text, warnings = export()
    assert 'no provider "vanished"' in warnings
    assert yaml.safe_load(text)[0]["provider"] == "vanished"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- [", "not YAML"),
        ("name: x", "must be a list"),
        ("- just text", "must be a list"),
        ("- provider: plain", "has no name"),
        ("- {name: x, provider: plain}\n- {name: x, provider: plain}", '"x" is in the file twice'),
        ("- {name: x}", "there is no provider"),
        ("- {name: x, provider: other}", 'no provider "other"'),
        ("- {name: x, provider: plain, colour: red}", "unknown key colour"),
        ("- {name: x, provider: plain, enabled: maybe}", "enabled must be true or false"),
        ("- {name: x, provider: plain, properties: [1]}", "properties must be names"),
        ("- {name: x, provider: plain, properties: {colour: 1}}", 'no property "colour"'),
        ("- {name: x, provider: plain, secrets: {url: x}}", 'no secret "url"'),
        ("- {name: x, provider: plain, secrets: {api_key: '${NOT_SET_HERE}'}}", "NOT_SET_HERE is not set"),
        ("- {name: x, provider: plain}", "api_key"),
        ("- {name: x, provider: plain, properties: {url: ''}, secrets: {api_key: canary}}", "url"),
        ("- {name: x, provider: plain, default: true, secrets: {api_key: canary}}", "default"),
    ],
)  # fmt: skip
def test_a_wrong_file_changes_nothing_and_says_why(tmp_path: Path, text: str, words: str) -> None:
    AccountFactory(name="Before", provider="plain", secrets={"api_key": "canary-before"})
    assert words in problems(text, tmp_path)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = problems("- {name: a, provider: other}\n- {name: b, provider: plain, colour: 1}", tmp_path)
    assert '"a"' in text
    assert '"b"' in text


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_accounts", str(tmp_path / "missing.yaml"))


def test_the_provider_of_an_account_cannot_be_changed(tmp_path: Path) -> None:
    AccountFactory(name="Plain one", provider="servicenow")
    assert "cannot be changed" in problems(FILE, tmp_path)


def test_the_files_default_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    before = AccountFactory(name="Before", provider="rotating", is_default=True)
    plan = run(ROTATING.format("After"), tmp_path, "--dry-run")
    assert 'default: yes -> no, because "After" becomes it' in plan
    assert IntegrationAccount.objects.get(is_default=True) == before
    run(ROTATING.format("After"), tmp_path)
    before.refresh_from_db()
    assert not before.is_default
    assert IntegrationAccount.objects.get(is_default=True).name == "After"


def test_two_defaults_of_one_type_are_refused(tmp_path: Path) -> None:
    assert "marked as default" in problems(ROTATING.format("a") + ROTATING.format("b"), tmp_path)


def test_a_second_account_of_an_exclusive_type_is_refused(tmp_path: Path) -> None:
    entry = "- {{name: {}, provider: wfm_http, simulated: true}}\n"
    assert "only one account of this type" in problems(entry.format("a") + entry.format("b"), tmp_path)
    run(entry.format("a"), tmp_path)
    assert "only one account of this type" in problems(entry.format("c"), tmp_path)
    assert "1 unchanged" in run(entry.format("a"), tmp_path)


def test_an_empty_file_is_no_mistake(tmp_path: Path) -> None:
    assert "0 created" in run("", tmp_path)


def test_a_literal_secret_is_taken_too(tmp_path: Path) -> None:
    run("- {name: x, provider: plain, secrets: {api_key: 'before ${PLAIN_KEY} after'}}", tmp_path)
    assert IntegrationAccount.objects.get().secret("api_key") == "before canary-from-environment after"


def test_the_plan_reads_the_environment_that_it_is_given() -> None:
    [step] = accounts_file.plan(FILE, {"PLAIN_KEY": "canary-other"})
    assert step.account.secret("api_key") == "canary-other"
