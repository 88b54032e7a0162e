"""The simulated bot has an answer to everything, whatever comes together in one message."""

from itertools import combinations

from integrations.simulators.watson_dialog import WORDS, take_turn

STEMS = [stem for stems, _, _ in WORDS for stem in stems]


def test_every_mixture_of_words_is_answered() -> None:
    for some in (*combinations(STEMS, 1), *combinations(STEMS, 2), *combinations(STEMS, 3)):
        turn = take_turn(" and ".join(some), {})
        assert turn.generic and turn.in_short(), some


def test_a_greeting_before_a_question_is_no_second_question() -> None:
    assert take_turn("Hello, where is my parcel?", {}).texts() == ["What is your order number?"]
    assert take_turn("Hello", {}).texts() == ["Hello! How can I help you?"]


def test_two_questions_that_are_close_are_both_offered() -> None:
    told = take_turn("opening hours and my order", {}).in_short()
    assert told == "Did you mean: Opening hours or Where my order is?"
