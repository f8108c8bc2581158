"""What was not found leaves the texts, and nothing else does: a table of sentences, and properties of any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedicfmt.encoders.hallucination import _SENTENCE, remove_mentions, without_hallucinations
from sedicfmt.encoders.interfaces import Box, DescribedObject, Description, Detection
from sedicfmt.encoders.name_mentions import Mentions, head

FOUND = Detection("x", 0.7, Box(1, 2, 3, 4))

SENTENCES = [  # text, what is gone, what is there, what is left
    ("A cat, a dog and a red ball on grass.", "red ball", "cat dog", "A cat, a dog."),
    ("A cat sits on a red sofa in front of a window.", "sofa", "cat", "A cat sits in front of a window."),
    (
        "A boy with a kite, which is red, on the beach. The kite flies. It is windy.",
        "red kite",
        "boy",
        "A boy on the beach.",
    ),
    ("A boy holding a kite floating above runs.", "kite", "boy", "A boy."),
    ("With a balloon, a boy runs. They are happy. The sky is blue.", "balloon", "boy", "The sky is blue."),
    ("A dog sleeps; a red ball lies beside it.", "ball", "dog", "A dog sleeps."),
    ("Two balloons rise! The sky is wide.", "balloon", "", "The sky is wide."),
    ("Children play. A slide stands there.", "child", "slide", "A slide stands there."),
    ("Two dogs play. The black dog is wet.", "black dog", "brown dog", "Two dogs play."),
    ("The dog is wet.", "black dog", "brown dog", "The dog is wet."),
    ("A car park at night, with a car.", "car", "car-park", "A car park at night."),
    ("The carpet is red.", "car", "", "The carpet is red."),
    ("A vase of flowers. Warm light.", "vase of flowers", "", "Warm light."),
    ("The man with a hat waves. A man stands.", "man-with-a-hat", "man", "A man stands."),
    ("草地上有一只猫。天空是蓝色的。", "猫", "", "天空是蓝色的。"),
    ("  A man.  Two  spaces, \n as they are ", "dog", "man", "  A man.  Two  spaces, \n as they are "),
    ("", "dog", "", ""),
]


@pytest.mark.parametrize(("text", "gone", "kept", "left"), SENTENCES)
def test_sentences(text, gone, kept, left):
    kept = [name.replace("-", " ") for name in kept.split()]
    assert remove_mentions(text, Mentions([gone], kept)) == left


@pytest.mark.parametrize(
    ("name", "noun"),
    [
        ("a pair of shoes", "shoes"),
        ("vase of flowers", "vase"),
        ("Red Sofa", "sofa"),
        ("the dog", "dog"),
        ("", ""),
        ("of", "of"),
    ],
)
def test_heads(name, noun):
    assert head(name) == noun


def description(*parts: tuple[str, str], overall: str = "", **report) -> Description:
    return Description(overall, tuple(DescribedObject(*part) for part in parts), report)


def test_an_object_that_was_not_found_leaves_and_is_reported():
    before = description(
        ("cat", "cat beside a red ball, with white paws"), ("red ball", "red ball, shiny"), ("lamp", "lamp"),
        overall="A cat and a red ball. A ball bounces. It is shiny.", warnings=["old"],
    )  # fmt: skip
    after = without_hallucinations(before, {0: FOUND, 1: None})
    assert [(p.name, p.text) for p in after.objects] == [("cat", "cat with white paws"), ("lamp", "lamp")]
    assert after.objects[0].box == FOUND.box and after.objects[0].score == 0.7 and after.objects[1].box is None
    assert after.overall == "A cat."
    assert after.report["hallucinations"] == ["red ball"]
    assert after.report["removed"] == ["and a red ball.", "A ball bounces.", "It is shiny.", "beside a red ball,"]
    assert after.report["warnings"] == ["old", "red ball: Hallucination: it is not in the picture and leaves the texts"]
    assert "warnings" in before.report and len(before.objects) == 3


def test_the_text_of_an_object_that_is_there_is_never_empty():
    after = without_hallucinations(description(("cat", "cat in a ball pit"), ("ball", "ball")), {1: None})
    assert [(p.name, p.text) for p in after.objects] == [("cat", "cat")]
    after = without_hallucinations(description(("cat", "ball of wool it has"), ("ball", "ball")), {1: None})
    assert after.objects[0].text == "cat"


def test_nothing_changes_where_all_was_found():
    before = description(("cat", "cat , white"), overall="A  cat.", seconds=1)
    after = without_hallucinations(before, {0: FOUND})
    assert (after.overall, after.objects[0].text, after.report) == (before.overall, "cat , white", before.report)
    assert without_hallucinations(before, {}).objects == before.objects


def test_of_two_of_one_name_the_one_that_is_there_keeps_the_texts():
    before = description(("dog", "dog, brown"), ("dog", "dog, black"), overall="Two dogs. A dog barks.")
    after = without_hallucinations(before, {0: FOUND, 1: None})
    assert after.overall == before.overall and [p.text for p in after.objects] == ["dog, brown"]


WORDS = [
    "a",
    "the",
    "red",
    "ball",
    "balls",
    "cat",
    "dog",
    "with",
    "and",
    "which",
    "is",
    "It",
    "on",
    ",",
    ".",
    ";",
    "!",
    "“",
    "\n",
]
PLAIN = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)
TEXTS = PLAIN | st.text(max_size=80)
NAMES = st.lists(
    st.sampled_from(["ball", "red ball", "the cat", "dog", "cat on the dog"]) | st.text(max_size=9), max_size=3
)


@given(TEXTS, NAMES, NAMES)
def test_what_is_left_mentions_nothing_that_is_gone(text, gone, kept):
    mentions, removed = Mentions(gone, kept), list[str]()
    left = remove_mentions(text, mentions, removed)
    assert (left == text) == (not removed)
    assert not any(mentions(sentence) for sentence in _SENTENCE.split(left))


@given(PLAIN, NAMES, NAMES)
def test_no_word_is_added_or_moved(text, gone, kept):
    words = iter(bare(text))
    assert all(word in words for word in bare(remove_mentions(text, Mentions(gone, kept))))


def bare(text: str) -> list[str]:
    """The words without the marks at their ends."""
    return [word.strip(".,;!") for word in text.split() if word.strip(".,;!")]


@given(TEXTS, NAMES, st.lists(st.booleans(), max_size=3))
def test_any_description_gives_a_description(text, names, found):
    before = description(*((name, f"{name} {text}") for name in names), overall=text)
    answers = {i: FOUND if there else None for i, there in enumerate(found[: len(names)])}
    after = without_hallucinations(before, answers)
    gone = [names[i] for i, answer in answers.items() if answer is None]
    assert len(after.objects) == len(names) - len(gone)
    assert after.report.get("hallucinations", []) == gone
    assert len(after.overall.split()) <= len(text.split()) + text.count(".") + text.count("。")
    assert all(part.text or not part.name for part in after.objects)
