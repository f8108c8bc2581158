"""Image Textualization (paper 3.1): a conversation in two stages with whatever model sees pictures and answers in words.

    picture -> objects: names and details (fine-grained) -> the whole, knowing these objects (coarse-grained) -> Description

How a question reaches the model is the caller's: a function from a `Question` to the answer's text. An answer is checked
(check_answer.py). One of no use, or with a text over its limit, is quoted back with what is wrong with it, at most AGAIN
times. What is still too long then is cut at a clause (words.py), with a warning; what is still of no use ends as `Unusable`.
Grounder and segmenter fill in where the objects are: nobody who only talks knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from sedicfmt.encoders.interfaces import DescribedObject, DescribeRequest, Description
from sedicfmt.encoders.objects.name_mentions import MEASURES, PREPOSITIONS, Mentions
from sedicfmt.encoders.talk.check_answer import OBJECTS_SCHEMA, OVERALL_SCHEMA, Fault, read_objects, read_overall
from sedicfmt.encoders.talk.prompt_files import Prompts
from sedicfmt.encoders.words import count_words, limit_with_note, limit_words
from sedicfmt.errors import BackendFailed
from sedicfmt.picture import Picture

AGAIN = 2  # times that a question is put again
WORDS_NAME = 3  # the paper's l_n, of which it gives no number: an adjective or two and the noun
MOST_CHARACTERS = 30  # of a name in a script without spaces
QUOTED = 2000  # characters of a useless answer that are quoted back

Said = TypeVar("Said")
Objects = tuple[list[tuple[str, str]], list[str]]  # (name, details) of each, and what is wrong with others


@dataclass(frozen=True, eq=False)
class Question:
    """All that a model is told for one answer. `schema` is a JSON schema, `name` one word for it; `attempt` counts from 0:
    a model that gives the same useless answer twice is asked the same twice, and may answer otherwise."""

    name: str
    system: str
    user: str
    picture: Picture
    schema: dict[str, Any]
    attempt: int = 0


Ask = Callable[[Question], str]


class Unusable(BackendFailed):
    """No answer could be used; `questions` are those that were put, so that stored answers can be forgotten."""

    def __init__(self, message: str, questions: list[Question]):
        super().__init__(message)
        self.questions = questions


@dataclass(frozen=True)
class Conversation:
    """Asks `ask` about pictures in the words of `prompts`; names have at most `words_name` words."""

    ask: Ask
    prompts: Prompts
    words_name: int = WORDS_NAME

    def describe(self, picture: Picture, request: DescribeRequest) -> Description:
        """Words within the request's limits, no boxes or masks. Raises Unusable, and what `ask` raises."""
        warnings = list[str]()
        objects: tuple[DescribedObject, ...] = ()
        if request.objects > 0:
            request.on_part("asking for objects")
            objects = self._objects(picture, request, warnings)
        overall = ""
        if request.words_overall > 0:
            request.on_part("asking for the whole")
            overall = self._overall(picture, request, objects, warnings)
        return Description(overall, objects, {"prompt_version": self.prompts.version, "warnings": warnings})

    def _objects(self, picture: Picture, request: DescribeRequest, warnings: list[str]) -> tuple[DescribedObject, ...]:
        most, words = request.objects, request.words_object
        user = self.prompts.objects.substitute(objects=most, words_name=self.words_name, words_object=words)
        question = Question("objects", self.prompts.system, user, picture, OBJECTS_SCHEMA)

        def read(answer: str) -> Objects:
            faults = list[str]()
            return read_objects(answer, self.prompts.objects.template, faults), faults

        def limits(told: Objects) -> list[str]:
            said, faults = told
            names = [long_name(name, self.words_name, f"objects[{i}].name") for i, (name, _) in enumerate(said[:most])]
            texts = [too_long(whole_text(*s), words, f"objects[{i}].details") for i, s in enumerate(said[:most])]
            return [*faults, *names, *texts]

        said, faults = self._agreed(question, read, limits)
        warnings += [f"{fault}: it is left out" for fault in faults]
        if len(said) > most:
            warnings.append(f"objects: the first {most} of {len(said)} {'is' if most == 1 else 'are'} kept")
        return tuple(self._object(i, *s, words, warnings) for i, s in enumerate(said[:most]))

    def _object(self, i: int, name: str, details: str, words: int, warnings: list[str]) -> DescribedObject:
        text, notes = limit_with_note(whole_text(name, details), words, f"objects[{i}].details")
        short = short_name(name, self.words_name)
        warnings += [f"objects[{i}].name: {name!r} is cut to {short!r}"] if short != name else []
        warnings += notes
        return DescribedObject(short, text)

    def _overall(
        self, picture: Picture, request: DescribeRequest, objects: tuple[DescribedObject, ...], warnings: list[str]
    ) -> str:
        known, most = "\n".join(f"- {part.text}" for part in objects) or "- none", request.words_overall
        user = self.prompts.overall.substitute(known=known, words_overall=most)
        question = Question("overall", self.prompts.system, user, picture, OVERALL_SCHEMA)
        read = partial(read_overall, example=self.prompts.overall.template)
        said = self._agreed(question, read, lambda text: [too_long(text, most, "overall")])
        overall, notes = limit_with_note(said, most, "overall")
        warnings += notes
        return overall

    def _agreed(self, question: Question, read: Callable[[str], Said], limits: Callable[[Said], list[str]]) -> Said:
        """What the model says within `limits`; where it never does, that with the fewest faults. Raises Unusable."""
        asked, usable, first = list[Question](), list[tuple[int, Said]](), question.user
        for attempt in range(1, 2 + AGAIN):
            asked.append(question)
            answer = self.ask(question)
            try:
                said = read(answer)
                faults = list(filter(None, limits(said)))
                usable.append((len(faults), said))
                fault = "; ".join(faults)
            except Fault as error:
                fault = str(error)
            if not fault:
                return said
            quoted = {"question": first, "answer": answer[:QUOTED], "fault": fault}
            question = replace(question, user=self.prompts.again.substitute(quoted), attempt=attempt)
        if usable:
            return min(reversed(usable), key=lambda counted: counted[0])[1]
        raise _useless(question.name, answer, fault, asked)


