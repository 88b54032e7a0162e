import json, time
import pytest
from contactcenter.scenarios.dry_run import Call, rehearse
from contactcenter.scenarios.dry_run.answers import Answers
from tests.contactcenter import flow
from tests.factories import AccountFactory, AgentFactory

pytestmark = pytest.mark.django_db(transaction=True)

def test_smoke():
    AccountFactory(name="ServiceNow demo", is_default=True)
    AgentFactory(login="agent1")
    t=time.time()
    story = rehearse(flow.library(), Call(agent="agent1"), Answers(recorded=None))
    print(time.time()-t)
    t=time.time()
    story = rehearse(flow.library(), Call(agent="agent1"), Answers(recorded=None))
    print(time.time()-t)
    for c in story["cards"]:
        print(c["type"], c.get("title") or c["kind"] if c["type"]!="afterwards" else "", c.get("exit_label"), c.get("error"), [ (r["method"], r["url"], r["status"], r["error"]) for r in c.get("requests",[])], [(w["operation"],w["status"]) for w in c.get("writes",[])], c.get("rang"), c.get("pops"), c.get("rows"), c.get("held"))
    print(json.dumps(story)[:300], len(json.dumps(story)))
    print(story["status"], story["error"])
    from contactcenter.scenarios.dry_run import saved
    from contactcenter.models import Scenario
    s=Scenario.objects.create(name="x",definition=flow.library())
    t=saved.save(s,"whole call",story,["exits","requests","writes","pops","variables"],recorded=True)
    r=saved.run_and_note(t)
    print(r.differences)
    y=saved.to_yaml(t)
    open("/tmp/a.scenario.yaml","w").write(y)
    print(len(y))
    assert 0
