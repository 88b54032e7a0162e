"""Real servers that take files, each on a free port in a temporary folder: OpenSSH, and ProFTPD for FTP and FTPS.

ProFTPD keeps its users in a file of its own, so no user of the machine is needed. `make test` installs both."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import answers, find_program, free_port, stop, wait_for

PASSWORD = "correct-horse-battery"


@dataclass(frozen=True, slots=True)
class FileServer:
    port: int
    user: str
    # Where the server keeps the files that are delivered.
    files: Path
    # SFTP: the private key of the user, and the server's own key as "type base64".
    key: str = ""
    host_key: str = ""
    log: Path | None = None


def keygen(path: Path, kind: str) -> None:
    command = [find_program("ssh-keygen"), "-q", "-t", kind, "-N", "", "-f", str(path)]
    subprocess.run(command, check=True)


@contextmanager
def openssh(folder: Path, *, port: int = 0, kinds: tuple[str, ...] = ("ed25519",)) -> Iterator[FileServer]:
    """sshd with SFTP only, for the user who runs the tests, by key."""
    folder.mkdir(parents=True, exist_ok=True)
    port, files = port or free_port(), folder / "files"
    files.mkdir(exist_ok=True)
    host_keys = [folder / f"host_{kind}" for kind in kinds]
    for kind, path in zip(kinds, host_keys, strict=True):
        if not path.exists():
            keygen(path, kind)
    if not (folder / "user").exists():
        keygen(folder / "user", "ed25519")
        shutil.copy(folder / "user.pub", folder / "authorized_keys")
    config = folder / "sshd_config"
    config.write_text(
        "\n".join(
            [
                f"Port {port}",
                "ListenAddress 127.0.0.1",
                *(f"HostKey {path}" for path in host_keys),
                f"PidFile {folder}/sshd.pid",
                f"AuthorizedKeysFile {folder}/authorized_keys",
                "StrictModes no",
                "UsePAM no",
                "PasswordAuthentication no",
                "PermitRootLogin prohibit-password",
                "Subsystem sftp internal-sftp",
            ]
        )
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    log = folder / "sshd.log"
    process = subprocess.Popen([find_program("sshd"), "-D", "-e", "-f", str(config)], stderr=log.open("ab"))
    try:
        wait_for("the start of sshd", lambda: answers(port))
        kind, data = (folder / f"host_{kinds[0]}.pub").read_text().split()[:2]
        user = pwd.getpwuid(os.geteuid()).pw_name
        yield FileServer(port, user, files, (folder / "user").read_text(), f"{kind} {data}", log)
    finally:
        stop(process)


@contextmanager
def proftpd(*, certificate: Path | None = None, sftp: bool = False) -> Iterator[FileServer]:
    """ProFTPD with one user. `certificate`: PEM with key and chain, then only TLS is let in, and the data connection
    must go on with the control connection's session. `sftp`: speaks SFTP instead, with passwords."""
    folder = Path(tempfile.mkdtemp(prefix="contactcenter-proftpd-"))
    folder.chmod(0o755)
    port, files = free_port(), folder / "files"
    files.mkdir()
    files.chmod(0o777)
    users = folder / "users"
    uid, gid = (65534, 65534) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    hashed = subprocess.run(
        [find_program("openssl"), "passwd", "-6", PASSWORD],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    users.write_text(f"reports:{hashed}:{uid}:{gid}:Reports:{files}:/bin/false\n")
    users.chmod(0o600)
    lines = [
        "ModulePath /usr/lib/proftpd", "ServerName test", "ServerType standalone", f"Port {port}",
        "DefaultAddress 127.0.0.1", "UseIPv6 off", "RequireValidShell off", "AuthOrder mod_auth_file.c",
        f"AuthUserFile {users}", f"PidFile {folder}/pid", f"ScoreboardFile {folder}/scoreboard",
        f"DelayTable {folder}/delay", f"SystemLog {folder}/log", "WtmpLog off", "AllowOverwrite on",
        "UseReverseDNS off", "AllowStoreRestart on", "DefaultRoot ~" if os.geteuid() == 0 else "", "User nobody",
        "Group nogroup", f"TransferLog {folder}/xfer",
    ]  # fmt: skip
    if os.geteuid():
        lines = [line for line in lines if not line.startswith(("User ", "Group "))]
    host_key = ""
    if certificate is not None:
        lines += [
            "LoadModule mod_tls.c", "TLSEngine on", f"TLSLog {folder}/tls.log", "TLSRequired on",
            f"TLSRSACertificateFile {certificate}", f"TLSRSACertificateKeyFile {certificate}", "TLSVerifyClient off",
            "TLSProtocol TLSv1.2 TLSv1.3",
        ]  # fmt: skip
    if sftp:
        keygen(folder / "host", "ecdsa")
        subprocess.run(
            [find_program("ssh-keygen"), "-q", "-p", "-m", "PEM", "-N", "", "-f", str(folder / "host")], check=True
        )
        host_key = " ".join((folder / "host.pub").read_text().split()[:2])
        lines += ["LoadModule mod_sftp.c", "SFTPEngine on", f"SFTPLog {folder}/sftp.log", f"SFTPHostKey {folder}/host"]
    config = folder / "proftpd.conf"
    config.write_text("\n".join(lines) + "\n")
    output = (folder / "output").open("ab")
    process = subprocess.Popen([find_program("proftpd"), "-n", "-c", str(config)], stdout=output, stderr=output)
    try:
        wait_for("the start of ProFTPD", lambda: answers(port))
        yield FileServer(port, "reports", files, host_key=host_key, log=folder / "output")
    finally:
        stop(process)
        output.close()
        shutil.rmtree(folder, ignore_errors=True)
