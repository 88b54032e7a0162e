"""Long lists in parts, as vendors take them."""

from collections.abc import Iterator, Sequence


def batched(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Parts of at most `size`, in order."""
    return (items[start : start + size] for start in range(0, len(items), size))
