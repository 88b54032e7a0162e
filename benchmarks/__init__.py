"""Performance as ratios, each beside a bare baseline taken in the same run. `make bench` runs all."""
