#!/bin/sh
# `make bench`: the measurements of benchmarks/, on real servers where they are installed.
cd "$(dirname "$0")/.." || exit 1
. scripts/environment.sh
prepare requirements-dev.txt
exec .venv/bin/python -m benchmarks "$@"
