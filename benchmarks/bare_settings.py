"""The product's settings without its middleware and its addresses."""

from contactcenter.settings import *  # noqa: F403

MIDDLEWARE: list[str] = []
ROOT_URLCONF = "benchmarks.bare_webhook"
