"""How what we write to a CRM is found again after a crash: records by the end of their title, entries of a history by
their last line."""

from .capabilities import Activity


def mark_of(key: str) -> str:
    return f"(ref {key})"


def marked(title: str, key: str, *, longest: int) -> str:
    """The title, cut where need be, with the key at its end."""
    mark = mark_of(key)
    return f"{title[: longest - len(mark) - 1].rstrip()} {mark}".strip()


def reference_line(key: str) -> str:
    return f"Call reference {key}"


def entry(activity: Activity) -> str:
    """What happened, what the agent noted, and the reference line at the end."""
    extra = [f"{name}: {text}" for name, text in activity.extra.items()]
    lines = [activity.subject, activity.text.strip(), *extra, reference_line(activity.key)]
    return "\n".join(line for line in lines if line)


def holds_reference(text: str, key: str) -> bool:
    """Whether a history's text holds the entry with this key."""
    return reference_line(key) in map(str.strip, text.splitlines())
