"""Scenarios: what happens to an interaction, as data that administrators edit.

`definition` checks a scenario on save; `engine` walks through it, one recorded step after the other; `blocks` is the
explicit list of what a step can be; `substitution` puts `$(names)` into texts, queries, addresses and JSON without
letting a value break out; `library` holds ready-made scenarios."""
