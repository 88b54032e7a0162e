"""A day of 500 agents against every receiver of feeds: after cuts, half-open and silent connections, receivers that do
not read or are restarted, and a clock that jumps, everybody is seen as they are and nobody has any objection."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from time_machine import travel

from integrations.providers.tcp_receiver import TcpReceiver
from tests.simulated import Simulators

from .day import Day, Fault, table

SIZE, TICKS = 500, 24
SET_BACK = timedelta(hours=3)
CLOCK = [Fault(18, "clock", options={"by": -SET_BACK}), Fault(20, "clock", options={"by": SET_BACK})]
CUT = Fault(2, "reset", options={"times": 1})
BROKEN = Fault(5, "server_error", lasts=3, options={"times": 2})
HALF_OPEN = Fault(8, "half_close", options={"times": 1})
NO_ANSWER = Fault(8, "hang", options={"times": 1})
SILENT = Fault(11, "silent", lasts=3, options={"times": 1})
DEAF = Fault(15, "deaf", lasts=1, options={"seconds": 0.2})
RESTART = Fault(17, "restart")
OVER_HTTP = [CUT, BROKEN, NO_ANSWER, SILENT, RESTART, *CLOCK]
OVER_TCP = [CUT, BROKEN, HALF_OPEN, SILENT, DEAF, RESTART, *CLOCK]
EACH_TIME = [CUT, BROKEN, HALF_OPEN, SILENT, RESTART, *CLOCK]
# These remember over their own restart, as a database does; without it they know nobody until the next snapshot.
KEEPS_ITS_STATE = [CUT, BROKEN, SILENT, Fault(17, "server_error", options={"times": 2}), *CLOCK]
RECORDER = [CUT, BROKEN, Fault(14, "server_error", options={"times": 2}), *CLOCK]
# It keeps what it knew, and answers each request: cut, half-open, and answers in many packets.
TALKED_TO = [CUT, BROKEN, HALF_OPEN, Fault(11, "split", options={"seconds": 0.2}),
             Fault(14, "server_error", options={"times": 2}), *CLOCK]  # fmt: skip
LOG_INS = {
    "commands": [
        {"event": "agent.login", "command": "AGENTLOGIN"},
        {"event": "agent.logout", "command": "AGENTLOGOUT"},
    ],
    "agent_id_prefix": "BP-",
    "extension_prefix": "9-",
}
EACH_SECOND = {"periodic_update_interval": 1}
KEY = {"auth_key": "demo-calabrio-key"}
RECEIVERS: list[tuple[str, str, list[Fault], dict[str, Any], dict[str, str], dict[str, Any]]] = [
    ("WFM (HTTP POST)", "wfm_http", OVER_HTTP, EACH_SECOND, {}, {}),
    ("WFM (TCP, Aspect)", "wfm_aspect", OVER_TCP, EACH_SECOND, {}, {}),
    ("Calabrio (REST)", "wfm_calabrio", KEEPS_ITS_STATE, EACH_SECOND, KEY, {}),
    ("Calabrio (REST, older)", "wfm_calabrio", KEEPS_ITS_STATE, {**EACH_SECOND, "interface": "rest_snapshot_id"}, KEY,
     {"rest": "snapshot_id"}),
    ("Calabrio (SOAP, oldest)", "wfm_calabrio", KEEPS_ITS_STATE, {**EACH_SECOND, "interface": "soap"}, KEY,
     {"soap": "old"}),
    ("WFM (TCP, Verint)", "wfm_verint", OVER_TCP, EACH_SECOND, {}, {}),
    ("Loxysoft", "loxysoft", OVER_HTTP, EACH_SECOND, {"token": "demo-loxysoft-token"}, {}),
    ("Statistics", "statistics", EACH_TIME, EACH_SECOND, {}, {}),
    ("NICE", "nice", RECORDER, {"username": "demo-nice", "keep_alive_update_interval": 60, "agent_id_prefix": "BP-"},
     {"password": "demo-nice-password"}, {"agent_prefix": "BP-"}),
    ("NICE Uptivity", "nice_uptivity", TALKED_TO, LOG_INS, {}, {"agent_prefix": "BP-", "extension_prefix": "9-"}),
]  # fmt: skip


def test_everybody_is_seen_as_they_are_at_the_end_of_a_day_with_faults(
    simulated: Simulators, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TcpReceiver, "user_timeout", 0.3)  # an interval of this day passes in a fraction of a second
    verdicts = []
    with travel(datetime(2026, 3, 2, tzinfo=UTC)) as clock:
        day = Day(simulated, clock, size=SIZE, ticks=TICKS)
        for name, key, faults, properties, secrets, settings in RECEIVERS:
            verdicts.append(day.play(key, faults, name=name, properties=properties, secrets=secrets, settings=settings))
    with capsys.disabled():
        print(f"\n{SIZE} agents, {TICKS} intervals\n{table(verdicts)}")
    assert [(v.receiver, v.complaints[:3]) for v in verdicts if v.complaints] == []
    assert [(v.receiver, v.differences[:3]) for v in verdicts if v.differences] == []
    assert [(v.receiver, v.wrong_in_calm) for v in verdicts if v.wrong_in_calm] == []
    assert all(v.failed for v in verdicts)  # the faults have happened
    untried = [v.receiver for v in verdicts if v.pushes + v.failed + v.skipped < TICKS]
    assert untried == []
