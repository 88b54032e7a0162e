"""What must reach a CRM: never lost, never doubled, in order for each record.

`entries` takes work in and says what is due, `delivery` brings one entry to its CRM and reacts to what comes back,
`sending` fills it in and makes the request, `trails` remembers its attempts. `breakers` hold everything back while a
vendor is away, `account_tries` finds out when it is back."""
