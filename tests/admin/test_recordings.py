"""The screen *Recordings*: states and reasons, trying again, deleting after a question, and who may do what."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contactcenter.admin.groups import SUPERVISORS, ensure_supervisors
from contactcenter.models import CallRecording, Transcript
from tests.factories import (
    AdminFactory,
    CallRecordingFactory,
    InteractionFactory,
    ServiceFactory,
    TranscriptFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
LIST = reverse("admin:contactcenter_callrecording_changelist")


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Any) -> None:
    settings.RECORDINGS_ROOT = str(tmp_path)


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(AdminFactory())
    return client


def with_rights(*names: str) -> Client:
    user = UserFactory(is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, url: str, **query: str) -> str:
    answer = client.get(url, query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def url(name: str, recording: CallRecording) -> str:
    return reverse(f"admin:contactcenter_callrecording_{name}", args=[recording.pk])


def test_the_list_says_what_each_recording_waits_for(admin: Client) -> None:
    service = ServiceFactory(name="Support line", recordings="kept")
    CallRecordingFactory(interaction__service=service, state="stuck", last_error="The bucket is not there.")
    TranscriptFactory(recording__state="stored", state="stuck", last_error="Only WAV files can be transcribed.")
    CallRecordingFactory(state="local")
    CallRecordingFactory(state="deleted", deletion_reason="Deleted by eva", deleted_at=timezone.now())
    shown = text_of(admin, LIST)
    for words in (
        "The bucket is not there.", "Only WAV files can be transcribed.", "no Amazon AWS account", "Deleted by eva",
        "Support line", "0:01",
    ):  # fmt: skip
        assert words in shown, words
    attention = text_of(admin, LIST, standing="attention")
    assert "The bucket is not there." in attention and "Only WAV" in attention and "Deleted by eva" not in attention
    assert "Deleted by eva" in text_of(admin, LIST, standing="deleted")
    assert 'class="row-link"' not in text_of(admin, LIST, standing="open")


def test_the_list_asks_the_same_number_of_questions_however_long_it_is(
    admin: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(25):
        TranscriptFactory(state="done", text="hello")
    with django_assert_max_num_queries(12):
        text_of(admin, LIST)


def test_recordings_are_found_by_words_by_reference_and_by_the_platforms_id(admin: Client) -> None:
    found = TranscriptFactory(state="done", text="my order has not arrived", recording__interaction__call_id="c-77")
    CallRecordingFactory()
    page = url("change", found.recording)
    for term in ("order arrived", found.recording.interaction.reference, "c-77"):
        assert text_of(admin, LIST, q=term).count('class="row-link"') == 1, term
        assert page in text_of(admin, LIST, q=term)
    assert page not in text_of(admin, LIST, q="printer")
    may_not_listen = with_rights("view_callrecording", "view_interaction")
    assert page not in text_of(may_not_listen, LIST, q="order arrived")


def test_the_page_shows_what_was_said_as_text_and_never_as_markup(admin: Client) -> None:
    line = {"who": "customer", "start": 1.25, "end": 2.0, "text": "<script>alert(1)</script>", "confidence": 0.5}
    transcript = TranscriptFactory(recording__state="stored", state="done", utterances=[line], text=line["text"])
    shown = text_of(admin, url("change", transcript.recording))
    assert "&lt;script&gt;alert(1)" in shown and "<script>alert(1)" not in shown
    assert 'data-from="1.25"' in shown and "Customer" in shown and "<audio" in shown
    silent = text_of(with_rights("view_callrecording", "view_interaction"), url("change", transcript.recording))
    assert "alert(1)" not in silent and "<audio" not in silent and "You may not listen" in silent


def test_what_is_stuck_is_tried_again_from_its_page_and_from_the_list(admin: Client) -> None:
    one, two = CallRecordingFactory(state="stuck", attempts=3), CallRecordingFactory(state="stuck", size=0)
    assert "Try again" in text_of(admin, url("change", one))
    admin.post(url("retry", one))
    admin.post(LIST, {"action": "try_again", "_selected_action": [two.pk]})
    assert list(CallRecording.objects.order_by("pk").values_list("state", "attempts")) == [
        ("storing", 0), ("fetching", 0),
    ]  # fmt: skip
    stored = CallRecordingFactory(state="stored")
    assert "Try again" not in text_of(admin, url("change", stored))
    assert admin.get(url("retry", one)).status_code == 302


def test_a_transcript_that_got_stuck_is_tried_again(admin: Client) -> None:
    transcript = TranscriptFactory(recording__state="stored", state="stuck")
    admin.post(url("retry", transcript.recording))
    assert Transcript.objects.get().state == "waiting" and CallRecording.objects.get().state == "stored"


def test_deleting_is_asked_first_and_says_who_wanted_it(admin: Client) -> None:
    recording = CallRecordingFactory(state="stored")
    for question in (
        admin.get(url("remove", recording)),
        admin.post(url("remove", recording)),
        admin.post(LIST, {"action": "delete_them", "_selected_action": [recording.pk]}),
    ):
        assert "cannot be brought back" in question.content.decode()
    assert CallRecording.objects.get().state == "stored"
    admin.post(LIST, {"action": "delete_them", "_selected_action": [recording.pk], "confirmed": "yes"})
    gone = CallRecording.objects.get()
    assert gone.state == "deleting" and gone.deletion_reason.startswith("Deleted by admin")
    assert "<audio" not in text_of(admin, url("change", recording))
    assert admin.get(url("audio", recording)).status_code == 404


def test_supervisors_look_and_listen_and_change_nothing() -> None:
    ensure_supervisors()
    user = UserFactory(is_staff=True)
    user.groups.add(Group.objects.get(name=SUPERVISORS))
    client = Client()
    client.force_login(user)
    recording = CallRecordingFactory(state="stuck")
    shown = text_of(client, url("change", recording))
    assert "<audio" in shown and "Try again" not in shown and ">Delete<" not in shown
    assert client.post(url("retry", recording)).status_code == 403
    assert client.post(url("remove", recording), {"confirmed": "yes"}).status_code == 403
    assert CallRecording.objects.get().state == "stuck"


def test_who_may_see_no_recordings_sees_none_on_the_page_of_the_call() -> None:
    recording = CallRecordingFactory(interaction=InteractionFactory(), key="r-secret")
    client = with_rights("view_interaction")
    page = reverse("admin:contactcenter_interaction_change", args=[recording.interaction_id])
    assert "<audio" not in text_of(client, page)
    assert client.get(LIST).status_code == 403 and client.get(url("change", recording)).status_code == 403
