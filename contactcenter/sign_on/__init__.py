"""Log-in through an identity provider: `views` is the way there and back, `people` says who somebody is here then."""
