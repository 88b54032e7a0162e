"""Run the benchmarks named on the command line, or all of them, each in a process and on servers of its own."""

import argparse
import base64
import os
import secrets
import subprocess
import sys
import tempfile

from tests.servers import Servers

NAMES = (
    "stream", "feed", "lists", "webhooks", "callers", "list_import", "scenario", "requests_asked", "reports",
)  # fmt: skip

# With DEBUG Django keeps every query, formatted for reading: that costs more than many a query.
AS_IN_PRODUCTION = {
    "DEBUG": "0",
    "SECRET_KEY": secrets.token_hex(32),
    "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "PUBLIC_URL": "https://bench.example.com",
    "ALLOWED_HOSTS": "bench.example.com,127.0.0.1,localhost",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="which ones; all when left out")
    parser.add_argument("--statements", action="store_true", help="list what is asked of the database, and where")
    options = parser.parse_args()
    further = ["--statements"] if options.statements else []
    failed = [name for name in options.names or NAMES if run(name, further)]
    return 1 if failed else 0


def run(name: str, further: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Servers() as servers:
        environment = {
            **os.environ,
            "DATABASE_URL": servers.postgres_url(),
            "REDIS_URL": servers.redis_url(),
            "VAR_DIR": folder,
            "LOG_LEVEL": "WARNING",
            "INTEGRATIONS_ALLOWED_NETWORKS": "127.0.0.0/8",
            **AS_IN_PRODUCTION,
        }
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, env=environment)
        command = [sys.executable, "-m", f"benchmarks.{name}", *further]
        return subprocess.run(command, check=False, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
