"""The shell scripts behind `make`, with as little around them as a fresh machine has."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = ROOT / "scripts"
LOCKS = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]


def shell(code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run shell code after `environment.sh`, in a folder, with a search path of its own."""
    (folder / "home").mkdir(exist_ok=True)
    plain = {"PATH": "/usr/bin:/bin", "HOME": str(folder / "home")}
    command = ["sh", "-c", f'. "{SCRIPTS}/environment.sh"; {code}']
    return subprocess.run(
        command, cwd=folder, env={**plain, **environment}, capture_output=True, text=True, check=False
    )


def program(folder: Path, name: str, code: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{code}\n")
    path.chmod(0o755)
    return path


def python_of_version(folder: Path, name: str, version: str) -> None:
    """Something that says it is this version of Python."""
    major, minor = version.split(".")
    program(folder, name, f'exec {sys.executable} -c "import sys; sys.version_info = ({major}, {minor}, 0); $2"')


def test_a_fitting_python_is_found_behind_old_ones_and_stubs(tmp_path):
    tools = tmp_path / "tools"
    python_of_version(tools, "python3", "3.9")
    program(tools, "python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    python_of_version(tools, "python3.12", "3.12")

    done = shell("find_python", tmp_path, PATH=f"{tools}:/usr/bin:/bin")

    assert done.stdout.strip() == str(tools / "python3.12")


def test_the_python_that_a_person_names_comes_first(tmp_path):
    tools = tmp_path / "tools"
    python_of_version(tools, "python3", "3.12")
    python_of_version(tools, "mine", "3.13")

    done = shell("find_python", tmp_path, PATH=f"{tools}:/usr/bin:/bin", PYTHON=str(tools / "mine"))

    assert done.stdout.strip() == str(tools / "mine")


@pytest.mark.parametrize("version", ["3.10", "3.14", "2.7"])
def test_without_a_fitting_python_one_sentence_says_what_to_do(tmp_path, version):
    tools = tmp_path / "tools"
    for name in ("python3", "python3.13", "python3.12", "python3.11", "python"):
        python_of_version(tools, name, version)

    done = shell("make_venv", tmp_path, PATH=f"{tools}:/usr/bin:/bin")

    assert done.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 is needed" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_missing_venv_module_is_named_as_the_package_to_install(tmp_path):
    tools = tmp_path / "tools"
    program(tools, "python3", f'case "$2" in *ensurepip*) exit 1;; *) exec {sys.executable} "$@";; esac')
    program(tools, "id", "echo 1000")

    done = shell("make_venv", tmp_path, PATH=f"{tools}:/usr/bin:/bin")

    assert done.returncode == 1
    assert re.search(r"sudo apt-get install python3\.1[123]-venv", done.stderr)
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_folder_where_nothing_can_be_made_is_one_sentence(tmp_path):
    (tmp_path / ".venv").write_text("a file where the folder should be")

    done = shell("make_venv", tmp_path, PYTHON=sys.executable)

    assert done.returncode == 1
    assert "could not be made" in done.stderr
    assert "Traceback" not in done.stderr


def test_packages_are_installed_when_the_lock_file_changed_and_only_then(tmp_path):
    calls = tmp_path / "calls"
    program(tmp_path / ".venv" / "bin", "python", f'echo "$@" >> {calls}')
    lock = tmp_path / "requirements.txt"
    lock.write_text("one==1 --hash=sha256:00\n")

    assert shell("install_packages requirements.txt", tmp_path).returncode == 0
    assert "--require-hashes -r requirements.txt" in calls.read_text()
    shell("install_packages requirements.txt", tmp_path)
    assert len(calls.read_text().splitlines()) == 1
    lock.write_text("one==2 --hash=sha256:00\n")
    shell("install_packages requirements.txt", tmp_path)
    assert len(calls.read_text().splitlines()) == 2


def test_packages_that_cannot_be_installed_are_told_and_tried_again(tmp_path):
    pip = program(tmp_path / ".venv" / "bin", "python", "echo 'no matching distribution'; exit 1")
    (tmp_path / "requirements.txt").write_text("one==1\n")

    done = shell("install_packages requirements.txt", tmp_path)
    assert done.returncode == 1
    assert "no matching distribution" in done.stderr and "could not be installed" in done.stderr

    pip.write_text("#!/bin/sh\nexit 0\n")
    assert shell("install_packages requirements.txt", tmp_path).returncode == 0


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_files_hold_versions_and_hashes_and_no_address(lock):
    text = lock.read_text()
    assert not re.search(r"://|--(index|extra-index|find-links|trusted)", text)
    packages = re.findall(r"^([a-z0-9][a-z0-9._-]*)==\S+", text, re.MULTILINE | re.IGNORECASE)
    assert len(packages) > 30
    blocks = re.split(r"^(?=[a-z0-9][a-z0-9._-]*==)", text, flags=re.MULTILINE | re.IGNORECASE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)


def test_whatever_the_project_asks_for_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [project["dependencies"], [*project["dependencies"], *project["optional-dependencies"]["dev"]]]
    for lock, wanted in zip(LOCKS, asked, strict=True):
        locked = set(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==", lock.read_text(), re.MULTILINE))
        names = {re.split(r"[\[<>=;~! ]", entry)[0].lower().replace("_", "-") for entry in wanted}
        assert names <= locked, f"run `make lock`: {sorted(names - locked)}"


def test_the_lock_for_development_holds_the_same_versions():
    plain, dev = (dict(re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(), re.MULTILINE)) for lock in LOCKS)
    assert plain.items() <= dev.items()


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_plain_posix_shell(script):
    assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0
    text = script.read_text()
    assert not re.search(r"\[\[ |^\s*(function|local) |<\(|\$'", text, re.MULTILINE)


def test_ci_runs_the_tests_that_people_run():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "make test" in (ROOT / ".ci" / "run").read_text()
