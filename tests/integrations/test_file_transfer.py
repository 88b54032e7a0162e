"""Files reach real servers: OpenSSH by SFTP, ProFTPD by FTP, FTPS and SFTP, and a folder of this machine."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations.addresses import guard_for
from integrations.diagnosis.verdict import Passed
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, Rejected, Stage, Unavailable
from integrations.file_transfer import FileDoor, Folder, Ftp, HostKeyUnknown, Sftp
from integrations.file_transfer.sftp import fingerprint, private_key
from tests.file_servers import PASSWORD, FileServer, openssh, proftpd
from tests.servers import free_port

from .local_server import make_certificate

pytestmark = pytest.mark.usefixtures("loopback")
CONTENT = b"15;20260329;00:00;1;Support;0\r\n" * 5000


@pytest.fixture(scope="module")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileServer]:
    with openssh(tmp_path_factory.mktemp("openssh")) as server:
        yield server


@pytest.fixture(scope="module")
def ftp_server() -> Iterator[FileServer]:
    with proftpd() as server:
        yield server


@pytest.fixture(scope="module")
def ftps_server(authority: Path) -> Iterator[FileServer]:
    make_certificate(authority, "ftps", host="localhost")
    both = authority / "ftps-both.pem"
    both.write_text((authority / "ftps.key").read_text() + (authority / "ftps.pem").read_text())
    both.chmod(0o600)
    with proftpd(certificate=both) as server:
        yield server


@pytest.fixture(scope="module")
def password_ssh_server() -> Iterator[FileServer]:
    with proftpd(sftp=True) as server:
        yield server


def by_key(server: FileServer, **changes: Any) -> Sftp:
    values = {
        "port": server.port, "user_name": server.user, "folder": str(server.files), "host_key": server.host_key,
        "private_key": server.key,
    }  # fmt: skip
    return Sftp(guard_for(None), "127.0.0.1", **{**values, **changes})


def by_password(server: FileServer, **changes: Any) -> Sftp:
    values = {"port": server.port, "user_name": server.user, "host_key": server.host_key, "password": PASSWORD}
    return Sftp(guard_for(None), "127.0.0.1", **{**values, **changes})


def over_ftp(server: FileServer, **changes: Any) -> Ftp:
    values = {"port": server.port, "user_name": server.user, "password": PASSWORD, "tls": False}
    return Ftp(guard_for(None), changes.pop("host", "127.0.0.1"), **{**values, **changes})


def over_ftps(server: FileServer, authority: Path, **changes: Any) -> Ftp:
    return over_ftp(server, **{"host": "localhost", "tls": True, "ca": (authority / "ca.pem").read_text(), **changes})


@pytest.fixture(
    params=[
        pytest.param("openssh", marks=pytest.mark.openssh),
        pytest.param("sftp", marks=pytest.mark.proftpd),
        pytest.param("ftp", marks=pytest.mark.proftpd),
        pytest.param("ftps", marks=pytest.mark.proftpd),
        "folder",
    ]
)
def place(request: pytest.FixtureRequest, authority: Path, tmp_path: Path) -> tuple[FileDoor, Path]:
    """Every kind of door, with the folder behind it."""
    if request.param == "folder":
        return Folder(str(tmp_path), "out/daily"), tmp_path / "out/daily"
    if request.param == "ftps":
        server = request.getfixturevalue("ftps_server")
        return over_ftps(server, authority), server.files
    fixture, made = {
        "openssh": ("ssh_server", by_key),
        "sftp": ("password_ssh_server", by_password),
        "ftp": ("ftp_server", over_ftp),
    }[request.param]
    server = request.getfixturevalue(fixture)
    return made(server), server.files


def tried(door: FileDoor) -> tuple[IntegrationError | None, list[Stage]]:
    passed: list[Passed] = []
    try:
        door.test(passed)
    except IntegrationError as error:
        return error, [step.stage for step in passed]
    return None, [step.stage for step in passed]


def test_a_file_arrives_whole_and_under_its_name(place: tuple[FileDoor, Path], request: pytest.FixtureRequest):
    door, files = place
    name = f"whole-{request.node.callspec.id}.csv"
    assert "written and renamed" in door.put(name, CONTENT)
    assert (files / name).read_bytes() == CONTENT
    assert not (files / f"{name}.part").exists()


def test_a_file_that_is_there_already_counts_as_delivered(place: tuple[FileDoor, Path], request: pytest.FixtureRequest):
    """As after a crash between the renaming and our own row."""
    door, files = place
    name = f"again-{request.node.callspec.id}.csv"
    door.put(name, CONTENT)
    before = (files / name).stat().st_mtime_ns
    assert "there already" in door.put(name, CONTENT)
    assert (files / name).stat().st_mtime_ns == before


def test_another_file_of_that_name_is_left_alone(place: tuple[FileDoor, Path], request: pytest.FixtureRequest):
    door, files = place
    name = f"taken-{request.node.callspec.id}.csv"
    door.put(name, b"somebody else's")
    with pytest.raises(Rejected) as refused:
        door.put(name, CONTENT)
    assert (refused.value.stage, refused.value.cause) == (Stage.RENAME, Cause.CONFLICT)
    assert (files / name).read_bytes() == b"somebody else's"


def test_half_a_file_of_an_earlier_attempt_is_written_over(
    place: tuple[FileDoor, Path], request: pytest.FixtureRequest
):
    door, files = place
    name = f"half-{request.node.callspec.id}.csv"
    door.put(f"{name}.part", CONTENT[:1000] + b"#" * 900_000)  # longer than the file that follows
    door.put(name, CONTENT)
    assert (files / name).read_bytes() == CONTENT
    assert not (files / f"{name}.part").exists()


def test_a_test_passes_every_stage_and_leaves_nothing_behind(place: tuple[FileDoor, Path]):
    door, files = place
    before = sorted(path.name for path in files.iterdir()) if files.exists() else []
    error, stages = tried(door)
    assert error is None and stages == list(door.stages)
    assert sorted(path.name for path in files.iterdir()) == before


# -- what fails is told by its stage


@pytest.mark.openssh
def test_a_host_key_that_nobody_accepted_stops_before_anything_is_said(ssh_server: FileServer):
    error, stages = tried(by_key(ssh_server, host_key=""))
    assert isinstance(error, HostKeyUnknown) and error.stage == Stage.HOST_KEY
    assert error.key == ssh_server.host_key
    assert stages == [Stage.NAME, Stage.TCP]
    shown = subprocess.run(
        ["ssh-keygen", "-lf", str(ssh_server.files.parent / "host_ed25519.pub")],
        check=True, capture_output=True, text=True,
    ).stdout.split()[1]  # fmt: skip
    assert fingerprint(error.key) == f"ssh-ed25519 {shown}" and shown in str(error)


@pytest.mark.openssh
def test_a_server_with_another_key_gets_no_password_and_no_file(tmp_path: Path, ssh_server: FileServer):
    with openssh(tmp_path / "impostor") as impostor:
        door = by_key(impostor, host_key=ssh_server.host_key)
        with pytest.raises(HostKeyUnknown, match="another key than the accepted one"):
            door.put("report.csv", CONTENT)
        assert list(impostor.files.iterdir()) == []
        assert impostor.log is not None and "Accepted" not in impostor.log.read_text()


@pytest.mark.openssh
def test_a_server_with_several_keys_shows_the_accepted_one(tmp_path: Path):
    with openssh(tmp_path / "several", kinds=("rsa", "ecdsa", "ed25519")) as server:
        for kind in ("rsa", "ecdsa", "ed25519"):
            accepted = " ".join((server.files.parent / f"host_{kind}.pub").read_text().split()[:2])
            assert tried(by_key(server, host_key=accepted))[0] is None, kind


@pytest.mark.openssh
def test_a_key_that_the_server_does_not_know_fails_at_the_log_in(ssh_server: FileServer, tmp_path: Path):
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "open", "-f", str(tmp_path / "other")], check=True)
    text = (tmp_path / "other").read_text()
    error, stages = tried(by_key(ssh_server, private_key=text, passphrase="open"))
    assert isinstance(error, AuthenticationFailed) and stages[-1] == Stage.HOST_KEY
    with pytest.raises(ValueError, match="passphrase"):
        private_key(text)
    with pytest.raises(ValueError, match="no private key"):
        private_key("ssh-rsa AAAA")


@pytest.mark.openssh
def test_a_folder_that_is_not_there_is_told(ssh_server: FileServer):
    error, stages = tried(by_key(ssh_server, folder="/no/such/folder"))
    assert error is not None and (error.stage, error.cause) == (Stage.FOLDER, Cause.NOT_FOUND)
    assert stages[-1] == Stage.AUTHENTICATION


@pytest.mark.proftpd
def test_a_wrong_password_fails_at_the_log_in(
    ftp_server: FileServer, ftps_server: FileServer, password_ssh_server: FileServer, authority: Path
):
    for door in (
        over_ftp(ftp_server, password="wrong-canary"),
        over_ftps(ftps_server, authority, password="wrong-canary"),
        by_password(password_ssh_server, password="wrong-canary"),
    ):
        error, _stages = tried(door)
        assert isinstance(error, AuthenticationFailed) and error.stage == Stage.AUTHENTICATION
        assert "wrong-canary" not in f"{error} {error.vendor_message} {door!r}"


@pytest.mark.proftpd
def test_ftps_refuses_a_certificate_that_it_cannot_verify(ftps_server: FileServer, authority: Path):
    for changes in ({"ca": ""}, {"host": "127.0.0.1"}):
        error, stages = tried(over_ftps(ftps_server, authority, **changes))
        assert error is not None and (error.stage, error.cause) == (Stage.TLS, Cause.TLS_FAILED)
        assert stages == [Stage.NAME, Stage.TCP]


@pytest.mark.proftpd
def test_a_server_without_tls_gets_no_password(ftp_server: FileServer, authority: Path):
    error, _stages = tried(over_ftps(ftp_server, authority))
    assert error is not None and error.stage == Stage.TLS
    assert "does not offer TLS" in str(error)


@pytest.mark.proftpd
def test_an_ftp_folder_that_is_missing_is_told_and_a_good_one_is_entered(ftp_server: FileServer):
    error, _stages = tried(over_ftp(ftp_server, folder="missing"))
    assert error is not None and (error.stage, error.cause) == (Stage.FOLDER, Cause.NOT_FOUND)
    (ftp_server.files / "daily").mkdir()
    (ftp_server.files / "daily").chmod(0o777)
    over_ftp(ftp_server, folder="daily").put("in-folder.csv", CONTENT)
    assert (ftp_server.files / "daily/in-folder.csv").read_bytes() == CONTENT


@pytest.mark.proftpd
def test_a_folder_without_the_right_to_write_fails_at_writing(ftp_server: FileServer, password_ssh_server: FileServer):
    for server, made in ((ftp_server, over_ftp), (password_ssh_server, by_password)):
        (server.files / "closed").mkdir()
        (server.files / "closed").chmod(0o555)
        error, stages = tried(made(server, folder="closed"))
        assert error is not None and (error.stage, error.cause) == (Stage.WRITE, Cause.NO_PERMISSION)
        assert stages[-1] == Stage.FOLDER


@pytest.mark.parametrize("made", [Sftp, Ftp])
def test_names_ports_and_private_networks_are_told_apart(made: Any, settings: Any):
    assert refused(made(guard_for(None), "no-such-host.invalid")) == (Stage.NAME, Cause.WRONG_HOST)
    assert refused(made(guard_for(None), "127.0.0.1", free_port())) == (Stage.TCP, Cause.UNREACHABLE)
    settings.INTEGRATIONS_ALLOWED_NETWORKS = []
    assert refused(made(guard_for(None), "127.0.0.1", 22)) == (Stage.NAME, Cause.BLOCKED_ADDRESS)


def refused(door: FileDoor) -> tuple[Stage, Cause]:
    with pytest.raises(Unavailable) as failure:
        door.put("report.csv", CONTENT)
    return failure.value.stage, failure.value.cause


@pytest.mark.django_db
def test_nobody_is_connected_to_inside_of_a_transaction():
    with pytest.raises(RuntimeError, match="inside a database transaction"):
        Sftp(guard_for(None), "127.0.0.1").put("report.csv", CONTENT)


# -- folders of this server


def test_a_folder_cannot_lead_out_of_the_allowed_root(tmp_path: Path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    for folder in ("../elsewhere", "a/../../elsewhere", "link/elsewhere"):
        error, _stages = tried(Folder(str(root), folder))
        assert error is not None and (error.stage, error.cause) == (Stage.FOLDER, Cause.NO_PERMISSION), folder
    assert not (tmp_path / "elsewhere").exists()
    assert tried(Folder(str(root), "/inside"))[0] is None


def test_without_an_allowed_root_there_are_no_folders():
    error, _stages = tried(Folder("", "reports"))
    assert isinstance(error, Rejected) and "REPORTS_ROOT" in str(error)
