"""Whether an account works, and if not, why and who has to act.

`doctor` tries it step by step and gives a `verdict`, worded by `advice`; `health` keeps the last one. `check_runs` and
`check_ups` try many accounts: when somebody asks, and on a schedule."""
