"""Who of our agents is whom in each CRM.

`checks` asks the CRMs every day and whenever somebody wants to know, `reports` tells people what is missing, `table` is
the mapping as a file."""
