"""The page of verdicts covers every provider and names nothing that is not tried."""

import pytest

from integrations.providers import registry
from tests.integrations import verdicts
from tests.integrations.cases import CASES

WHO = ("you", "the vendor's administrator", "the vendor", "your network")


@pytest.mark.parametrize("key", list(registry()))
def test_every_provider_is_on_the_page(key: str) -> None:
    cases = [name for name, case in CASES.items() if case.provider == key]
    rows = [row for row in verdicts.load() if row.case in cases]
    tried = [verdicts.key_of(name, fault, path) for name in cases for fault, path in CASES[name].faults()]
    assert set(tried) <= set(rows), "write the page anew: see tests/integrations/verdicts.py"


def test_the_page_names_only_what_is_tried() -> None:
    tried = {verdicts.key_of(name, fault, path) for name, case in CASES.items() for fault, path in case.faults()}
    extra = {verdicts.key_of(name, "certificate", "") for name in CASES}
    assert set(verdicts.load()) <= tried | extra


def test_every_row_says_who_acts() -> None:
    for key, line in verdicts.load().items():
        stage, cause, who, step = line.split(" | ", 3)
        assert stage and cause.startswith("`") and who in WHO and len(step) > 10, key
