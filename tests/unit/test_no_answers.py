"""What models say in place of a description: refusals, and drafts in thoughts of every mark."""

import pytest

from sedicfmt.encoders.talk.check_answer import Fault, read_overall
from sedicfmt.encoders.talk.echoes import is_refusal

DRAFT, ANSWER = '{"overall": "A draft of a green boat."}', '{"overall": "A red boat at sea."}'
MARKS = [
    ("<think>", "</think>"), ("<seed:think>", "</seed:think>"), ("<longcat_think>", "</longcat_think>"),
    ("<mm:think>", "</mm:think>"), ("<|START_THINKING|>", "<|END_THINKING|>"), ("<think_fast>", "</think_fast>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"), ("<unused94>thought\n", "<unused95>"), ("[THINK]", "[/THINK]"),
]  # fmt: skip


@pytest.mark.parametrize(("begin", "end"), MARKS)
def test_thoughts_of_every_mark(begin, end):
    assert read_overall(f"{begin}maybe {DRAFT} hmm{end}{ANSWER}") == "A red boat at sea."
    for draft in (f"{begin}maybe {DRAFT} hmm{end}", f"{begin}maybe {DRAFT} hmm, but wait"):
        with pytest.raises(Fault):
            read_overall(draft)


def test_a_thinking_process_without_marks():
    assert read_overall(f"Thinking Process:\n1. maybe {DRAFT}\n\nFinal answer:\n{ANSWER}") == "A red boat at sea."
    with pytest.raises(Fault):
        read_overall(f"**Thinking Process:**\n1. maybe {DRAFT}, but wait")


REFUSALS = """I'm sorry, but I can't help with that.
Sorry, I can't assist with that request.
I cannot view images.
I don't see an image attached.
I'm unable to view the picture.
I am unable to see the image you are referring to.
As an AI language model, I cannot see pictures.
Unfortunately, I cannot analyze this photo.
No image was provided.
No picture is attached.
The image was not provided, so I cannot describe it.
It appears the image has not been uploaded.
It seems that no image has been provided.
There is no image attached to your message.
Please upload the image so that I can describe it.""".splitlines()
DESCRIPTIONS = """A woman looks sorry.
Sorry is written on a cake.
The image shows a red boat.
The image is not sharp and shows a street.
The photo is taken at dusk.
No people are visible on a wide beach.
No picture hangs on the white wall.
There is no wind on the lake.
Please wait here, says a sign on a door.
An AI generated portrait of a man.
It seems to be late in the day.
I see a cat on a mat.""".splitlines()


@pytest.mark.parametrize(("text", "refused"), [(t, True) for t in REFUSALS] + [(t, False) for t in DESCRIPTIONS])
def test_a_refusal_is_no_description(text, refused):
    assert is_refusal(text) == refused
