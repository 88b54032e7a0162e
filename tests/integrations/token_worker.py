"""A process that needs tokens, started by tests: `token_worker.py at MOMENT THREADS` or `token_worker.py for ENDS`.

Prints one JSON object: the tokens that were seen (as hashes) and what failed."""

import hashlib
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")


LONGEST = 150.0  # seconds, on a machine that has other things to do


def main() -> None:
    import django

    django.setup()
    from tests.integrations import throwaway

    throwaway.install()
    mode, amount, *rest = sys.argv[1:]
    print("ready", flush=True)
    found = at_the_moment(int(rest[0])) if mode == "at" else for_a_while(int(amount))
    print(json.dumps(found), flush=True)


def at_the_moment(threads: int) -> dict[str, Any]:
    """All threads ask when the line with the moment arrives on standard input."""
    moment = float(sys.stdin.readline())
    return ask_together(threads, moment)


def ask_together(threads: int, moment: float) -> dict[str, Any]:
    from django.db import connection

    from integrations.models import IntegrationAccount
    from integrations.oauth import access

    seen: set[str] = set()
    failures: list[str] = []

    def ask() -> None:
        try:
            provider = IntegrationAccount.objects.get(provider="rotating").connect()
            time.sleep(max(moment - time.time(), 0))
            seen.add(hashlib.sha256(access.bearer(provider).encode()).hexdigest())
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    workers = [threading.Thread(target=ask) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {"seen": sorted(seen), "failures": failures}


def for_a_while(ends: int) -> dict[str, Any]:
    """What a worker does all day: renew what is due, and call the vendor, until the token has ended so often."""
    from integrations.errors import IntegrationError
    from integrations.models import IntegrationAccount, OAuthToken
    from integrations.oauth import access

    renewed, calls, failures = 0, 0, []
    deadline = time.monotonic() + LONGEST
    while OAuthToken.objects.get().generation <= ends and time.monotonic() < deadline:
        renewed += access.refresh_due()
        try:
            IntegrationAccount.objects.get(provider="rotating").connect().http.get("/me")
            calls += 1
        except IntegrationError as error:
            failures.append(f"{error.cause}: {error}")
        time.sleep(0.02)
    return {"renewed": renewed, "calls": calls, "failures": failures}


if __name__ == "__main__":
    main()
