"""For those who run the product: `checks` before the start, `views` for probes, `figures` for Prometheus."""
