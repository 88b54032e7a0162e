"""Interval reports for workforce planning: what happened per quarter of an hour, as files that are delivered.

`intervals` cuts days, `roster` knows who belonged where, `visits` and `stretches` read what happened, `figures` counts,
`layouts` writes files, `schedule` says what is due, `runs` makes the files, `delivery` brings them to their targets."""
