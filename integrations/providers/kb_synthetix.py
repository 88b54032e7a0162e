"""Synthetix knowledge base: searched and extended from the desktop.

The administrator's guide names the properties and the test, `GET <URL>/external/views`. The two key headers are on the
vendor's API page. The ways of searching and submitting are not public: their paths are settings, with the defaults of
our own simulator, described in `docs/providers/kb_synthetix.md`."""

import html
from collections.abc import Iterator
from typing import Any

import requests
from django import forms

from integrations import catalogue, deadlines
from integrations.actions import Result, action
from integrations.capabilities import Article, KnowledgeBase
from integrations.diagnosis.doctor import Advice, Passed
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, YOU
from integrations.errors import Cause, Rejected, Stage
from integrations.http import json_of
from integrations.plain_text import plain
from integrations.properties import PropertiesForm, SecretField
from integrations.property_fields import CaCertificateField, PatternField, VendorUrlField
from integrations.providers.base import Provider

SEARCH_SECONDS = 3.0
LIST_KEYS = ("views", "articles", "results", "data")
PATH = r"^[A-Za-z0-9_][A-Za-z0-9_./-]*$"
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "Synthetix does not accept the pair of keys.",
        YOU,
        "Enter Consumer Key and Application Key again. Both must come from the same view of the knowledge base.",
    ),
    Cause.NO_PERMISSION: Advice(
        "Synthetix knows the keys and refuses this use: a pair can be limited to one view or to certain addresses.",
        THEIR_ADMINISTRATOR,
        "Ask Synthetix's administrator to allow this server's outgoing address and the view for these keys.",
    ),
    Cause.NOT_FOUND: Advice(
        "The server is there, but does not know this path.",
        YOU,
        "Compare the Url with the vendor's API page, with its version (1.1). If the test is green and only searching "
        "or submitting fails, ask Synthetix for the path and correct it under Advanced.",
    ),
}


class SynthetixProperties(PropertiesForm):
    advanced = ("search_path", "submit_path", "ca_certificate")

    url = VendorUrlField(
        label="Url",
        initial="https://api.syn-finity.com/1.1/",
        max_length=1000,
        help_text="The address of the Synthetix API with its version, from the vendor's API page.",
    )
    consumer_key = SecretField(
        label="Consumer Key",
        help_text="The consumer key for Synthetix: in its administration, among the API keys of the view to be used.",
    )
    application_key = SecretField(
        label="Application Key",
        help_text="The application key for Synthetix: beside the consumer key, among the API keys of the same view.",
    )
    use_as_exclusive_kb = forms.BooleanField(
        label="Use as exclusive KB",
        required=False,
        help_text=(
            "Ticked: topics are searched in and submitted to this knowledge base. Not ticked: it is a supplement, "
            "asked only where the own knowledge base finds nothing."
        ),
    )
    search_path = PatternField(
        regex=PATH,
        says="A path below the Url, without a slash before it. Example: external/search",
        label="Search path",
        initial="external/search",
        max_length=200,
        help_text="Below the Url. Not published by the vendor; this value is our assumption. Ask Synthetix for yours.",
    )
    submit_path = PatternField(
        regex=PATH,
        says="A path below the Url, without a slash before it. Example: external/articles",
        label="Submit path",
        initial="external/articles",
        max_length=200,
        help_text="Below the Url. Not published by the vendor; this value is our assumption. Ask Synthetix for yours.",
    )
    ca_certificate = CaCertificateField()


class SearchForm(forms.Form):
    words = forms.CharField(label="Words", max_length=200, help_text="What an agent would type into the search field.")


class Synthetix(KnowledgeBase, Provider):
    """One view of a Synthetix knowledge base."""

    key = "kb_synthetix"
    label = "Synthetix KB"
    type = catalogue.KNOWLEDGE_BASE
    documentation_url = "https://www.synthetix.com/api/documentation"
    advice = ADVICE
    Properties = SynthetixProperties

    @property
    def exclusive(self) -> bool:
        return bool(self.properties["use_as_exclusive_kb"])

    @property
    def base_url(self) -> str:
        return f"{self.account.simulator_url}/1.1" if self.account.simulated else super().base_url

    def authorise(self, request: requests.PreparedRequest) -> None:
        request.headers["CONSUMERKEY"] = self.account.secret("consumer_key")
        request.headers["APPLICATIONKEY"] = self.account.secret("application_key")

    def probes(self) -> Iterator[Passed]:
        """The guide's test: the views that the keys open."""
        views = rows_of(self._get("external/views", purpose="Test connection"))
        yield Passed(Stage.AUTHENTICATION, f"Synthetix accepts the keys and shows {len(views)} view(s)")

    def search(self, text: str, *, limit: int = 10) -> list[Article]:
        words = " ".join(text.split())
        if not words:
            return []
        with deadlines.within(SEARCH_SECONDS):
            answer = self._get(self.properties["search_path"], {"query": words, "limit": limit}, purpose="Search")
        return [article_of(row) for row in rows_of(answer)][:limit]

    def submit(self, article: Article) -> Article:
        body = {"title": article.title, "body": html.escape(article.text)}
        path = str(self.properties["submit_path"])
        headers = {"Accept": "application/json"}
        return article_of(json_of(self.http.post(path, json=body, headers=headers, purpose="Submit", retry=0)))

    @action("Search", form=SearchForm, help_text="Searches as an agent would, and shows what is found.")
    def search_topics(self, words: str) -> Result:
        found = self.search(words)
        rows = tuple((article.title, article.text) for article in found)
        return Result(True, f"{len(found)} topic(s) found." if found else "Nothing was found.", rows=rows)

    def _get(self, path: str, params: dict[str, Any] | None = None, *, purpose: str) -> Any:
        headers = {"Accept": "application/json"}
        return json_of(self.http.get(path, params=params, headers=headers, purpose=purpose, retry=0))


def rows_of(answer: Any) -> list[Any]:
    """The list in an answer, bare or under one of the usual names. Raises `Rejected` when there is none."""
    found = [answer[key] for key in LIST_KEYS if key in answer] if isinstance(answer, dict) else [answer]
    if not found or not isinstance(found[0], list):
        raise Rejected("The answer holds no list.", cause=Cause.REMOTE_ERROR)
    return found[0]


def article_of(row: Any) -> Article:
    """A topic as the vendor gives it. Raises `Rejected` when it has no id."""
    if not isinstance(row, dict) or row.get("id") in (None, ""):
        raise Rejected("The answer holds a topic without an id.", cause=Cause.REMOTE_ERROR)
    text = str(row.get("snippet") or row.get("body") or row.get("html") or "")
    url = str(row.get("url") or "")
    return Article(
        title=plain(str(row.get("title") or "")),
        text=plain(text),
        id=str(row["id"]),
        url=url if url.lower().startswith(("https://", "http://")) else "",
    )
