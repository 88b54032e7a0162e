"""Knowledge bases outside the product."""

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Article:
    """A topic of a knowledge base. `text` is plain text: a vendor's HTML never leaves its provider."""

    title: str
    text: str = ""
    id: str = ""
    url: str = ""


class KnowledgeBase(ABC):
    """A knowledge base outside the product. Both methods raise `IntegrationError`."""

    @property
    @abstractmethod
    def exclusive(self) -> bool:
        """True: used instead of the product's own. False: asked only where the own one finds nothing."""

    @abstractmethod
    def search(self, text: str, *, limit: int = 10) -> list[Article]:
        """Topics for the words, the best first. Short time limit and no repetition: an agent is waiting."""

    @abstractmethod
    def submit(self, article: Article) -> Article:
        """A new topic, returned with the vendor's id. Never repeated: the vendor would keep two."""
