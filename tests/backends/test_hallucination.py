"""What was not found leaves the texts, and nothing else does: a table of sentences, and properties of any text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedicfmt.encoders.interfaces import Box, DescribedObject, Description, Detection
from sedicfmt.encoders.objects.hallucination import _SENTENCE, remove_mentions, without_hallucinations
from sedicfmt.encoders.objects.name_mentions import Mentions, head
from sedicfmt.encoders.words import DANGLING

FOUND = Detection("x", 0.7, Box(1, 2, 3, 4))

SENTENCES = [  # text, what is gone, what is there, what is left
    ("A cat, a dog and a red ball on grass.", "red ball", "cat dog", "A cat."),
    ("A cat sits on a red sofa in front of a window.", "sofa", "cat", "A cat sits."),
    ("A boy with a kite, which is red, on a beach. The kite flies. It is hot.", "red kite", "boy", ""),
    ("A boy holding a kite floating above runs.", "kite", "boy", ""),
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
    ("An old, red car on a street. A tree stands.", "car", "", "A tree stands."),  # not "An old, on a street"
    ("A room with a sofa no. 5 with a cushion.", "sofa", "cushion", ""),
    ("A room with a sofa. with a cushion.", "sofa", "cushion", "A room."),
    ("A ball. . A cat sleeps.", "ball", "cat", "A cat sleeps."),  # no lone full stop
    ("A cat . . A ball .", "ball", "cat", "A cat ."),
    ("The room has, on the left, a sofa.", "sofa", "", ""),  # "has" waits for it
    ("In the background, a hill rises, with trees. It is dark.", "hill", "", ""),  # the main clause
    ("A boy plays with a dog and a cat in a garden.", "dog", "cat", "A boy plays."),
    ("A desk with a lamp, a book and a cup.", "lamp", "book", "A desk."),  # a list with its first
    ("A desk with a lamp, a book and a cup.", "book", "cup", "A desk with a lamp."),
    ("A desk between a tree and a car.", "car", "tree", ""),
    ("A room with a cat, which is near a ball.", "ball", "cat", "A room with a cat."),
    ("A house surrounded by a fence.", "fence", "house", "A house."),
    ("A man rides a bicycle, followed by a dog.", "dog", "man", "A man rides a bicycle."),
    ("A ball lies there; the cat sleeps.", "ball", "cat", "The cat sleeps."),
    ("A cat and a ball on a rug.", "ball", "cat", "A cat."),  # on the rug is the ball
    ("桌子上有猫、狗和鸟。天空是蓝色的。", "狗", "猫", "天空是蓝色的。"),
    ("草地上有一只猫。天空是蓝色的。", "猫", "", "天空是蓝色的。"),
    ("  A man.  Two  spaces, \n as they are ", "dog", "man", "  A man.  Two  spaces, \n as they are "),
    ("", "dog", "", ""),
]


@pytest.mark.parametrize(("text", "gone", "kept", "left"), SENTENCES)
def test_sentences(text, gone, kept, left):
    kept = [name.replace("-", " ") for name in kept.split()]
    assert remove_mentions(text, Mentions([gone], kept)) == left


TABLE = Path(__file__).parents[1] / "outside/sentences.tsv"
LINES = [line.split("\t") for line in TABLE.read_text().splitlines() if not line.startswith("#")]


@pytest.mark.parametrize(("text", "gone", "kept", "left"), LINES)
def test_a_sentence_is_as_it_was_or_a_true_one_or_gone(text, gone, kept, left):
    """Each row of the table was read by a person: what is left is a sentence, and was true before."""
    assert remove_mentions(text, Mentions([gone], kept.split(","))) == left


@pytest.mark.parametrize(("text", "gone", "kept", "left"), LINES)
def test_what_does_not_mention_it_stays_to_the_letter(text, gone, kept, left):
    assert remove_mentions(text, Mentions(["zeppelin"], kept.split(","))) == text


HEADS = {
    "a pair of shoes": "shoes",
    "vase of flowers": "vase",
    "Red Sofa": "sofa",
    "the dog": "dog",
    "": "",
    "of": "of",
}


@pytest.mark.parametrize(("name", "noun"), HEADS.items())
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
    assert [(p.name, p.text) for p in after.objects] == [("cat", "cat"), ("lamp", "lamp")]
    assert after.objects[0].box == FOUND.box and after.objects[0].score == 0.7 and after.objects[1].box is None
    assert after.overall == "A cat."
    assert after.report["hallucinations"] == ["red ball"]
    assert after.report["removed"] == [
        "and a red ball.", "A ball bounces.", "It is shiny.", "beside a red ball, with white paws",
    ]  # fmt: skip
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


WORDS = ["a", "the", "red", "ball", "balls", "cat", "dog", "with", "and", "which", "is", "It", "on"]
WORDS += [",", ".", ";", "!", "“", "\n"]
PLAIN = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)
TEXTS = PLAIN | st.text(max_size=80)
NAME = st.sampled_from(["ball", "red ball", "the cat", "dog", "cat on the dog"]) | st.text(max_size=9)
NAMES = st.lists(NAME, max_size=3)


@given(TEXTS, NAMES, NAMES)
def test_what_is_left_mentions_nothing_that_is_gone(text, gone, kept):
    mentions, removed = Mentions(gone, kept), list[str]()
    left = remove_mentions(text, mentions, removed)
    assert (left == text) == (not removed)
    assert not any(mentions(sentence) for sentence in _SENTENCE.split(left))


THINGS = st.lists(st.sampled_from(["a cat", "a ball", "an old, red ball", "a tree"]), min_size=2, max_size=6)
JOINTS = [" with ", " beside ", " and ", ", ", " on ", ", which is near ", ", followed by ", " between "]


@given(THINGS, st.lists(st.sampled_from(JOINTS), min_size=5, max_size=5))
def test_what_is_left_of_a_sentence_is_one(things, joints):
    ends = [*joints[: len(things) - 1], "."]
    text = "A room with " + "".join(thing + end for thing, end in zip(things, ends, strict=True))
    left = remove_mentions(text, Mentions(["ball"], ["cat"]))
    if left:
        assert left.startswith("A room") and left.endswith(".") and not left.endswith((",.", " ."))
        assert bare(left)[-1] not in DANGLING | {"followed", "between"} and "old" not in bare(left) and ". " not in left


@given(PLAIN, NAMES, NAMES)
def test_no_word_is_added_or_moved(text, gone, kept):
    words = iter(bare(text))
    assert all(word in words for word in bare(remove_mentions(text, Mentions(gone, kept))))


def bare(text: str) -> list[str]:
    """The words without the marks at their ends."""
    return [word.strip(".,;!").casefold() for word in text.split() if word.strip(".,;!")]


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
