"""A conversation with a plain function, and what counts as an answer."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedicfmt.encoders.interfaces import DescribeRequest, Description
from sedicfmt.encoders.talk.check_answer import Fault, read_json, read_objects, read_overall
from sedicfmt.encoders.talk.describe_by_talk import Conversation, Question, Unusable, short_name, whole_text
from sedicfmt.encoders.talk.prompt_files import load_prompts
from sedicfmt.encoders.words import count_words, normalise
from sedicfmt.errors import EncodeError
from sedicfmt.limits import MAX_TEXT_BYTES

PICTURE = np.zeros((4, 6, 3), np.uint8)
PROMPTS = load_prompts()
DOG = {"objects": [{"name": "brown dog", "details": "brown dog, sitting"}]}
WHOLE = {"overall": "A brown dog on grass."}


def talk(*answers: object, request: DescribeRequest = DescribeRequest()) -> tuple[Description, list[Question]]:  # noqa: B008
    """What comes of these answers, and what was asked for them."""
    left, asked = list(answers), list[Question]()

    def ask(question: Question) -> str:
        asked.append(question)
        answer = left.pop(0)
        return answer if isinstance(answer, str) else json.dumps(answer)

    told = Conversation(ask, PROMPTS).describe(PICTURE, request)
    assert not left
    return told, asked


@pytest.mark.parametrize(
    "around", ["{}", "```json\n{}\n```", "Sure: {} Anything else?", "<think>{{no}} {{</think>\n{}", "{}\n{{}}"]
)
def test_what_models_put_around_json(around: str) -> None:
    assert read_json(around.format(json.dumps(WHOLE)), "overall") == [WHOLE]


@pytest.mark.parametrize(
    "answer", ["", " ", "dog", "[1]", "{", "}{", '{"a": }', "{" * 9999, '{"a":' * 99999, "<think>{}"]
)
def test_what_is_no_json_object(answer: str) -> None:
    with pytest.raises(Fault):
        read_json(answer, "a")


def test_a_number_of_too_many_digits() -> None:
    with pytest.raises(Fault):
        read_json('{"a": ' + "9" * 9999 + "}", "a")


@pytest.mark.parametrize(
    ("objects", "fault"),
    [
        (None, '"objects" is not a list'),
        ({}, '"objects" is not a list'),
        (["dog"], r"objects\[0\] is not an object"),
        ([{"name": "dog"}], r"objects\[0\].details is missing"),
        ([{"details": "dog"}], r"objects\[0\].name is missing"),
        ([{"name": 7, "details": ""}], "expected a string"),
        ([{"name": " - ", "details": "dog"}], "name is empty"),
        ([{"name": "dog", "details": None}], "expected a string"),
        ([{"name": "\ud800", "details": ""}], "surrogate"),
    ],
)
def test_faults_of_objects_say_where(objects: object, fault: str) -> None:
    with pytest.raises(Fault, match=fault):
        read_objects(json.dumps({"objects": objects}))


def test_objects_and_other_keys() -> None:
    answer = {"objects": [{"name": " red\nkite ", "details": "", "box": [1, 2]}], "mood": "calm"}
    assert read_objects(json.dumps(answer)) == [("red kite", "")]
    assert read_objects('{"objects": []}') == []
    with pytest.raises(Fault, match="overall is empty"):
        read_overall('{"overall": " . "}')


def test_names_and_details_become_one_text() -> None:
    assert whole_text("brown dog", "a dog with a collar") == "a dog with a collar"
    assert whole_text("brown dog", "short fur") == "brown dog, short fur"
    assert whole_text("brown dog", "") == "brown dog"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("brown dog", "brown dog"),
        ("very large shaggy brown dog", "shaggy brown dog"),
        ("brown dog with a red collar", "brown dog"),
        ("pair of old leather shoes", "old leather shoes"),
    ],
)
def test_long_names_keep_the_noun(name: str, short: str) -> None:
    assert short_name(name, 3) == short


def test_the_second_question_knows_the_objects() -> None:
    told, (first, second) = talk(DOG, WHOLE)
    assert told.overall == WHOLE["overall"] and told.objects[0].text == "brown dog, sitting"
    assert (first.name, second.name) == ("objects", "overall")
    assert "- brown dog, sitting" in second.user and first.picture is PICTURE
    assert told.report == {"prompt_version": "1", "warnings": []}


def test_a_picture_without_objects() -> None:
    told, asked = talk({"objects": []}, WHOLE)
    assert told.objects == () and "- none" in asked[1].user


def test_a_fault_is_quoted_and_attempts_are_counted() -> None:
    _, asked = talk("$objects {", "$objects {", DOG, WHOLE)
    assert [question.attempt for question in asked] == [0, 1, 2, 0]
    assert asked[1].user.startswith(asked[0].user) and "$objects {" in asked[1].user
    assert asked[2].user.count("Your answer to this was") == 1


def test_a_long_answer_is_quoted_in_part() -> None:
    _, asked = talk("x" * 100_000, DOG, WHOLE)
    assert len(asked[1].user) < 5000


def test_three_useless_answers_end_it() -> None:
    with pytest.raises(Unusable, match="objects in 3 attempts") as caught:
        talk("a", "b", "c " * 1000)
    assert [question.attempt for question in caught.value.questions] == [0, 1, 2] and len(str(caught.value)) < 300


def test_what_stays_too_long_is_cut_at_a_clause() -> None:
    long = {"overall": "A brown dog sits on green grass, while a red kite flies"}
    told, asked = talk(DOG, long, long, long, request=DescribeRequest(words_overall=9))
    assert told.overall == "A brown dog sits on green grass"
    assert told.report["warnings"] == ["overall: cut from 12 to 7 words"] and "at most 9 are allowed" in asked[2].user


def test_too_long_once_then_not_json_is_still_of_use() -> None:
    told, _ = talk({"overall": "one two three four"}, "no", "no", request=DescribeRequest(0, 30, 3))
    assert told.overall == "one two three"


def test_names_that_stay_too_long_are_cut_with_a_warning() -> None:
    long = {"objects": [{"name": "very large shaggy brown dog", "details": "a brown dog"}]}
    told, _ = talk(long, long, long, WHOLE)
    assert told.objects[0].name == "shaggy brown dog" and "is cut to" in str(told.report["warnings"])


def test_prompts_that_are_not_there() -> None:
    assert load_prompts("1").version == "1"
    for version in ("2", "", "..", "../prompts/1"):
        with pytest.raises(EncodeError, match="there are 1"):
            load_prompts(version)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
LONG = st.text() | st.lists(st.sampled_from(["a", "dog,", "of", "犬", "red", ".", "with", "\ud800"])).map(" ".join)
THING: st.SearchStrategy[Any] = st.fixed_dictionaries({"name": LONG | JSON, "details": LONG | JSON})
FORM = st.fixed_dictionaries({"objects": st.lists(THING, max_size=4) | JSON, "overall": LONG | JSON})
ANSWER = st.text() | JSON.map(json.dumps) | FORM.map(json.dumps) | FORM.map(lambda f: json.dumps(f, ensure_ascii=False))


@settings(deadline=None, max_examples=150)
@given(answers=st.lists(ANSWER, min_size=6, max_size=6), objects=st.integers(0, 7), words=st.integers(1, 12))
def test_any_answers_give_a_description_within_limits_or_our_error(
    answers: list[str], objects: int, words: int
) -> None:
    left = list(answers)
    try:
        conversation = Conversation(lambda question: left.pop(0), PROMPTS)
        told = conversation.describe(PICTURE, DescribeRequest(objects, words, words))
    except Unusable as error:
        assert error.exit_code == 8
        return
    assert len(told.objects) <= objects and told.overall
    for text in (told.overall, *(part.text for part in told.objects)):
        assert text and count_words(text) <= words and normalise(text) == text
        assert len(text.encode()) <= MAX_TEXT_BYTES
    for name in (part.name for part in told.objects):
        assert name and len(name.split()) <= 3 and normalise(name) == name


EXAMPLES = [PROMPTS.objects.template, PROMPTS.overall.template]
THOUGHTS = [  # forms in which models think aloud
    "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>{}",
    "[THINK]{}[/THINK]{}",
    "◁think▷{}◁/think▷{}",
    "Thinking Process:\n\n1. {}\n\n{}",
    "<think>{}\n\n{}",
    "<think>{}</think>{}",
    "{}\n{}\nThat is my answer {{I hope}}.",
]


@pytest.mark.parametrize("form", THOUGHTS)
def test_the_last_object_with_the_asked_key_is_the_answer(form: str) -> None:
    objects, overall = (form.format(example, "{}") for example in EXAMPLES)
    told, asked = talk(objects.replace("{}", json.dumps(DOG)), overall.replace("{}", json.dumps(WHOLE)))
    assert told.overall == WHOLE["overall"] and told.objects[0].text == "brown dog, sitting" and len(asked) == 2


@pytest.mark.parametrize("form", THOUGHTS)
def test_the_example_of_the_question_is_no_answer(form: str) -> None:
    objects, overall = (form.format(example, "") for example in EXAMPLES)
    _, asked = talk(objects, DOG, overall, WHOLE)
    for question in (asked[1], asked[3]):  # a draft in thoughts that have an end is not looked at
        assert "is the example of the question" in question.user or "cannot be used: it is empty" in question.user
    with pytest.raises(Unusable, match=r"example of the question|it is empty"):
        talk(overall, overall, overall, request=DescribeRequest(objects=0))


@pytest.mark.parametrize("same", ["A sharp daylight photograph of …", "a sharp  daylight photograph of"])
def test_an_example_without_its_marks_is_one_too(same: str) -> None:
    with pytest.raises(Fault, match="example"):
        read_overall(json.dumps({"overall": same}), PROMPTS.overall.template)


BAD = [
    7,
    {"name": "dog"},
    {"name": "-", "details": "x"},
    {"name": "lamp", "details": None},
    {"name": "\ud800", "details": ""},
]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_bad_object_of_three_loses_one(bad: object, place: int) -> None:
    objects: list[object] = [{"name": "cat", "details": "cat"}, {"name": "sofa", "details": "sofa"}]
    objects.insert(place, bad)
    three = {"objects": objects}
    told, asked = talk(three, three, three, WHOLE)
    assert [part.name for part in told.objects] == ["cat", "sofa"]
    assert f"objects[{place}]" in asked[1].user and f"objects[{place}]" in str(told.report["warnings"])


def test_of_three_answers_the_one_with_the_fewest_faults_is_taken() -> None:
    good = [{"name": "cat", "details": "cat"}, {"name": "sofa", "details": "sofa"}]
    told, _ = talk({"objects": [*good, 1]}, {"objects": [good[0], 1, 2]}, {"objects": [1, 2, 3]}, WHOLE)
    assert [part.name for part in told.objects] == ["cat", "sofa"]


def test_a_text_without_spaces_is_limited_by_its_characters() -> None:
    long = {"overall": "一只灰色的猫睡在红色的沙发上。" * 20}
    told, asked = talk(long, long, long, request=DescribeRequest(0, 30, 50))
    assert "has 280 words, at most 50" in asked[1].user
    assert told.overall == "一只灰色的猫睡在红色的沙发上。" * 3
    name = {"objects": [{"name": "戴着帽子的男人", "details": "戴着帽子的男人，笑"}]}
    assert talk(name, WHOLE)[0].objects[0].name == "戴着帽子的男人"


def said_object(name: str, details: str) -> str:
    return json.dumps({"objects": [{"name": name, "details": details}]})


def said_overall(text: str) -> str:
    return json.dumps({"overall": text})


SHOWN = "brown dog with short glossy fur and a red collar, sitting"
NO_ANSWERS = [
    (said_object("brown dog", ""), "o"),
    (said_object("brown dog", "brown dog"), "o"),
    (said_object("brown dog", SHOWN + ", here"), "o"),
    (said_object("brown dog", SHOWN + " on grass"), "o"),
    (said_object("dog", SHOWN), "o"),
    (said_object("brown dog", "brown dog with short glossy fur"), "o"),
    (said_object("string", "string"), "o"),
    (said_object("<name>", "<details>"), "o"),
    (said_object("name", "details"), "o"),
    (said_object("object name", "description here"), "o"),
    (said_object("...", "..."), "o"),
    (said_object("[object]", "[details]"), "o"),
    (said_object("<name>", "..."), "o"),
    (said_object("brown dog", "string"), "o"),
    (said_overall("A photo. A sharp daylight photograph of ..."), "v"),
    (said_overall("A sharp daylight photo"), "v"),
    (said_overall("A sharp daylight photograph of"), "v"),
    (said_overall("A sharp daylight photograph of something"), "v"),
    (said_overall("A sharp daylight photograph of [subject]"), "v"),
    (said_overall("string"), "v"),
    (said_overall("<description>"), "v"),
    (said_overall("Your description here."), "v"),
    (said_overall("A sharp daylight"), "v"),
    (said_overall("..."), "v"),
    (said_overall("sharp daylight photograph of a scene ..."), "v"),
    ("<think> maybe " + said_overall("Draft: something to check") + " hmm wait, no", "v"),
    ("<think> maybe " + said_overall("A boat draft") + "</think> I cannot.", "v"),
    ("[THINK] " + said_overall("A boat") + " hm", "v"),
    ("<|channel|>analysis<|message|>" + said_overall("A boat") + " hm maybe", "v"),
    ("<thinking>" + said_overall("A boat") + " but no", "v"),
]
REAL_ANSWERS = [
    (said_overall("A real boat.") + ' matches {"type":"object","properties":{"overall":{"type":"string"}}}', "v"),
    (said_overall("A real boat.") + " (format: " + said_overall("A sharp daylight photograph of ...") + ")", "v"),
    (said_overall("A sharp daylight photograph of a brown dog on grass."), "v"),
    (said_overall("A sharp daylight photograph of two boats ..."), "v"),
    ("<think>" + said_overall("x draft") + "</think>\n" + said_overall("A boat."), "v"),
    ("<think> hm " + said_overall("A boat."), "v"),
    ("<think> hm\n```json\n" + said_overall("A boat.") + "\n```", "v"),
    (said_overall("A photograph."), "v"),
    (said_object("boat", "red boat") + " as in " + said_object("brown dog", SHOWN), "o"),
    (said_object("boat", "red boat") + " as in " + said_object("string", "string"), "o"),
    (said_object("boat", "red boat") + ' {"objects":{"type":"array"}}', "o"),
    (said_object("brown dog", "brown dog, sitting"), "o"),
    (said_object("brown dog", "brown dog with short fur"), "o"),
    (
        said_object("brown dog", "brown dog with short glossy fur, a red collar and a white chest, lying on its side"),
        "o",
    ),
    (said_object("text", "white text on a sign"), "o"),
    (said_object("name tag", ""), "o"),
    (said_object("dog", "none"), "o"),
    (said_object("white object", "oval"), "o"),
    (said_object("black dog", "black dog with long fur and a blue collar, standing"), "o"),
    (said_object("dog", ""), "o"),
]


def read(answer: str, kind: str) -> object:
    objects, overall = PROMPTS.objects.template, PROMPTS.overall.template
    return read_objects(answer, objects) if kind == "o" else read_overall(answer, overall)


@pytest.mark.parametrize(("answer", "kind"), NO_ANSWERS)
def test_placeholders_echoes_and_drafts_are_no_answers(answer: str, kind: str) -> None:
    with pytest.raises(Fault):
        read(answer, kind)


@pytest.mark.parametrize(("answer", "kind"), REAL_ANSWERS)
def test_an_answer_stays_one_whatever_stands_around_it(answer: str, kind: str) -> None:
    assert "draft" not in str(read(answer, kind))
