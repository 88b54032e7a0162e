"""All processes together, on each combination of stores."""

import json

from tests.stack import Stack


def test_a_reported_call_reaches_the_crm_and_the_feeds_run(stack: Stack):
    answer = stack.api("offered", "call-1")
    assert answer["call_id"] == "call-1"

    stack.wait("an interaction record", lambda: [row["state"] for row in stack.rows("interaction")] == ["new"])
    stack.wait("a picture at the WFM receiver", lambda: stack.sim("/wfm_http/_board")["received"] >= 1)
    stack.wait("a session at the recorder", lambda: bool(stack.sim("/nice/_board")["session"]))
    stack.wait("a keep-alive at the recorder", lambda: stack.sim("/nice/_board")["keepalives"] >= 1)
    assert stack.sim("/wfm_http/_board")["errors"] == []
    assert stack.sim("/nice/_board")["problems"] == []


def test_each_process_comes_back_after_kill_9_and_work_goes_on(embedded: Stack):
    for name in ("worker", "feeds", "web", "simulators"):
        embedded.kill(name)
        assert not embedded.alive(name)
        embedded.start(name)
    embedded.sim("/wfm_http/_reset", method="POST")

    embedded.api("offered", "after-the-kills")

    embedded.wait("an interaction record", lambda: len(embedded.rows("interaction")) == 1)
    embedded.wait("a picture at the WFM receiver", lambda: embedded.sim("/wfm_http/_board")["received"] >= 1)


def test_readiness_names_the_processes_that_are_gone(embedded: Stack):
    embedded.kill("worker")
    embedded.kill("feeds")

    def reasons() -> str:
        return " ".join(json.loads(embedded.get("/readyz")[1])["reasons"])

    embedded.wait("the reasons", lambda: "scheduler" in reasons() and "feeds process" in reasons(), 25)
    assert embedded.get("/healthz")[0] == 200

    embedded.start("worker", "feeds")
    assert embedded.get("/readyz")[0] == 200


def test_calls_are_kept_while_no_worker_runs_and_handled_when_one_comes_back(on_servers: Stack):
    on_servers.kill("worker")
    on_servers.api("offered", "patient-call")
    assert on_servers.rows("interaction") == []

    on_servers.start("worker")

    on_servers.wait("an interaction record", lambda: len(on_servers.rows("interaction")) == 1, 30)


def test_all_processes_stop_when_asked(embedded: Stack):
    embedded.stop()

    assert not any(embedded.alive(name) for name in embedded.children)
    assert "Traceback" not in embedded.logs()
