"""A command that cannot be carried out now: the sentence is for the person who gave it."""


class NotPossible(Exception):
    """What happened, what it means, what to do next. `field` names the input to correct, where there is one."""

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field
