"""The processes of the product, as the demo and the end-to-end tests start them: name -> command."""

import sys
from pathlib import Path

MANAGE = Path(__file__).resolve().parent.parent.parent / "manage.py"
# Threads: SQLite has one writer anyway, and tasks spend their time waiting for vendors.
WORKER_THREADS = 16


def commands(port: int, simulator_port: int, *, pool: str = "threads") -> dict[str, list[str]]:
    """Command lines with this interpreter, web on 127.0.0.1. `pool`: Celery's, "threads" or "prefork"."""
    python = sys.executable
    size = WORKER_THREADS if pool == "threads" else 4
    return {
        "simulators": [python, str(MANAGE), "simulators", "--port", str(simulator_port)],
        "web": [
            python, "-m", "uvicorn", "contactcenter.asgi:application",
            "--host", "127.0.0.1", "--port", str(port),
            "--lifespan", "off", "--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "2",
        ],
        "worker": [
            python, "-m", "celery", "-A", "contactcenter", "--quiet", "worker", "--beat",
            "--pool", pool, "--concurrency", str(size), "--loglevel", "warning",
            "--without-gossip", "--without-mingle", "--without-heartbeat",
        ],
        "feeds": [python, str(MANAGE), "run_feeds"],
    }  # fmt: skip
