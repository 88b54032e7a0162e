#!/bin/sh
# `make demo`: installs what is missing and hands over to `manage.py demo`.
cd "$(dirname "$0")/.." || exit 1
. scripts/environment.sh
prepare requirements.txt
want_voice
exec .venv/bin/python manage.py demo
