"""A workforce snapshot of 10,000 agents: built from the database, serialised and pushed to a local receiver, beside
`json.dumps` of the same data."""

import json
import os
import subprocess
import sys
import urllib.request
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.report import median, ms, ratio, table  # noqa: E402
from contactcenter.celery import keep_collector_off_the_code  # noqa: E402
from contactcenter.models import Agent, Service, Team  # noqa: E402
from contactcenter.snapshots import snapshot  # noqa: E402
from integrations.capabilities import FeedContext  # noqa: E402
from integrations.models import ApiCall, IntegrationAccount  # noqa: E402
from tests.servers import answers, free_port, stop, wait_for  # noqa: E402

AGENTS = int(os.environ.get("BENCH_AGENTS", "10000"))


# A process of its own, as a receiver is: reads a body, says yes, and hands out the last one.
RECEIVER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    last = b"{}"

    def do_POST(self):
        Receiver.last = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(Receiver.last)))
        self.end_headers()
        self.wfile.write(Receiver.last)

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
"""


def main() -> int:
    fill()
    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", RECEIVER, str(port)])
    wait_for("the start of the receiver", lambda: answers(port))
    account = IntegrationAccount(
        name="Bench WFM",
        provider="wfm_http",
        properties={"url": f"http://127.0.0.1:{port}/feed", "periodic_update_interval": 10},
    )
    account.save()
    provider, context = account.connect(), FeedContext(sequence=1, interval=10)
    keep_collector_off_the_code()  # as a worker does when it is ready
    picture = snapshot()
    push = median(lambda: provider.push(picture, context))
    build = median(snapshot)
    whole = median(lambda: provider.push(snapshot(), context))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        body = answer.read()
    data = json.loads(body)
    bare = median(lambda: json.dumps(data))
    stop(server)
    rows = [
        ["build", ms(build), ratio(build, bare)],
        ["serialise and push", ms(push), ratio(push, bare)],
        ["all three", ms(whole), ratio(whole, bare)],
        ["json.dumps of the same data", ms(bare), "1.00x"],
    ]
    title = f"(b) WFM snapshot of {len(data['agents'])} agents, {len(body) / 1e6:.1f} MB (aim: within 4x)"
    print(table(title, ["step", "median", "ratio"], rows))
    return 0 if ApiCall.objects.exists() else 1


def fill() -> None:
    team = Team.objects.create(name="Bench")
    services = [Service.objects.create(name=f"Service {n}", code=f"s{n}") for n in range(10)]
    users = get_user_model().objects.bulk_create(
        get_user_model()(username=f"agent{n:05}", first_name="Agent", last_name=f"Number {n}") for n in range(AGENTS)
    )
    since = timezone.now() - timedelta(minutes=3)
    agents = Agent.objects.bulk_create(
        Agent(user=user, extension=str(10_000 + n), team=team, state=("READY", "BUSY", "ACW")[n % 3], state_since=since)
        for n, user in enumerate(users)
    )
    through = Agent.services.through
    through.objects.bulk_create(through(agent_id=a.pk, service_id=services[n % 10].pk) for n, a in enumerate(agents))


if __name__ == "__main__":
    sys.exit(main())
