# Everything here works from a fresh clone; see README.md.
.PHONY: help demo test lint bench lock

help:
	@echo "make demo   try everything out: installs into .venv, starts all processes, Ctrl-C stops them"
	@echo "make test   every check and test, on SQLite and on PostgreSQL with Redis"
	@echo "make lint   ruff and mypy only"
	@echo "make bench  measure against bare programs"
	@echo "make lock   write requirements*.txt anew from pyproject.toml"

demo:
	@exec sh scripts/demo.sh

test:
	@exec sh scripts/test.sh

lint:
	@exec sh scripts/test.sh --lint

bench:
	@exec sh scripts/bench.sh

lock:
	@exec sh scripts/lock.sh
