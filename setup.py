"""What pyproject.toml cannot say: README.md as an index shows it, where a link to a file beside it leads nowhere.

What stands before such a link, or a picture, is said in `[tool.sedicfmt.page]` of pyproject.toml. While that is empty, no host
being known, of a link its words are left, and a picture is left out.
"""

import re
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Code, which stays as it is; [words](place) or ![words](place), the words with brackets of their own; an HTML tag's place
LINK = r"(?P<picture>!?)\[(?P<words>(?:[^\[\]]|\[[^\[\]]*\])*)\]\((?P<place>[^()\s]+)\)"
PARTS = re.compile(rf"```.*?```|(?m:^    [^\n]*$)|{LINK}|<(?P<tag>img|a|source)\b[^>]*>|`[^`\n]*`", re.DOTALL)
PLACE = re.compile(r'(?<=src=")[^"]*|(?<=href=")[^"]*|(?<=srcset=")[^"]*')


def page(text: str, links: str, pictures: str) -> str:
    """README.md as text for any page: `links` and `pictures` stand before the places of files in the sources."""

    def whole(place: str, before: str) -> str:
        outside = re.match(r"[a-z]+:", place)
        return place if outside else before and before + ("README.md" + place if place[0] == "#" else place)

    def part(found: re.Match[str]) -> str:
        if found["tag"]:
            before = links if found["tag"] == "a" else pictures
            tag = PLACE.sub(lambda one: whole(one[0], before), found[0])
            return "" if '=""' in tag and found["tag"] != "a" else tag.replace(' href=""', "")
        if not found["place"]:
            return found[0]
        place, words = whole(found["place"], pictures if found["picture"] else links), PARTS.sub(part, found["words"])
        kept = "" if found["picture"] else words
        return f"{found['picture']}[{words}]({place})" if place else kept

    return PARTS.sub(part, text)


def long_description() -> str:
    stated = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))
    before = {name: one.format(**stated["project"]) for name, one in stated["tool"]["sedicfmt"]["page"].items()}
    return page((HERE / "README.md").read_text("utf-8"), **before)


if __name__ == "__main__":
    from setuptools import setup  # here alone: the tests look at `page`, and setuptools does not like to come late

    setup(long_description=long_description(), long_description_content_type="text/markdown")
