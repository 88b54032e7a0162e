"""The commands that test accounts, press their buttons and rotate their keys."""

import json
import os
import subprocess
import sys
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from integrations.models import IntegrationAccount

from .conftest import database_url
from .local_server import Answer, LocalServer

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = ["ok", "message", "stage", "cause", "who", "next_step", "identity"]
ME = Answer(body={"name": "Ada"})
OTHER_KEY = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command(*arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def run_json(*arguments: str) -> tuple[int, dict[str, Any]]:
    status, text = run(*arguments, "--json")
    assert len(text.strip().splitlines()) == 1
    found = json.loads(text)
    assert list(found) == KEYS
    return status, found


def test_a_test_prints_one_object_and_ends_with_0_or_1(plain: IntegrationAccount, server: LocalServer) -> None:
    server.on("/me", Answer(401, {"error": "canary-api-key-1 is wrong"}), ME)
    status, found = run_json("test_account", "Plain")
    assert (status, found["ok"], found["stage"], found["cause"]) == (1, False, "authentication", "bad_credentials")
    assert (found["who"], found["identity"]) == ("you", "")
    assert "canary" not in str(found)
    status, found = run_json("test_account", "Plain")
    assert (status, found["ok"], found["cause"], found["identity"]) == (0, True, "ok", "Ada")
    assert found["message"] == "It works (Ada)"


def test_without_json_a_person_can_read_it(plain: IntegrationAccount, server: LocalServer) -> None:
    server.on("/me", Answer(403, {}), ME)
    status, text = run("test_account", "Plain")
    assert status == 1
    assert "FAILED: We are known but may not do this." in text
    assert "Who acts: the vendor's administrator" in text
    assert "Next step: Grant it." in text
    status, text = run("test_account", "Plain")
    assert "OK: It works (Ada)" in text
    assert "authentication: Signed in as Ada" in text


def test_an_unknown_account_is_an_object_too(plain: IntegrationAccount) -> None:
    status, found = run_json("test_account", "Nobody")
    assert (status, found["cause"]) == (1, "incomplete")
    assert "Plain" in found["next_step"]
    IntegrationAccount.objects.all().delete()
    assert "Create an account first" in run_json("test_account", "Nobody")[1]["next_step"]


def test_any_action_runs_and_answers_in_the_same_form(plain: IntegrationAccount, server: LocalServer) -> None:
    status, found = run_json("run_action", "Plain", "load_voices")
    assert (status, found["ok"], found["message"], found["cause"]) == (0, True, "2 voices", "ok")
    assert "Voice: Bruno" in run("run_action", "Plain", "load_voices")[1]
    server.on("/me", ME)
    assert run_json("run_action", "Plain", "test_connection")[1]["identity"] == "Ada"


def test_the_values_of_an_action_may_come_from_the_environment(
    plain: IntegrationAccount, server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THEIR_PASSWORD", "canary-password")
    server.on("/log-in", Answer(401, {"error": "no"}), Answer(body={}))
    words = ("run_action", "Plain", "log_in", "username=ada", "password=${THEIR_PASSWORD}")
    status, found = run_json(*words)
    assert (status, found["cause"]) == (1, "bad_credentials")
    status, found = run_json(*words)
    assert (status, found["message"]) == (0, "Logged in as ada")
    assert server.arrived[0].form == {"username": "ada", "password": "canary-password"}


def test_a_file_that_an_action_makes_goes_where_the_command_says(plain: IntegrationAccount, tmp_path: Any) -> None:
    status, found = run_json("run_action", "Plain", "give")
    assert (status, found["next_step"]) == (1, "Say where it goes: --output made.txt")
    status, found = run_json("run_action", "Plain", "give", "--output", str(tmp_path / "nowhere" / "made.txt"))
    assert (status, found["ok"]) == (1, False)
    assert "No such file" in found["message"]
    status, found = run_json("run_action", "Plain", "give", "--output", str(tmp_path / "made.txt"))
    assert (status, found["message"]) == (0, "Import it there.")
    assert (tmp_path / "made.txt").read_bytes() == b"made"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fly"], "does not exist"),
        (["load_voices", "a=1"], "has no value a"),
        (["log_in", "username=ada"], "password"),
        (["log_in", "username"], "no name"),
        (["log_in", "username=${NOT_SET_HERE}", "password=x"], "NOT_SET_HERE"),
    ],
)
def test_what_cannot_be_run_says_what_could(plain: IntegrationAccount, arguments: list[str], words: str) -> None:
    status, found = run_json("run_action", "Plain", *arguments)
    assert status == 1
    assert words in found["message"]
    assert found["next_step"]


def test_accounts_that_cannot_be_used_are_told_in_words(plain: IntegrationAccount, settings: Any) -> None:
    IntegrationAccount.objects.update(provider="vanished")
    assert "vanished" in run_json("test_account", "Plain")[1]["message"]


def test_standard_output_of_the_real_program_holds_the_object_alone(tmp_path: Any) -> None:
    """As a program sees it: another process, logs on standard error."""
    done = subprocess.run(
        [sys.executable, "manage.py", "test_account", "Nobody", "--json"],
        capture_output=True, text=True, check=False, env={**os.environ, "DATABASE_URL": database_url()},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert list(json.loads(done.stdout)) == KEYS


def test_simulators_on_a_port_in_use_say_so(server: LocalServer) -> None:
    with pytest.raises(CommandError, match="SIMULATOR_PORT"):
        call_command("simulators", "--port", server.address.rpartition(":")[2])
