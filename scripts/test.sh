#!/bin/sh
# `make test`: installs what is missing and hands over to the runner.
cd "$(dirname "$0")/.." || exit 1
. scripts/environment.sh
prepare requirements-dev.txt
exec .venv/bin/python scripts/run_tests.py "$@"
