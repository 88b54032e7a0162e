"""Workforce, statistics and recording feeds: what is due is sent on time, and what came of it can be seen.

`snapshots` builds the one picture that every feed serialises, `dispatch` says when each feed is due and sends those
over HTTP, `lines` keeps the connections of the others open. `counters`, `history` and `figures` remember and show how
it went, `alerts` tells administrators."""
