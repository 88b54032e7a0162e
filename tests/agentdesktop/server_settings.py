"""The product's settings for the browser tests: everything as it is, but only the desktop's addresses."""

from contactcenter.settings import *  # noqa: F403

ROOT_URLCONF = "tests.agentdesktop.server_urls"
