#!/bin/sh
# `make lock`: resolves pyproject.toml into the two lock files, with hashes and without any index address.
cd "$(dirname "$0")/.." || exit 1
. scripts/environment.sh
prepare requirements-dev.txt
# Extras stay in the names: without them older pips (23.2 and before) meet "coverage[toml]" as something unpinned.
compile() {
    CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/pip-compile --quiet --generate-hashes --no-strip-extras --allow-unsafe \
        --no-emit-index-url --no-emit-find-links --no-emit-trusted-host "$@" pyproject.toml
}
compile --upgrade --output-file requirements.txt || die "The requirements could not be resolved."
compile --upgrade --extra dev --constraint requirements.txt --output-file requirements-dev.txt ||
    die "The requirements for development could not be resolved."
for file in requirements.txt requirements-dev.txt; do cat scripts/later-pythons.txt >>"$file"; done
if grep -nE '://|--(index|extra-index|find-links|trusted)' requirements.txt requirements-dev.txt; then
    die "A lock file names an address (above). Lock files hold names, versions and hashes only."
fi
