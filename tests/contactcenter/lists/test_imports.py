"""Imports: from campaigns, queries and files; what is refused and why; going on after a crash."""

import csv
import io
from typing import Any

import pytest

from contactcenter.errors import NotPossible
from contactcenter.lists import imports, rows, runs
from contactcenter.lists.mapping import FieldMapping
from contactcenter.models import CallingList, ListFilePart, ListImport, ListRow
from integrations.errors import Rejected
from integrations.models import OAuthToken
from integrations.providers.salesforce import Salesforce
from tests.factories import CallingListFactory, ListRowFactory
from tests.integrations.providers.conftest import Vendor
from tests.integrations.providers.salesforce import Organisation

from .conftest import begin, finish, import_campaign

SOME = "Name,Phone,City\nAnn Lee,(415) 555-0141,Rome\nBen Fox,+1 415 555 0142,Oslo\n"


class Crash(Exception):
    """Stands for a process that was killed."""


def upload(calling_list: CallingList, text: str) -> ListImport:
    content = text.encode()
    return imports.draft_file(calling_list, io.BytesIO(content), "people.csv", len(content), "admin")


def names(calling_list: CallingList) -> list[str]:
    return list(calling_list.rows.order_by("id").values_list("name", flat=True))


def refusals(run: ListImport) -> list[tuple[int, str]]:
    return list(run.refused_rows.order_by("id").values_list("number", "reason"))


def counts(run: ListImport) -> tuple[int, int, int, int]:
    return run.read, run.added, run.updated, run.refused


# -- files


@pytest.mark.django_db
def test_a_file_becomes_rows_with_number_name_and_columns(plain: CallingList) -> None:
    draft = upload(plain, SOME)
    assert draft.preview == [["Ann Lee", "(415) 555-0141", "Rome"], ["Ben Fox", "+1 415 555 0142", "Oslo"]]
    assert (draft.status, draft.total, plain.rows.count()) == ("draft", 2, 0)
    run = finish(begin(draft))
    assert (run.status, counts(run)) == ("done", (2, 2, 0, 0))
    ann = plain.rows.get(name="Ann Lee")
    assert (ann.number, ann.e164, ann.columns) == ("(415) 555-0141", "+14155550141", {"City": "Rome"})
    assert (ann.state, ann.source_row, ann.key) == ("to_call", 2, "tel:+14155550141")
    assert not ListFilePart.objects.exists()  # what was uploaded is not kept


@pytest.mark.django_db
def test_refused_rows_keep_their_number_their_values_and_a_reason_in_words(plain: CallingList) -> None:
    ListRowFactory(calling_list=plain, name="Old Friend", e164="+14155550149")
    run = finish(
        begin(
            upload(
                plain,
                "Name,Phone\nAnn,415 555 0141\nNobody,\nWrong,call me\nTwin,+14155550141\nOld,4155550149\nMore,1,2\n",
            )
        )
    )
    assert refusals(run) == [
        (3, "There is no number in Phone."),
        (4, "“call me” is not a phone number (US)."),
        (5, "Repeats row 2: the same number, +14155550141."),
        (7, "The row has 3 values, the heading 2."),
        (6, "Repeats Old Friend (+14155550149), which is in the list already."),
    ]
    assert counts(run) == (6, 1, 0, 5)
    assert run.reasons == {"no_number": 1, "bad_number": 1, "twice": 2, "bad_row": 1}
    assert set(run.reasons) <= set(rows.REASONS)
    table = list(imports.refused(run))
    assert table[:2] == [["Row", "Reason", "Name", "Phone"], ["3", "There is no number in Phone.", "Nobody", ""]]


@pytest.mark.django_db
def test_a_twin_on_a_later_page_is_refused_with_the_row_that_it_repeats(plain: CallingList, monkeypatch: Any) -> None:
    monkeypatch.setattr("contactcenter.lists.files.PART_ROWS", 2)
    text = "Name,Phone\n" + "".join(f"P{n},41555501{n}\n" for n in (41, 42, 43, 41))
    run = finish(begin(upload(plain, text)))
    assert refusals(run) == [(5, "Repeats row 2: the same number, +14155550141.")]
    assert names(plain) == ["P41", "P42", "P43"]


