"""The rules of the house that can be read off the source: which room may import which, and who opens connections."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("integrations", "contactcenter", "agentdesktop")
# Modules that may open connections: the HTTP client with its address guard, the guarded TCP connector. `websocket`
# speaks its protocol on a socket that the connector has opened.
MAY_CONNECT = {
    "integrations/http.py",
    "integrations/addresses.py",
    # Libraries that speak SFTP and FTP, on sockets that the connector has opened.
    "integrations/file_transfer/ftp.py",
    "integrations/file_transfer/sftp.py",
    "integrations/tcp.py",
    "integrations/transport.py",
    "integrations/websocket.py",
}
CALLS = re.compile(r"requests\.(get|post|put|patch|delete|request|Session|session)\(")
CONNECTING = {
    "requests",
    "urllib3",
    "httpx",
    "aiohttp",
    "socket",
    "http.client",
    "smtplib",
    "ftplib",
    "paramiko",
    "websockets",
}


def sources(*folders: str) -> list[Path]:
    return sorted(p for folder in folders for p in (ROOT / folder).rglob("*.py") if "migrations" not in p.parts)


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Imported module names, absolute, with whether the import only serves type checking."""
    package = path.relative_to(ROOT).with_suffix("").parts
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in typing_only
        elif isinstance(node, ast.ImportFrom):
            depth = node.level - (1 if path.name == "__init__.py" else 0) if node.level else 0
            base = package[: len(package) - (1 if path.name == "__init__.py" else 0) - depth] if node.level else ()
            module = ".".join([*base, node.module or ""]).strip(".")
            yield module, id(node) in typing_only
            for alias in node.names:
                yield f"{module}.{alias.name}".strip("."), id(node) in typing_only


def violations(folder: str, forbidden: tuple[str, ...]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(folder)
        for name, _ in imports(path)
        if name.split(".")[0] in forbidden or any(name.startswith(f"{f}.") for f in forbidden if "." in f)
    ]


@pytest.mark.parametrize(
    ("room", "forbidden"),
    [
        ("integrations", ("contactcenter", "agentdesktop")),
        ("contactcenter", ("agentdesktop",)),
        ("integrations/simulators", ("integrations.providers", "integrations.models", "django")),
        ("integrations/providers", ("integrations.simulators",)),
    ],
)
def test_imports_point_one_way(room: str, forbidden: tuple[str, ...]) -> None:
    # The project package holds the URLs of every app: that one module looks upwards by design.
    found = [v for v in violations(room, forbidden) if not v.startswith("contactcenter/urls.py")]
    assert found == []


def test_only_the_http_and_tcp_modules_open_connections() -> None:
    # Types in signatures of providers, and the exceptions of the mail server that Django speaks to.
    allowed_types = {"requests", "smtplib"}
    found = []
    for path in sources("integrations", "contactcenter", "agentdesktop"):
        relative = str(path.relative_to(ROOT))
        if relative in MAY_CONNECT or "/simulators/" in relative:
            continue
        text = path.read_text()
        for name, typing_only in imports(path):
            root = name if name in CONNECTING else name.split(".")[0]
            if root not in CONNECTING or typing_only:
                continue
            if root in allowed_types and not re.search(
                r"requests\.(get|post|put|patch|delete|request|Session|session)\(|smtplib\.(SMTP|LMTP|SMTP_SSL)\(", text
            ):
                continue
            found.append(f"{relative} imports {name}")
    assert found == []


def test_nothing_in_the_code_is_left_for_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b|pragma: no cover|NotImplementedError")
    found = [str(p.relative_to(ROOT)) for p in sources(*ROOMS) if marks.search(p.read_text())]
    assert found == []


def test_the_table_of_types_in_the_readme_is_the_one_of_the_registry() -> None:
    from integrations.management.commands.catalogue import updated

    readme = (ROOT / "README.md").read_text()
    assert updated(readme) == readme, "run `manage.py catalogue --write`"


def test_every_provider_has_a_page_and_a_simulator() -> None:
    from integrations.providers import registry
    from integrations.simulators import SIMULATORS

    simulated = {simulator.key for simulator in SIMULATORS}
    for key, provider in registry().items():
        assert (ROOT / "docs" / "providers" / f"{key}.md").is_file(), key
        assert (key in simulated) == provider.remote, key
