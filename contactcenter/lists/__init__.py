"""Calling lists.

People come in (`imports`, from `files` or a vendor; `rows` takes a page of them in by the `mapping`), agents call them
(`dialling`, within the `hours` of the list), and what came of the calls goes back (`exports`, with the texts of
`results`). Imports and exports are `runs`: rows that workers bring on by lease, page by page."""
