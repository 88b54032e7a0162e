"""Who is calling: `matching` finds the contact and says why; of people whom nobody here knows `caller_data` asks
caller-data systems, and `contact_fields` puts their answers into a new contact."""
