"""The specification's frozen tables, each refused unless it is byte for byte the one that the specification names (R-3)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import sedic_tables
from sedicfmt.errors import BackendFailed

FOLDER = Path(next(iter(sedic_tables.__path__)))


def read_table(name: str) -> bytes:
    """The bytes of a table. Raises BackendFailed if it is missing or not the one that `SHA256` names."""
    try:
        data = (FOLDER / name).read_bytes()
    except OSError as error:
        raise BackendFailed(f"the table {name} cannot be read: {error.strerror}; install sedicfmt anew") from error
    if hashlib.sha256(data).hexdigest() != SHA256[name]:
        raise BackendFailed(f"{name} is not the specification's table (SHA-256 differs); install sedicfmt anew")
    return data


def read_lines(name: str) -> list[str]:
    """A table of text as its lines, without their ends."""
    return read_table(name).decode().split("\n")[:-1]


SHA256 = {
    "text_words.txt": "2c6e545aef783823b026af402d73c3e514b41cf33e159e21aff97dc4ed15b634",
    "context_words.txt": "a16cd32e0c7c2df608448a09f6bf90a60b4597b4f309d2c53c29b33369ec5cd0",
    "context_words.trie": "f82bd6e0f410eca6458cc95ba67e5536e806b9fb76b8821654e646f2535b3d71",
    "context_letters.trie": "0c0b6d14ba202d9f265d4dace236d5f645b298509578516a509a55e5bf9e2dcd",
    "mask_contexts.txt": "a046f41bb448630e873ba4aad0e66c836d8a8ecc2c80d2be8b072ffeea217658",
    "gaussian_frequencies.txt": "6fd4a24333c3a55f0acea305fda539672433ad254e359df97ac70c06d7e39eff",
    "shifted_gaussian_frequencies.txt": "71dd8dbd82428907429e229a6fdc013fee95ed877a29fee50e1a448dc515381a",
}
