"""OAuth 2.0: `authorisation` gets an account its first tokens, `access` hands providers a valid one and renews it under
a lease, `endpoint` is the one request to a token endpoint, `tokens` what is stored."""
