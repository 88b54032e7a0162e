"""Where agents' questions to the knowledge base go: to the own one, or to an external one.

The administrator's guide: an external knowledge base marked *exclusive* is searched and extended in place of the own
one; any other is a supplement that is searched only where the own one finds nothing."""

from dataclasses import dataclass

from django.db.models import Q

from integrations.capabilities import Article, KnowledgeBase
from integrations.catalogue import KNOWLEDGE_BASE
from integrations.errors import IntegrationError
from integrations.models import IntegrationAccount

from .errors import NotPossible
from .models import Agent, KnowledgeTopic

OWN = "Own knowledge base"
LIMIT = 10
MOST_WORDS = 8
LONGEST_TITLE, LONGEST_TEXT = 200, 20_000
# A word in the title says more about a topic than one in its text.
TITLE_WEIGHT = 3


@dataclass(frozen=True, slots=True)
class Found:
    """`source` is whose topics these are; `note` is a sentence for the agent where something could not be asked."""

    articles: tuple[Article, ...]
    source: str
    note: str = ""


def search(text: str) -> Found:
    """Topics for the words, the best first. Raises `NotPossible` where the only knowledge base cannot be asked."""
    account, external = _external()
    if account is not None and external is not None and external.exclusive:
        try:
            return Found(tuple(external.search(text, limit=LIMIT)), account.name)
        except IntegrationError as error:
            raise NotPossible(f"{account.name} could not be asked. {error.message}") from error
    own = _own(text)
    if own or account is None or external is None:
        return Found(own, OWN)
    try:
        return Found(tuple(external.search(text, limit=LIMIT)), account.name)
    except IntegrationError as error:
        return Found((), OWN, f"{account.name}, which is asked besides, could not be reached. {error.message}")


def submit(agent: Agent, title: str, text: str) -> str:
    """Propose a topic; returns a sentence about where it went. Raises `NotPossible` with the field."""
    title, text = title.strip(), text.strip()
    _check(title, text)
    account, external = _external()
    if account is None or external is None or not external.exclusive:
        KnowledgeTopic.objects.create(title=title, text=text, submitted_by=agent.user)
        return "Thank you. The topic is kept as a draft until an administrator publishes it."
    try:
        external.submit(Article(title, text))
    except IntegrationError as error:
        raise NotPossible(f"{account.name} did not take the topic, your text is still here. {error.message}") from error
    return f"Thank you. The topic is in {account.name} now."


def _check(title: str, text: str) -> None:
    for name, value, longest in (("title", title, LONGEST_TITLE), ("text", text, LONGEST_TEXT)):
        if not value:
            raise NotPossible("A topic needs a title and a text.", name)
        if len(value) > longest:
            raise NotPossible(f"At most {longest:,} characters fit here; these are {len(value):,}.", name)


def _external() -> tuple[IntegrationAccount | None, KnowledgeBase | None]:
    """The default external knowledge base, or the only one that is enabled."""
    accounts = IntegrationAccount.objects.filter(type=KNOWLEDGE_BASE.key, enabled=True)
    account = accounts.order_by("-is_default", "pk").first()
    provider = account.connect() if account else None
    return (account, provider) if isinstance(provider, KnowledgeBase) else (None, None)


def _own(text: str) -> tuple[Article, ...]:
    """Published topics that hold any of the words, those with the most first."""
    words = list(dict.fromkeys(text.casefold().split()))[:MOST_WORDS]
    if not words:
        return ()
    holds_one = Q()
    for word in words:
        holds_one |= Q(title__icontains=word) | Q(text__icontains=word)
    topics = KnowledgeTopic.objects.filter(holds_one, published=True).order_by("pk")[:500]
    ranked = sorted(topics, key=lambda topic: -_weight(topic, words))
    return tuple(Article(topic.title, topic.text, str(topic.pk)) for topic in ranked[:LIMIT])


def _weight(topic: KnowledgeTopic, words: list[str]) -> int:
    title, text = topic.title.casefold(), topic.text.casefold()
    return sum(TITLE_WEIGHT * (word in title) + (word in text) for word in words)