def _useless(name: str, answer: str, fault: str, asked: list[Question]) -> Unusable:
    beginning = " ".join(answer.split())[:80]
    return Unusable(
        f"the model gave no usable answer for {name} in {len(asked)} attempts ({fault}); its last began {beginning!r}; "
        "try another model",
        asked,
    )


def too_long(text: str, most: int, place: str) -> str:
    """What to tell the model where `text` has over `most` words; the empty string where it has not."""
    words = count_words(text)
    return f"{place} has {words} words, at most {most} are allowed" if words > most else ""


def long_name(name: str, most: int, place: str) -> str:
    """The same of a name: in a script without spaces it is one word, which nobody can shorten."""
    words = len(name.split())
    return f"{place} has {words} words, at most {most} are allowed" if words > most else ""


def whole_text(name: str, details: str) -> str:
    """The details, with the name in front where they do not speak of the thing: the name itself is never sent."""
    if not details:
        return name
    return details if Mentions([name])(details) else f"{name}, {details}"


def short_name(name: str, most: int) -> str:
    """`name` in at most `most` words: without what hangs on a preposition, then the last words, as the noun is last."""
    words = name.split()
    if len(words) > most:
        words = words[2:] if words[0].casefold() in MEASURES and words[1:2] == ["of"] and len(words) > 2 else words
        end = next((i for i, word in enumerate(words) if i and word.casefold() in PREPOSITIONS), len(words))
        words = words[max(0, end - most) : end]
    return limit_words(" ".join(words), MOST_CHARACTERS)
