"""Words are counted by white space; a text over its limit ends where it reads as if it were meant to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedicfmt.encoders.words import LONGEST, count_words, limit_with_note, limit_words, normalise, require_text
from sedicfmt.errors import EncodeError
from sedicfmt.limits import MAX_TEXT_BYTES


def test_white_space_runs_become_one_space() -> None:
    assert normalise("  a\tcat \n\n on\u00a0a  mat ") == "a cat on a mat"
    assert limit_words(" a  cat ", 9) == "a cat"


def test_words_are_what_white_space_separates() -> None:
    assert count_words("") == 0
    assert count_words("a well-known cat, asleep") == 4


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("One two three.", 3, "One two three."),
        ("One two three. Four five six.", 5, "One two three."),  # a sentence
        ("One two three, four five six seven.", 5, "One two three"),  # a clause, its comma gone
        ("One two three four five six", 4, "One two three four"),  # a word
        ("One. Two three four five six seven", 6, "One. Two three four five six"),  # the sentence ends too early
        ("A cat on the mat", 4, "A cat"),  # no dangling "on the"
        ('He said "stop there." Then he left', 5, 'He said "stop there."'),  # quotes belong to the sentence
        ("the the the", 2, "the"),
        ("- - -", 2, "-"),
        ("cat", 0, ""),
        ("cat", -1, ""),
    ],
)
def test_cut(text: str, most: int, expected: str) -> None:
    assert limit_words(text, most) == expected


def test_a_cut_never_exceeds_the_limit() -> None:
    text = "A cat, a dog. A bird and the fish; two of them: with, the, end."
    for most in range(20):
        assert count_words(limit_words(text, most)) <= most


@pytest.mark.parametrize(
    ("text", "words"),
    [("一只猫，睡着。", 5), ("ねこが眠る", 5), ("แมวนอน", 6), ("3只猫 asleep", 4), ("「猫」", 1), ("고양이가 잔다", 2)],
)
def test_scripts_without_spaces_are_counted_by_character(text: str, words: int) -> None:
    assert count_words(text) == words
    for most in range(words + 1):
        cut = limit_words(text, most)
        assert count_words(cut) <= most and text.startswith(cut)


LONG = [  # one "word" to white space
    "\ua000" * 100, "\u31f0" * 90, "\u1980" * 90, "\ua9a5" * 100, "\u1b05" * 90, "\u1780" * 90, "\u0e01\u0e33" * 90,
    "字" * 304,
    "Ａ" * 100, "𑄌" * 90, "𝐛" * 100, "\U0001f600" * 300, "\U0001f468\u200d\U0001f467" * 80, "★" * 200, "red—old—" * 200,
    "red/old/" * 200, "red_old_" * 200, "red-old-" * 200, "red|old|" * 200, "x" * 3000,
    "a,b,c," * 300, "!" * 2000, "犬" + "!" * 2000,
    "한국어문장" * 60,
]  # fmt: skip


@pytest.mark.parametrize("text", LONG)
def test_no_word_is_of_any_length(text: str) -> None:
    assert count_words(text) > 10
    cut = limit_words(text, 10)
    assert 0 < count_words(cut) <= 10 and text.startswith(cut)
    assert len(cut) <= 10 * LONGEST and len(limit_words(text, 50).encode()) <= 50 * 3 * LONGEST


@pytest.mark.parametrize(
    "text", ["a state-of-the-art, internationalised camera", 'the "well-known" 3.5-metre cat:', "naïve Привет мир."]
)
def test_ordinary_words_stay_whole(text: str) -> None:
    assert count_words(text) == len(text.split())


PIECES = "a b犬ก็.,—/_x！\U0001f600\u0301\u200d\u31f0「」-"


@given(st.text(st.sampled_from(PIECES)) | st.text(), st.integers(0, 12))
def test_any_text_is_its_words_and_any_cut_holds(text: str, most: int) -> None:
    cut = limit_words(text, most)
    assert count_words(cut) <= most and normalise(text).startswith(cut)
    assert limit_words(text, 10**6) == normalise(text)[: len(limit_words(text, 10**6))]


def test_such_a_text_ends_with_a_sentence_or_clause() -> None:
    assert limit_words("猫睡着。狗在跑步", 5) == "猫睡着。"
    assert limit_words("猫睡着，狗在跑步", 5) == "猫睡着"


def test_bytes_are_limited_between_characters() -> None:
    limited = limit_words("\u732b" * 3000, 5000)
    assert len(limited.encode()) <= MAX_TEXT_BYTES
    assert set(limited) == {"\u732b"}


def test_note_names_the_place_only_where_something_was_lost() -> None:
    assert limit_with_note("a  cat", 2, "overall") == ("a cat", [])
    assert limit_with_note("a cat here", 2, "overall") == ("a cat", ["overall: cut from 3 to 2 words"])


def test_text_that_utf8_cannot_hold_is_the_callers_fault() -> None:
    assert require_text("caf\u00e9", "x") == "caf\u00e9"
    for bad in ("\ud800", 7, None):
        with pytest.raises(EncodeError, match="overall"):
            require_text(bad, "overall")
