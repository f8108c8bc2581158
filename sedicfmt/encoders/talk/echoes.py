"""What a model says that is no answer: the question's example again, a placeholder, a refusal, a draft among its thoughts.

An example is echoed where what is said begins as it does and ends before it, or has nearly all of its words and hardly one of
its own. A placeholder is a word of the form ("string", "<name>", "your description here"), and nothing else.
"""

from __future__ import annotations

import re


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def echoes(text: str, example: str) -> bool:
    """Whether `text` is `example` again: as it is, cut short, or with a word or two more."""
    said, shown = _bare(text), _bare(example)
    own = [word for word in said if word not in shown and word not in GENERAL]
    words = {word for word in shown if word not in GENERAL}
    repeated = len(words.intersection(said))
    if len(words) > FEW:
        return _begins(said, shown) or (len(own) <= OWN and repeated >= 0.7 * len(words))
    return not own and repeated > 1


def is_placeholder(text: str) -> bool:
    """Whether `text` only names what should stand there."""
    words = _bare(text)
    return bool(text.strip()) and (bool(IN_BRACKETS.fullmatch(text.strip())) or FORM.issuperset(words))


def is_refusal(text: str) -> bool:
    """Whether `text` says that there is nothing to say, as models do that got no picture or will not look at it."""
    return bool(REFUSAL.match(text))


def without_thoughts(answer: str) -> str:
    """What stands behind the last end of thoughts; the whole where they have none."""
    ends = [match.end() for match in END.finditer(answer)]
    return answer[ends[-1] :] if ends else answer


def in_thoughts(answer: str) -> bool:
    """Whether thoughts begin and do not end."""
    return bool(BEGIN.search(answer))


def _begins(said: list[str], shown: list[str]) -> bool:
    """Whether what is said is the beginning of what was shown, with the name once or twice."""
    return len(said) > 1 and any(said == shown[start : start + len(said)] for start in range(3))


def _bare(text: str) -> list[str]:
    """The words alone: an example counts as repeated without its marks, too."""
    return re.findall(r"\w+", text.casefold())


FEW = 4  # words of an example that is only a beginning: whatever is added may be the answer
OWN = 3  # words of its own that make an echo no answer
FORM = _set(
    "string str text name names details detail object objects item items overall description describe value "
    "placeholder example  here your the a an of in insert goes short what it is xxx todo tbd none null nil unknown "
    "undefined na n answer noun adjective  something type required optional ellipsis"
)
GENERAL = FORM | _set(
    "photo photograph picture image scene subject subjects thing things somebody someone and with on at to that this "
    "there  etc etcetera"
)
IN_BRACKETS = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|\{[^{}]*\}|\$\w+|%\w+%?|_+\w*_+")
_THOUGHT = r"[\w:.-]*(?:think|thought|reasoning|analysis|reflection|scratchpad)[\w:.-]*"
BEGIN = re.compile(
    rf"<(?!/|\|?end)\|?{_THOUGHT}(?:\|?>|\s[^<>]*(?<!/)>)|\[(?!/){_THOUGHT}\]|◁think▷|<unused\d+>thought"
    r"|<\|channel\|>\s*(?:analysis|commentary|thought)|\A\W*(?:thinking process|thought process|reasoning|my thoughts)\W*:",
    re.IGNORECASE,
)
END = re.compile(
    rf"</\|?{_THOUGHT}\|?>|<\|?end{_THOUGHT}\|?>|\[/{_THOUGHT}\]|◁/think▷|<unused\d+>(?!thought)"
    r"|<\|channel\|>\s*final\s*(?:<\|message\|>)?",
    re.IGNORECASE,
)
_UNABLE = "(?:cannot|can['’]t|can not|could not|couldn['’]t|am unable to|am not able to|do not|don['’]t)"
_SEE = "(?:see|view|access|help|assist|describe|analy[sz]e|process|identify|provide|comply|open|determine|display)"
_GIVEN = "(?:provided|attached|uploaded|given|included|loaded|shared)"
REFUSAL = re.compile(
    r"\W*(?:i['’]?m sorry|i am sorry|sorry\W+(?:but )?i\b|i apologi[sz]e|my apologies|unfortunately\W+i\b"
    r"|as an? (?:\w+ )?(?:ai|language model)\b"
    rf"|i {_UNABLE} (?:\w+ ){{0,2}}{_SEE}\b|i['’]m (?:unable|not able) to {_SEE}\b"
    r"|there (?:is|was) no (?:image|picture|photo)\b|please (?:provide|upload|attach|share)\b"
    r"|(?:it (?:seems|appears|looks like) (?:that )?)?(?:no|the) (?:image|picture|photo)(?: \w+){0,2} "
    rf"(?:(?:was|were|is|has|been|not|isn['’]t|wasn['’]t) )+{_GIVEN})",
    re.IGNORECASE,
)
