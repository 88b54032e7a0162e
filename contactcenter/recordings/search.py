"""Finds recordings by what was said in them."""

import re
from functools import reduce
from operator import and_

from django.db import connection
from django.db.models import Q, QuerySet

from ..models import Transcript

WORD = re.compile(r"\w+")
MOST_WORDS = 8


def holding(text: str) -> QuerySet[Transcript]:
    """Transcripts with all of these words, or words that begin like them. PostgreSQL asks the index that migration 0025
    makes; SQLite, which is for trying out, reads them all."""
    words = WORD.findall(text)[:MOST_WORDS]
    if not words:
        return Transcript.objects.none()
    if connection.vendor == "postgresql":
        return _by_index(words)
    return Transcript.objects.filter(reduce(and_, (Q(text__icontains=word) for word in words)))


def _by_index(words: list[str]) -> QuerySet[Transcript]:
    from django.contrib.postgres.search import SearchQuery, SearchVector  # needs the driver, which SQLite does not

    wanted = SearchQuery(" & ".join(f"'{word}':*" for word in words), search_type="raw", config="simple")
    return Transcript.objects.annotate(said=SearchVector("text", config="simple")).filter(said=wanted)
