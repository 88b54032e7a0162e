"""The screens of calling lists: a file from upload to report, permissions, statuses, decisions."""

import io
from typing import Any

import pytest
from django.urls import reverse

from contactcenter.lists import imports
from contactcenter.models import CallingList, ListExport, ListImport
from tests.factories import AccountFactory, CallingListFactory, DispositionFactory, ListRowFactory

PEOPLE = "Name,Phone,City\nAnn,415 555 0141,Rome\n=cmd(),nothing,Oslo\n"


@pytest.fixture
def plain(db: None) -> CallingList:
    made: CallingList = CallingListFactory(name="Renewals", region="US")
    return made


def at(name: str, *args: Any) -> str:
    return reverse(f"admin:contactcenter_callinglist_{name}", args=args)


def upload(console: Any, plain: CallingList, text: str = PEOPLE) -> Any:
    file = io.BytesIO(text.encode())
    file.name = "people.csv"
    return console.post(at("import_way", plain.pk, "file"), {"file": file}, follow=True)


def test_a_file_is_looked_at_mapped_imported_and_reported(console: Any, plain: CallingList) -> None:
    page = upload(console, plain).content.decode()
    assert "2 rows, read as UTF-8 with comma" in page and "415 555 0141" in page
    run = ListImport.objects.get()
    page = console.post(at("import_run", run.pk), {"phone_0": "", "name_0": "Name"}).content.decode()
    assert "Choose the column that holds the phone number." in page
    chosen = {"phone_0": "Phone", "name_0": "Name", "columns": ["City"]}
    page = console.post(at("import_run", run.pk), chosen, follow=True).content.decode()
    assert "Under way" in page and "data-live" in page
    imports.work(run.pk)
    page = console.get(at("import_run", run.pk), headers={"X-Fragment": "1"}).content.decode()
    assert "<html" not in page and "data-live=" not in page and "Done" in page
    assert "“nothing” is not a phone number (US)." in page
    report = b"".join(console.get(at("import_refused", run.pk)).streaming_content).decode()
    assert report.startswith("\ufeffRow,Reason,Name,Phone,City") and "'=cmd()" in report


def test_a_file_that_cannot_be_read_is_refused_on_the_field(console: Any, plain: CallingList) -> None:
    page = upload(console, plain, "\n").content.decode()
    assert "The file is empty" in page and not ListImport.objects.exists()


def test_an_import_is_stopped_by_a_person(console: Any, plain: CallingList) -> None:
    upload(console, plain)
    run = ListImport.objects.get()
    console.post(at("import_run", run.pk), {"phone_0": "Phone"})
    console.post(at("import_decide", run.pk, "stop"))
    run.refresh_from_db()
    assert run.status == "stopped"
    assert "Stopped" in console.get(at("import_run", run.pk)).content.decode()


def test_an_export_without_an_account_is_refused_in_words(console: Any, plain: CallingList) -> None:
    page = console.post(at("export", plain.pk), follow=True).content.decode()
    assert "This list has no account to write results to." in page and not ListExport.objects.exists()


def test_statuses_are_chosen_for_each_disposition(console: Any) -> None:
    account = AccountFactory(provider="salesforce", name="SF", properties={"grant_type": "client_credentials"})
    mine = CallingListFactory(account=account, statuses={"sold": "Called"})
    sold = DispositionFactory(code="sold", name="Sold")
    page = console.get(at("statuses", mine.pk)).content.decode()
    assert "Nobody on this list comes from a campaign" in page and "Sold" in page
    console.post(at("statuses", mine.pk), {f"disposition_{sold.pk}": "", "not_reached": "Called"})
    mine.refresh_from_db()
    assert mine.statuses == {"": "Called"}


def test_people_are_found_and_taken_off(console: Any, plain: CallingList) -> None:
    row = ListRowFactory(calling_list=plain, name="Ann Lee")
    ListRowFactory(calling_list=plain, name="Ben Fox")
    url = reverse("admin:contactcenter_listrow_changelist")
    page = console.get(url, {"q": "Ann"}).content.decode()
    assert "Ann Lee" in page and "Ben Fox" not in page
    console.post(url, {"action": "do_not_call", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.state == "do_not_call"


@pytest.mark.parametrize(("value", "words"), [("Nowhere/City", "is not a time zone"), ("UTC", "")])
def test_a_wrong_time_zone_is_refused_on_the_field(console: Any, plain: CallingList, value: str, words: str) -> None:
    form = {"name": "Renewals", "service": plain.service_id, "time_zone": value, "most_attempts": 3, "retry_minutes": 5}
    answer = console.post(at("change", plain.pk), form)
    assert (answer.status_code == 302) == (not words)
    assert words in answer.content.decode()
