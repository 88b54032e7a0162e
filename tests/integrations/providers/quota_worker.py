"""A process that asks a bot, started by tests: `quota_worker.py prepare LIMIT`, `ask THREADS TIMES`, or `count`.

`ask` waits for a line on standard input and prints how many were answered and refused, and what failed, as JSON."""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")


def main() -> None:
    import django

    django.setup()
    mode, *numbers = sys.argv[1:]
    print(json.dumps({"prepare": prepare, "ask": ask, "count": count}[mode](*map(int, numbers))), flush=True)


def prepare(limit: int) -> dict[str, Any]:
    from integrations.fields import Sealed
    from integrations.models import IntegrationAccount

    properties = {"workspace_id": "demo-workspace", "username": "demo-watson", "max_api_calls_per_day": limit}
    secrets = Sealed.of({"password": "demo-watson-password"})
    IntegrationAccount.objects.create(
        provider="bot_watson", name="Quota", simulated=True, properties=properties, secrets=secrets
    )
    return {}


def ask(threads: int, times: int) -> dict[str, Any]:
    print("ready", flush=True)
    sys.stdin.readline()
    return ask_together(threads, times)


def ask_together(threads: int, times: int) -> dict[str, Any]:
    """Every thread asks the account called Quota so often, all at once."""
    from django.db import connection

    from integrations.capabilities import BotContext
    from integrations.errors import RateLimited
    from integrations.models import IntegrationAccount

    outcomes: list[str] = []

    def work() -> None:
        bot = IntegrationAccount.objects.get(name="Quota").connect()
        for _ in range(times):
            try:
                bot.suggest("Hello", BotContext("chat"))
                outcomes.append("answered")
            except RateLimited:
                outcomes.append("refused")
            except Exception as error:
                outcomes.append(f"{type(error).__name__}: {error}")
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    failures = [outcome for outcome in outcomes if outcome not in ("answered", "refused")]
    return {"answered": outcomes.count("answered"), "refused": outcomes.count("refused"), "failures": failures}


def count() -> dict[str, Any]:
    from integrations.models import DailyCount

    return {"rows": [row.calls for row in DailyCount.objects.filter(account__name="Quota")]}


if __name__ == "__main__":
    main()
