"""Modules as one script: in the order of their imports, and never with a name that means two things."""

from __future__ import annotations

import pytest

from sedic_tools.site.join_modules import join_modules


def write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text)
    return folder / "entry.js"


def test_what_is_imported_comes_first_and_once(tmp_path):
    entry = write(
        tmp_path,
        entry='import { b } from "./b.js";\nimport { a } from "./a.js";\nb(a);\n',
        a="export const a = 1;\n",
        b='import { a } from "./a.js";\nexport function b() {\n  return a;\n}\n',
    )
    joined = join_modules(entry)
    assert joined.count("const a = 1") == 1 and "import" not in joined and "export" not in joined
    assert joined.index("const a") < joined.index("function b") < joined.index("b(a);")


@pytest.mark.parametrize(
    "files, told",
    [
        ({"entry": 'import { a } from "./a.js";\nconst b = 1;\n', "a": "export const a = 1;\nconst b = 2;\n"}, "b"),
        ({"entry": 'import { a } from "./a.js";\nconst c = 0, b = 1;\n', "a": "export const a = 1, b = 2;\n"}, "b"),
        ({"entry": 'import { a } from "./a.js";\n', "a": 'import { b } from "./entry.js";\n'}, "import each other"),
        ({"entry": "export default 1;\nimport * as a from './a.js';\n"}, "cannot be joined"),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path, files, told):
    with pytest.raises(ValueError, match=told):
        join_modules(write(tmp_path, **files))