@pytest.mark.django_db
@pytest.mark.parametrize("point", ["store", "_count", "drive"])
def test_a_worker_that_dies_anywhere_loses_nothing_and_doubles_nothing(
    plain: CallingList, monkeypatch: Any, point: str
) -> None:
    """Before a page is stored, while it is, and between two pages."""
    monkeypatch.setattr("contactcenter.lists.files.PART_ROWS", 2)
    text = "Name,Phone\n" + "".join(f"P{n},41555501{n}\n" for n in range(41, 50)) + "Wrong,x\n"
    run = begin(upload(plain, text))
    died = 0
    for _ in range(20):
        if _work_and_die(run, point):
            died += 1
        ListImport.objects.filter(pk=run.pk).update(leased_until=None, lease_owner="")  # the lease ran out
        finish_one(run)
        if run.status == "done":
            break
    assert died > 1
    assert counts(run) == (10, 9, 0, 1)
    assert names(plain) == [f"P{n}" for n in range(41, 50)]
    assert len(refusals(run)) == 1


def _work_and_die(run: ListImport, point: str) -> bool:
    """One turn of a worker that is killed at the point, after what it does there."""
    module, name = {"store": (rows, "store"), "_count": (imports, "_count"), "drive": (runs, "_one")}[point]
    before = getattr(module, name)

    def dies(*given: Any) -> Any:
        before(*given)
        raise Crash

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, dies)
        patch.setattr(runs, "LONGEST_BACK_OFF", 0)
        if point != "drive":  # nothing of ours may tidy up after a kill
            patch.setattr(runs, "_one", lambda run, owner, step: step(run, owner))
        try:
            imports.work(run.pk)
        except Crash:
            return True
    return False


