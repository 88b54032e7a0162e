"""Presence kept alike here and in CRMs, by rules that are data; off until an account is switched on.

`rules` says what follows from what; `wanting` notes what a CRM is to be told, in the transaction of the change;
`sending` tells it; `watching` asks what the CRM has; `taking_over` carries a change of theirs out here; `pace` stops
two sides that answer each other for ever. `ready_set` makes rules to start from."""
