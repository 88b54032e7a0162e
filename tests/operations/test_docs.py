"""What operators read must be what the software does."""

import re
from pathlib import Path

from contactcenter.operations import figures, views

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "operations.md").read_text()


def test_every_environment_variable_is_explained():
    settings = (ROOT / "contactcenter" / "settings.py").read_text()
    names = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', settings))
    assert len(names) > 12
    assert [name for name in sorted(names) if f"`{name}`" not in PAGE] == []


def test_every_figure_is_explained(db):
    lines = figures.metric_lines()
    names = {line.split()[2] for line in lines if line.startswith("# HELP")}
    unexplained = [name for name in sorted(names) if name not in PAGE]
    assert unexplained in ([], ["contactcenter_agents"]), "what nobody has to watch is left out"


def test_every_command_that_the_page_names_exists():
    for name in set(re.findall(r"manage\.py (\w+)", PAGE)) - {"migrate", "createsuperuser", "check", "collectstatic"}:
        found = [*ROOT.glob(f"*/management/commands/{name}.py")]
        assert found, name


def test_the_page_tells_the_age_at_which_readiness_ends():
    assert f"above {int(views.OLDEST_TURN.total_seconds())} for" in PAGE


def test_every_link_within_the_page_leads_somewhere():
    headings = [line.lstrip("# ").lower() for line in PAGE.splitlines() if line.startswith("#")]
    anchors = {re.sub(r"[^a-z -]", "", heading).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= anchors
