"""OpenStack Swift, a production object store with an S3 door, as four processes on free ports in a temporary folder.

It checks signatures in headers and in links, expiry, clocks and regions, so it shows whether our requests are right,
and not only whether they agree with a simulator of ours."""

import os
import pwd
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.servers import free_port

BIN = Path(sys.executable).parent
ACCESS_KEY, SECRET_KEY, REGION = "test:tester", "demo-swift-secret", "us-east-1"
READY_SECONDS = 60.0
KINDS = ("account", "container", "object")
FILTERS = "catch_errors gatekeeper healthcheck bulk tempurl s3api tempauth copy slo dlo versioned_writes symlink"

SERVER = """[DEFAULT]
devices = {folder}/srv
mount_check = false
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}/etc
log_name = {kind}
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
recon_cache_path = {folder}/cache
"""
PROXY = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}/etc
[pipeline:main]
pipeline = {filters} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
"""
OPTIONS = {
    "s3api": "location = us-east-1\nallow_multipart_uploads = true\ns3_acl = false\n",
    "tempauth": f"user_test_tester = {SECRET_KEY} .admin\n",
    "versioned_writes": "allow_object_versioning = true\n",
}
COMMON = """[swift-hash]
swift_hash_path_suffix = x
swift_hash_path_prefix = x
[storage-policy:0]
name = Policy-0
default = yes
"""


@dataclass(frozen=True)
class Swift:
    """A running Swift: its S3 address and the one key it knows."""

    url: str
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY


@contextmanager
def swift_running(folder: Path) -> Iterator[Swift]:
    """Ready when it leaves the start of the `with` block, gone at its end. Needs a file system with user attributes."""
    need_attributes(folder)
    ports = {kind: free_port() for kind in KINDS}
    proxy = free_port()
    configure(folder, ports, proxy)
    processes = [start(folder, kind) for kind in (*KINDS, "proxy")]
    try:
        wait_until_ready(f"http://127.0.0.1:{proxy}/healthcheck", processes, folder)
        yield Swift(f"http://127.0.0.1:{proxy}")
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(10)


def need_attributes(folder: Path) -> None:
    try:
        os.setxattr(folder, "user.swift", b"1")
    except OSError as error:
        raise RuntimeError(f"Swift needs user attributes on files, which {folder} does not take: {error}") from None


def configure(folder: Path, ports: dict[str, int], proxy: int) -> None:
    for name in ("etc", "cache", "srv/sdb1"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    etc, user = folder / "etc", pwd.getpwuid(os.geteuid()).pw_name
    (etc / "swift.conf").write_text(COMMON)
    for kind, port in ports.items():
        text = SERVER.format(folder=folder, port=port, user=user, kind=kind)
        (etc / f"{kind}-server.conf").write_text(text)
        make_ring(etc, kind, port)
    filters = "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n{OPTIONS.get(name, '')}" for name in FILTERS.split())
    text = PROXY.format(folder=folder, port=proxy, user=user, filters=FILTERS)
    (etc / "proxy-server.conf").write_text(text + filters)


def make_ring(etc: Path, kind: str, port: int) -> None:
    builder = str(etc / f"{kind}.builder")
    for words in (["create", "4", "1", "1"], ["add", f"r1z1-127.0.0.1:{port}/sdb1", "1"], ["rebalance"]):
        subprocess.run([BIN / "swift-ring-builder", builder, *words], check=True, stdout=subprocess.DEVNULL)


def start(folder: Path, kind: str) -> "subprocess.Popen[bytes]":
    log = (folder / f"{kind}.log").open("wb")
    command = [str(BIN / f"swift-{kind}-server"), str(folder / "etc" / f"{kind}-server.conf"), "-v"]
    return subprocess.Popen(command, stdout=log, stderr=log)


def wait_until_ready(url: str, processes: "list[subprocess.Popen[bytes]]", folder: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        ended = [process.args for process in processes if process.poll() is not None]
        if ended:
            logs = {path.name: path.read_text()[-2000:] for path in folder.glob("*.log")}
            raise RuntimeError(f"Swift did not start: {ended} {logs}")
        try:
            if requests.get(url, timeout=1).text == "OK":
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise TimeoutError(f"Swift was not ready within {READY_SECONDS:g} s")
