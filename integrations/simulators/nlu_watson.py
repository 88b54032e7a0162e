"""Watson Natural Language Understanding: VADER behind IBM's wire format, so English texts get a real answer.

Written from IBM's SDK (ibm-watson 11) and documentation. The emotions come from a handful of words. The words of the
refusals for language, length and an empty list of features are IBM's; those for a missing version are ours.
"""

from __future__ import annotations

import json
import math
import re
from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import faults
from .boards import Board, Table
from .ibm import WatsonSimulator, failure, unauthorised
from .recorder import warn

VERSION = re.compile(r"20\d\d-\d\d-\d\d")
RETIRED = "2017-02-27"
LANGUAGES = (
    "ar", "cs", "da", "de", "en", "es", "fi", "fr", "he", "hi", "it", "ja", "ko", "nb", "nl", "nn", "pl", "pt", "ro",
    "ru", "sv", "tr", "zh",
)  # fmt: skip
LONGEST_TEXT, UNIT, DETECTABLE = 50_000, 10_000, 15
NEUTRAL = 0.1
FEATURES = ("sentiment", "emotion", "keywords")
EMOTIONS = {
    "anger": ("angry", "furious", "outrage", "terrible"),
    "disgust": ("disgust", "awful", "horrible"),
    "fear": ("afraid", "worried", "scared"),
    "joy": ("thank", "happy", "great", "love", "wonderful"),
    "sadness": ("sad", "disappointed", "sorry", "unhappy"),
}
#: One feature fails while the other succeeds: a 200 with a warning.
FEATURE_FAILED = "feature_failed"
REMEMBERED = 50


class WatsonNlu(WatsonSimulator):
    key = "nlu_watson"
    title = "Watson Natural Language Understanding"
    description = "Reads the sentiment out of English texts with VADER; emotions from a few words."
    service = "natural-language-understanding"
    extra_faults = (FEATURE_FAILED,)
    default_counts = {**WatsonSimulator.default_counts, "analysed": 0, "units": 0}

    def reset(self) -> None:
        super().reset()
        self.analysed: list[tuple[str, ...]] = []

    def api_routes(self) -> list[BaseRoute]:
        return [
            Route("/v1/models", self.models, methods=["GET"]),
            Route("/v1/analyze", self.analyze, methods=["POST"]),
        ]

    def may_meet(self, fault: str, path: str) -> bool:
        return fault != FEATURE_FAILED or path.endswith("/v1/analyze")

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        if fault.name == FEATURE_FAILED:
            return JSONResponse(
                {
                    "language": "en", "usage": {"features": 1, "text_characters": 48, "text_units": 1},
                    "sentiment": {"document": {"score": 0.5, "label": "positive"}},
                    "warnings": ["emotion: feature is not available at this time"],
                }
            )  # fmt: skip
        return super().fault_response(fault, request)

    async def models(self, request: Request) -> Response:
        return self._refusal(request) or JSONResponse({"models": []})

    async def analyze(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        try:
            body = json.loads(await request.body())
        except ValueError:
            return failure(400, "invalid request: content is not JSON")
        problem = problem_of(body)
        if problem is not None:
            warn(request, problem[1])
            return failure(*problem)
        return JSONResponse(self._analysed(body))

    def _refusal(self, request: Request) -> Response | None:
        if not self.is_signed_in(request):
            return unauthorised()
        version = request.query_params.get("version", "")
        if not VERSION.fullmatch(version):
            warn(request, "each call needs a version, as YYYY-MM-DD")
            return failure(400, "invalid version" if version else "version query parameter is required")
        if version <= RETIRED:
            warn(request, f"the version date {version} was retired in 2020 and is taken as the newest")
        return None

    def _analysed(self, body: dict[str, Any]) -> dict[str, Any]:
        text, features, language = body["text"][:LONGEST_TEXT], body["features"], body.get("language") or "en"
        units = max(1, math.ceil(len(text) / UNIT)) * len(features)
        self.counts["analysed"] += 1
        self.counts["units"] += units
        score = round(float(engine().polarity_scores(text)["compound"]), 6)
        label = label_of(score)
        self.analysed = [(text[:200], language, f"{score:+.2f}", label, str(units)), *self.analysed][:REMEMBERED]
        answer: dict[str, Any] = {
            "language": language,
            "usage": {"features": len(features), "text_characters": len(text), "text_units": units // len(features)},
        }
        if "sentiment" in features:
            answer["sentiment"] = {"document": {"score": score, "label": label}}
        if "emotion" in features:
            answer |= (
                emotion_of(text) if language == "en" else {"warnings": [f"emotion: unsupported language {language}"]}
            )
        if "keywords" in features:
            answer["keywords"] = []
        return answer

    def board(self) -> Board:
        head = ("Text", "Language", "Score", "Label", "Billed units")
        return Board(
            facts=[("Analysed", self.counts["analysed"]), ("Billed units", self.counts["units"])],
            tables=[Table("Latest texts", head, list(self.analysed), "Nothing has been analysed.")],
        )


def problem_of(body: Any) -> tuple[int, str] | None:
    """Status and words of the refusal, if there is one."""
    if not isinstance(body, dict) or not isinstance(body.get("features"), dict) or not body["features"]:
        return 400, "invalid request: at least one feature must be specified"
    unknown = sorted(set(body["features"]) - set(FEATURES))
    if unknown:
        return 400, f"invalid request: unknown feature {unknown[0]}"
    sentiment = body["features"].get("sentiment")
    if isinstance(sentiment, dict) and not (sentiment.get("document", True) or sentiment.get("targets")):
        return 400, "sentiment request must specify at least one of: document or targets"
    text, language = body.get("text"), body.get("language")
    if not isinstance(text, str) or not text.strip():
        return 400, "invalid request: content is empty"
    if language is None and len(text) < DETECTABLE:
        return 422, "not enough text for language id"
    if language is not None and language not in LANGUAGES:
        return 400, "unsupported text language"
    return None


def label_of(score: float) -> str:
    return "neutral" if abs(score) <= NEUTRAL else "positive" if score > 0 else "negative"


def emotion_of(text: str) -> dict[str, Any]:
    words = text.casefold()
    strengths = {name: min(0.1 + 0.4 * sum(stem in words for stem in stems), 0.95) for name, stems in EMOTIONS.items()}
    return {"emotion": {"document": {"emotion": strengths}}}


@cache
def engine() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
