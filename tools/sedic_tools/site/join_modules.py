"""JavaScript modules as one classic script: a page that was opened from disk may not load modules.

The modules of `web/` keep to two forms, `import { a, b } from "./c.js";` (or `import "./c.js";`) in one line and `export`
before a declaration, so that joining them is taking these away and putting what is imported before what imports it. All of
them share one scope then; a name that two declare is refused, and so is a form that is not known.
"""

from __future__ import annotations

import re
from pathlib import Path

IMPORT = re.compile(r'^import (?:\{ [\w, ]+ \} from )?"(\.[^"]+)";\n', re.MULTILINE)
DECLARED = re.compile(r"^(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)
ALSO_DECLARED = re.compile(r"^const \w+ = [^,;{(\[]+((?:, \w+ = [^,;{(\[]+)+);", re.MULTILINE)


def join_modules(entry: Path) -> str:
    """The script that does what the module `entry` does. Raises ValueError for what it cannot join."""
    order: list[Path] = []
    _visit(entry.resolve(), order, [])
    parts = [_without_imports(path) for path in order]
    names = [name for part in parts for name in _declared(part)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"declared by two modules of {entry.name}: {', '.join(twice)}")
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"


def _visit(path: Path, order: list[Path], above: list[Path]) -> None:
    """Put the module behind all that it imports."""
    if path in order:
        return
    if path in above:
        raise ValueError(f"modules import each other: {path.name} and {above[-1].name}")
    for imported in IMPORT.findall(path.read_text(encoding="utf-8")):
        _visit((path.parent / imported).resolve(), order, [*above, path])
    order.append(path)


def _without_imports(path: Path) -> str:
    text = re.sub(r"^export ", "", IMPORT.sub("", path.read_text(encoding="utf-8")), flags=re.MULTILINE)
    if left := re.search(r"^(?:import|export)\b.*", text, re.MULTILINE):
        raise ValueError(f"{path.name} has a form that cannot be joined: {left.group()}")
    return text


def _declared(text: str) -> list[str]:
    also = "".join(ALSO_DECLARED.findall(text))
    return DECLARED.findall(text) + re.findall(r", (\w+) =", also)
