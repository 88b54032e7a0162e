"""The product's settings for the browser tests: everything as it is, but only the desktop's addresses."""

from contactcenter.settings import *  # noqa: F403
from tests.hashers import ONLY

PASSWORD_HASHERS = ONLY
ROOT_URLCONF = "tests.agentdesktop.server_urls"