def finish_one(run: ListImport) -> None:
    """One page by a healthy worker."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "TURN_SECONDS", 0)
        found = ListImport.objects.select_related("calling_list__account").get(pk=run.pk)
        runs.drive(found, imports.step, seconds=-1)
    run.refresh_from_db()


@pytest.mark.django_db
def test_only_one_import_of_a_list_runs_at_a_time_and_a_draft_starts_once(plain: CallingList) -> None:
    first, second = upload(plain, SOME), upload(plain, SOME)
    begin(first)
    with pytest.raises(NotPossible, match="Another import into this list is under way"):
        begin(second)
    finish(first)
    finish(begin(second))
    with pytest.raises(NotPossible, match="was started already"):
        begin(second)


@pytest.mark.django_db
def test_the_mapping_is_remembered_on_the_list(plain: CallingList) -> None:
    begin(upload(plain, SOME), phone=("Phone",), name=("City",), columns=())
    plain.refresh_from_db()
    assert plain.mapping == {"phone": ["Phone"], "name": ["City"], "columns": []}
    assert plain.source == "file"


@pytest.mark.django_db
def test_a_stopped_import_stores_nothing_more(plain: CallingList) -> None:
    run = begin(upload(plain, SOME))
    assert runs.stop(run)
    imports.work(run.pk)
    run.refresh_from_db()
    assert (run.status, plain.rows.count()) == ("stopped", 0)
    assert not runs.go_on(run)


@pytest.mark.django_db
def test_a_list_reads_numbers_by_its_own_country(service: Any) -> None:
    german = CallingListFactory(service=service, region="DE")
    finish(begin(upload(german, "Name,Phone\nGreta,030 901820 10\n")))
    assert german.rows.get().e164 == "+493090182010"


@pytest.mark.django_db
def test_a_file_without_rows_is_refused_and_leaves_nothing(plain: CallingList) -> None:
    with pytest.raises(NotPossible, match="a heading and no rows"):
        upload(plain, "Name,Phone\n")
    assert not ListImport.objects.exists()


# -- Salesforce


def test_a_campaign_comes_in_without_those_who_must_not_be_called(
    campaign: CallingList, organisation: Organisation
) -> None:
    run = import_campaign(campaign, organisation)
    assert run.status == "done", run.error
    assert set(names(campaign)) == {
        "Don Goodliffe", "Beth Anglin", "Greta Vogel", "Nora Lindqvist", "Ida Newman", "Paula Reyes", "Quentin Shaw",
    }  # fmt: skip
    assert run.reasons == {"do_not_call": 1, "converted": 1, "no_number": 1}
    beth = campaign.rows.get(name="Beth Anglin")
    assert beth.e164 == "+14155550143"  # the mobile number comes first
    assert (beth.record_kind, beth.member_id[:3], beth.campaign_id[:3]) == ("Contact", "00v", "701")
    ida = campaign.rows.get(name="Ida Newman")
    assert (ida.record_kind, ida.columns["Lead.Company"], ida.columns["Status"]) == ("Lead", "Harbour Foods", "Sent")
    campaign.refresh_from_db()
    assert (campaign.source, campaign.campaign_name) == ("campaign", "Spring renewal calls")


def test_importing_again_brings_rows_up_to_date_and_keeps_what_agents_did(
    campaign: CallingList, organisation: Organisation
) -> None:
    import_campaign(campaign, organisation)
    campaign.rows.filter(name="Beth Anglin").update(state="done", notes="Bought.")
    beth, don = (organisation.id_of("Contact", f"FirstName = '{name}'") for name in ("Beth", "Don"))
    organisation.call("PATCH", f"/sobjects/Contact/{beth}", json={"LastName": "Angler"})
    organisation.call("PATCH", f"/sobjects/Contact/{don}", json={"DoNotCall": True})
    run = import_campaign(campaign, organisation)
    assert counts(run) == (10, 0, 6, 4)
    row = campaign.rows.get(name="Beth Angler")
    assert (row.state, row.notes) == ("done", "Bought.")
    assert campaign.rows.get(name="Don Goodliffe").state == "do_not_call"


def test_a_query_is_taken_page_by_page(campaign: CallingList, salesforce: Vendor, organisation: Organisation) -> None:
    salesforce.settings(campaign_members=25, query_page_size=10)
    query = "SELECT Contact.Name, Contact.Phone FROM CampaignMember WHERE Campaign.Name = 'Large campaign'"
    draft = imports.draft_query(campaign, query, "admin")
    assert len(draft.preview) == 5
    run = finish(begin(draft))
    assert (run.status, counts(run), run.total) == ("done", (25, 25, 0, 0), 25)
    assert campaign.rows.count() == 25


def test_a_large_query_becomes_a_bulk_job_that_no_worker_waits_for(
    campaign: CallingList, salesforce: Vendor, organisation: Organisation, monkeypatch: Any
) -> None:
    monkeypatch.setattr(Salesforce, "bulk_query_above", 20)
    monkeypatch.setattr("integrations.providers.salesforce.lists.PAGE_ROWS", 10)
    salesforce.settings(campaign_members=25, bulk_polls=2)
    query = "SELECT Contact.Name, Contact.Phone FROM CampaignMember WHERE Campaign.Name = 'Large campaign'"
    run = begin(imports.draft_query(campaign, query, "admin"))
    imports.work(run.pk)
    run.refresh_from_db()
    assert run.cursor.startswith("bulk:750") and run.due_at > run.created_at
    finish(run)
    assert (run.status, counts(run), run.total) == ("done", (25, 25, 0, 0), 25)
    locators = [e["query"] for e in salesforce.arrived() if e["path"].endswith("/results")]
    assert len(locators) == 3


def test_a_vendor_that_forgot_our_place_is_read_from_the_beginning_without_doubling(
    campaign: CallingList, salesforce: Vendor, organisation: Organisation
) -> None:
    salesforce.settings(campaign_members=25, query_page_size=10)
    query = "SELECT Contact.Name, Contact.Phone FROM CampaignMember WHERE Campaign.Name = 'Large campaign'"
    run = begin(imports.draft_query(campaign, query, "admin"))
    finish_one(run)
    assert counts(run) == (10, 10, 0, 0)
    ListImport.objects.filter(pk=run.pk).update(cursor="rest:/services/data/v60.0/query/01gforgotten-10")
    finish(run)
    assert (run.status, run.restarts, counts(run)) == ("done", 1, (25, 25, 0, 0))
    assert campaign.rows.count() == 25


def test_a_vendor_that_is_away_puts_the_import_off_and_recovers(
    campaign: CallingList, salesforce: Vendor, organisation: Organisation
) -> None:
    found = organisation.id_of("Campaign", "Name = 'Spring renewal calls'")
    run = begin(imports.draft_campaign(campaign, found, "Spring", "admin"))
    salesforce.fault("server_error", path="/services/data/v60.0/query")
    imports.work(run.pk)
    run.refresh_from_db()
    assert (run.status, run.attempts) == ("open", 1) and "The server failed" in run.error
    salesforce.healthy()
    finish(run)
    assert (run.status, run.error, run.attempts, run.added) == ("done", "", 0, 7)


def test_a_refusal_needs_a_person_and_goes_on_when_told(
    campaign: CallingList, salesforce: Vendor, organisation: Organisation
) -> None:
    query = "SELECT Name, Phone FROM Contact"
    run = begin(imports.draft_query(campaign, query, "admin"))
    salesforce.settings(hidden_fields=["Contact.DoNotCall"])
    finish(run)
    assert run.status == "stuck" and "DoNotCall" in run.error
    salesforce.settings(hidden_fields=[])
    assert runs.go_on(run)
    finish(run)
    assert (run.status, run.error, run.added) == ("done", "", 3)


def test_missing_authorisation_waits_for_the_administrator(
    campaign: CallingList, salesforce: Vendor, organisation: Organisation
) -> None:
    run = begin(imports.draft_query(campaign, "SELECT Name, Phone FROM Lead", "admin"))
    OAuthToken.objects.all().delete()
    salesforce.fault("bad_credentials")
    imports.work(run.pk)
    run.refresh_from_db()
    assert (run.status, run.attempts) == ("open", 1) and run.error
    salesforce.healthy()
    OAuthToken.objects.all().delete()  # what entering the secret again does
    assert runs.go_on(run)
    finish(run)
    assert run.status == "done"


def test_a_query_that_makes_no_list_is_refused_on_the_field(campaign: CallingList) -> None:
    with pytest.raises(Rejected, match="A list cannot be made of Account") as refused:
        imports.draft_query(campaign, "SELECT Name, Phone FROM Account", "admin")
    assert refused.value.field == "query"
    assert not ListImport.objects.exists()


@pytest.mark.django_db
def test_a_list_without_an_account_says_so(plain: CallingList) -> None:
    with pytest.raises(NotPossible, match="This list has no account"):
        imports.draft_query(plain, "SELECT Name, Phone FROM Contact", "admin")


@pytest.mark.django_db
def test_old_drafts_and_old_reports_are_forgotten_and_rows_stay(plain: CallingList) -> None:
    draft, done = upload(plain, SOME), upload(plain, SOME)
    finish(begin(done))
    ListImport.objects.filter(pk=draft.pk).update(created_at="2026-01-01T00:00:00Z")
    ListImport.objects.filter(pk=done.pk).update(finished_at="2026-01-01T00:00:00Z")
    imports.prune()
    assert not ListImport.objects.exists()
    assert plain.rows.count() == 2


@pytest.mark.django_db
def test_the_report_can_be_read_by_a_spreadsheet(plain: CallingList) -> None:
    run = finish(begin(upload(plain, 'Name,Phone\n"Ann, ""Annie""",\n')))
    text = io.StringIO()
    csv.writer(text).writerows(imports.refused(run))
    assert next(csv.reader(text.getvalue().splitlines()[1:]))[2] == 'Ann, "Annie"'


@pytest.mark.django_db
def test_the_sweep_hands_open_imports_to_workers_and_leaves_others_alone(plain: CallingList, monkeypatch: Any) -> None:
    sent: list[int] = []
    monkeypatch.setattr(runs, "send_soon", lambda model, pk, **more: sent.append(pk))
    run = upload(plain, SOME)
    assert runs.send_due() == 0
    imports.start(run, FieldMapping(("Phone",), ("Name",)))
    sent.clear()
    assert runs.send_due() == 1 and sent == [run.pk]
    ListRow.objects.all().delete()
    runs.stop(run)
    assert runs.send_due() == 0
