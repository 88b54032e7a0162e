"""Numbers and choices that were stored before lines existed are found by their line afterwards."""

import importlib
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from contactcenter.callers import matching
from contactcenter.models import CallerChoice, ContactPhone
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db


def test_stored_numbers_get_their_line_and_choices_move_to_it() -> None:
    ContactFactory(first_name="Ana", phones=["+55 11 8765-4321"])
    ContactPhone.objects.update(line="")
    CallerChoice.objects.create(e164="+551187654321", source="contacts", kind="contact", record_id="1", name="Ana")
    CallerChoice.objects.create(e164="+14155550132", source="contacts", kind="contact", record_id="2", name="Don")
    migration: Any = importlib.import_module("contactcenter.migrations.0011_phone_lines_and_agent_mapping")
    migration.fill_lines(apps, connection.schema_editor())
    assert matching.match("+5511987654321")["status"] == "matched"
    assert set(CallerChoice.objects.values_list("e164", flat=True)) == {"+5511987654321", "+14155550132"}
