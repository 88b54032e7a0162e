"""What was said between us and vendors: `wirelog` keeps every exchange, `redaction` keeps secrets out of it and of all
else that is written (`tracebacks` out of error pages), `comparison` and `replays` work with what was kept."""
