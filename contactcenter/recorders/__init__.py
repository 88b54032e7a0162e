"""What recorders must know about agents and calls, in order and without loss.

`reporting` is called where something happens, `bodies` says it in the recorder's words, `queue` sends it and begins a
new session where something was lost, `refusals` keeps what a recorder will never take."""
