"""Synthetix: both keys, plain text only, a short search, a topic submitted once."""

from collections.abc import Callable

import pytest

from integrations.capabilities import Article, KnowledgeBase
from integrations.errors import AuthenticationFailed, Cause, Rejected, Unavailable
from integrations.providers.kb_synthetix import Synthetix, SynthetixProperties
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

KEYS = {"consumer_key": "demo-consumer-key", "application_key": "demo-application-key"}


@pytest.fixture
def synthetix(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("kb_synthetix")


def connect(secrets: dict[str, str] | None = None, **properties: object) -> Synthetix:
    account = AccountFactory(name="KB", provider="kb_synthetix", properties=properties, secrets=secrets or KEYS)
    provider: Synthetix = account.connect()
    return provider


@pytest.mark.django_db(transaction=True)
def test_a_search_gives_plain_text(synthetix: Vendor) -> None:
    found = connect().search("  parcel\nreturn ")
    assert [(a.id, a.title) for a in found] == [("101", "Return a parcel")]
    assert found[0].text == "Parcels can be returned within 30 days."
    assert synthetix.arrived()[0]["query"] == {"query": "parcel return", "limit": "10"}
    assert connect_again().search("   ") == [] and len(synthetix.arrived()) == 1


def connect_again() -> Synthetix:
    account = AccountFactory(name="KB 2", provider="kb_synthetix", properties={}, secrets=KEYS)
    provider: Synthetix = account.connect()
    return provider


@pytest.mark.django_db(transaction=True)
def test_a_submitted_topic_is_found_and_its_markup_is_text(synthetix: Vendor) -> None:
    kb = connect()
    made = kb.submit(Article("Lost <card>", "Block it <script>at once</script>"))
    assert made.id == "104"
    assert synthetix.board()["articles"][0]["body"] == "Block it &lt;script&gt;at once&lt;/script&gt;"
    assert [a.id for a in kb.search("block")] == ["104"]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_repeated(synthetix: Vendor) -> None:
    kb = connect()
    synthetix.fault("server_error", options={"status": 503})
    for attempt in (lambda: kb.submit(Article("A", "B")), lambda: kb.search("parcel")):
        synthetix.forget_requests()
        with pytest.raises(Unavailable):
            attempt()
        assert len(synthetix.arrived()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_topic_without_an_id_is_refused(synthetix: Vendor) -> None:
    synthetix.fault("wrong_shape")
    with pytest.raises(Rejected):
        connect().submit(Article("A", "B"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("wrong", list(KEYS))
def test_both_keys_are_needed(synthetix: Vendor, wrong: str) -> None:
    with pytest.raises(AuthenticationFailed) as failure:
        connect({**KEYS, wrong: "something-else"}).search("parcel")
    assert failure.value.cause == Cause.BAD_CREDENTIALS
    assert "something-else" not in str(synthetix.arrived())


@pytest.mark.django_db(transaction=True)
def test_exclusive_is_what_the_box_says(synthetix: Vendor) -> None:
    kb = connect(use_as_exclusive_kb=True)
    assert isinstance(kb, KnowledgeBase) and kb.exclusive
    assert not connect_again().exclusive


def test_the_form_is_the_one_of_the_guide() -> None:
    fields = SynthetixProperties.base_fields
    shown = [fields[n].label for n in fields if n not in SynthetixProperties.advanced]
    assert shown == ["Url", "Consumer Key", "Application Key", "Use as exclusive KB"]
    assert fields["url"].initial == "https://api.syn-finity.com/1.1/"
    form = SynthetixProperties({"url": "https://a.example/", **KEYS, "search_path": "https://b.example/x"})
    assert "search_path" in form.errors
