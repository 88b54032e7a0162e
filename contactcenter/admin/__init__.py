"""The administrators' screens, one module per group. `screens` is the explicit list of them."""
