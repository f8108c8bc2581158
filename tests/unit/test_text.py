"""The text coder: golden payloads that never change, hard texts, refusals, the frozen table."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import sedic_tables
from sedicfmt import limits
from sedicfmt.bitcoding import text_rules, text_table, word_contexts, word_huffman
from sedicfmt.coding import text
from sedicfmt.errors import EncodeError, LimitExceeded, Malformed, SedicError, Truncated, Unsupported
from sedicfmt.segments import text as segment

TABLES = Path(next(iter(sedic_tables.__path__)))

SHA256 = "2c6e545aef783823b026af402d73c3e514b41cf33e159e21aff97dc4ed15b634"  # of the frozen table

CONTEXT_SHA256 = {
    "context_words.txt": "a16cd32e0c7c2df608448a09f6bf90a60b4597b4f309d2c53c29b33369ec5cd0",
    "context_words.trie": "f82bd6e0f410eca6458cc95ba67e5536e806b9fb76b8821654e646f2535b3d71",
    "context_letters.trie": "0c0b6d14ba202d9f265d4dace236d5f645b298509578516a509a55e5bf9e2dcd",
}

HARD = [
    " ", "  ", "\n", "\t", "\x00", "a", "A", ".", '"', "'", "-", "a ", " a", "a  b", "a\nb", "a\r\n\r\nb", "\x00a\x7f",
    "ALL CAPS TEXT", "CamelCaseWord and iPhone, TVs, McDonald's", "3.14 and 1,000 at 12:30; 50% of #4", "ZYXQ Zyxq zyxq",
    'He said "no". "Yes!" she said: "why?"', "it's the dogs' house (red) [x] {y} a/b", "don't  stop -- now...",
    "{gap}{case}", "the American flag. american", "a dog. the cat! The bird? a", "naïve café – “quoted” ‘single’ …",
    "😀👩‍👩‍👧 emoji", "שלום עולם", "مرحبا", "e\u0301 combining \u0301", "日本語のテキスト", "\ufeffbom", "\U0010ffff",
    "ǅ ß ı İ", "Internationalisation of antidisestablishmentarianism", "x" * 1000, "é" * 2048, "a. " * 1000,
]  # fmt: skip

GOLDEN = [  # text, its word Huffman payload, its word contexts payload
    ("A", "04", "684abb"),
    ("a", "0641", "40"),
    ("A dog.", "19fc3f", "4acc"),
    ("A brown dog runs along a sandy beach.", "1355ca09f847e36b90ff", "4fa4c638"),
    ("person, left, red shirt", "0eef8005a6038304", "4438904f1bddde5ceb"),
    (
        'A man rides a skateboard. "STOP" sign on the left; 2 cars (red).',
        "0f5c6d847f409e1d5aa783087ad896d776a673e99c33ea07",
        "48f68ccd443d2cc5f042a7d1f2229ccb8f6e69",
    ),
    ("Zyxq lives here.", "06fc7b7e7f477abf82707f", "44e92ea38332a3a0c4245e"),
    ("ALL CAPS TEXT", "3dfa296db2696b19", "7f8793b073fbefb46b81"),
    ("iPhone and TVs", "06c0c347c27851b977fa1f", "44baea86132c56"),
    ("Café 😀 at night", "35d543474171bf41f60018eaff", "7fe2ad4b85149daa9f8a50"),
    (
        "In the background, two wooden boats are docked near the pier. The sky is cloudy.",
        "2fb6399d641c55dd5f3b1e16bd4401",
        "6acf2e7c0d6bed362fe30329",
    ),
]
RAW_GOLDEN = [("", ""), ("a  b\nc", "c0612020620a63"), ("日本語", "c0e697a5e69cace8aa9e")]


@pytest.mark.parametrize(("value", "huffman", "contexts"), GOLDEN)
def test_golden_payloads_never_change(value, huffman, contexts):
    assert word_huffman.pack(value, text_table.load()).hex() == huffman
    assert word_contexts.pack(value, word_contexts.load()).hex() == contexts
    assert word_huffman.unpack(bytes.fromhex(huffman), text_table.load()) == value
    assert word_contexts.unpack(bytes.fromhex(contexts), word_contexts.load()) == value
    assert text.encode(value).hex() == min(huffman, contexts, key=len)  # the shorter is written


@pytest.mark.parametrize(("value", "payload"), RAW_GOLDEN)
def test_what_words_code_worse_is_raw(value, payload):
    assert text.encode(value).hex() == payload
    assert text.decode(bytes.fromhex(payload)) == value


@pytest.mark.parametrize("value", HARD)
def test_hard_texts_come_back_exactly(value):
    payload = text.encode(value)
    assert text.decode(payload) == value
    assert len(payload) <= 1 + len(value.encode())


FAULTY = [
    ("80", Unsupported),  # coder 2
    ("19fc3f", Malformed),  # "A dog." by word Huffman, which word contexts says in fewer bytes
    ("684abb", Malformed),  # "A" by word contexts, which word Huffman says in fewer bytes
    ("4acc00", Malformed),  # a byte too many
    ("4acd", Malformed),  # "A dog." again, not by its least number
    ("00", SedicError),  # ends inside a code, or padding of zeros
    ("3f", Malformed),  # padding and nothing else: the empty text has no bytes
    ("c0", Malformed),  # the same, raw
    ("c141", Malformed),  # reserved bits
    ("c041", Malformed),  # "A" raw, which word Huffman holds in one byte
    ("c0e6", Truncated),  # ends inside a code point
    ("c0ff", Malformed),  # no UTF-8
    ("c0eda080", Malformed),  # a surrogate
    ("c0c080", Malformed),  # overlong UTF-8
]


@pytest.mark.parametrize(("payload", "error"), FAULTY)
def test_faulty_payloads_are_refused(payload, error):
    with pytest.raises(error) as caught:
        text.decode(bytes.fromhex(payload))
    assert caught.value.offset is not None


def test_every_cut_and_every_trailing_byte_is_noticed():
    payload = text.encode("A brown dog named Zyxq runs on the beach.")
    for size in range(1, len(payload)):
        try:
            assert text.encode(text.decode(payload[:size])) == payload[:size]
        except SedicError as error:
            assert error.offset is not None and error.offset <= size
    for tail in (b"\x00", b"\xff", b"\xff" * 9):
        with pytest.raises(SedicError):
            text.decode(payload + tail)


def test_limits_on_both_sides():
    longest = "é" * (limits.MAX_TEXT_BYTES // 2)
    assert text.decode(text.encode(longest)) == longest
    with pytest.raises(EncodeError):
        text.encode(longest + "a")
    with pytest.raises(LimitExceeded):
        text.decode(b"\xc0" + b"a" * (limits.MAX_TEXT_BYTES + 1))
    with pytest.raises(LimitExceeded):
        text.decode(bytes(limits.MAX_TEXT_BYTES + 2))


def test_a_bomb_of_long_phrases_is_stopped_early():
    table = text_table.load()
    bits = table.code.bits(table.symbols[max(table.symbols, key=len)])
    bomb = ("00" + bits.to01() * 2000)[: 8 * 4000]
    with pytest.raises(LimitExceeded):
        text.decode(int(bomb, 2).to_bytes(4000, "big"))


def test_coder_names():
    assert segment.coder_name(text.encode("A")) == "word-huffman"
    assert segment.coder_name(text.encode("A dog.")) == "word-contexts"
    assert segment.coder_name(text.encode("日本語")) == "raw-utf8"
    assert segment.coder_name(b"") == "empty"
    assert text.encode("") == b"" and text.decode(b"") == ""


def test_lone_surrogates_are_refused():
    with pytest.raises(EncodeError):
        text.encode("a\ud800b")


def test_the_table_is_the_frozen_one_and_small():
    data = (TABLES / text_table.FILE).read_bytes()
    record = json.loads((TABLES / "text_words.json").read_text(encoding="utf-8"))
    assert hashlib.sha256(data).hexdigest() == record["table"]["sha256"] == SHA256
    assert len(data) <= 212_000
    for name in ("long_captions_trim30_60.txt", "object_phrases.txt"):
        assert record["measured_on_test"][name]["ours"] <= 2.0


def test_the_context_tables_are_the_frozen_ones_and_small():
    record = json.loads((TABLES / "context_words.json").read_text(encoding="utf-8"))
    for name, sha256 in CONTEXT_SHA256.items():
        assert hashlib.sha256((TABLES / name).read_bytes()).hexdigest() == record["files"][name]["sha256"] == sha256
    assert sum((TABLES / name).stat().st_size for name in CONTEXT_SHA256) <= 3_000_000
    for name in ("long_captions_trim30_60.txt", "object_phrases.txt"):
        assert record["measured_on_test"][name]["ours"] <= 1.35


def test_the_table_keeps_its_rules():
    table = text_table.load()
    assert len(set(table.entries)) == len(table.entries)
    assert max(table.code.lengths) >= 8  # so that padding is no code (T-4)
    assert all(entry and entry == entry.strip(" ") for entry in table.symbols)
    assert table.entries == sorted(table.entries, key=lambda e: (table.code.lengths[table.entries.index(e)], e))
    for word in ("person", "traffic light", "turquoise", "foreground"):
        assert word in table.symbols


@pytest.mark.parametrize(
    ("before", "first", "space", "capital"),
    [
        ("", "a", False, True), ("a", "b", True, False), ("a.", "b", True, True), ("a", ".", False, False),
        ('a "', "b", False, False), ('a "b"', "c", True, False), ('a. "', "b", False, True), ("1", "2", False, False),
        ("a", "1", True, False), ("a (", "b", False, False), ("a", "(", True, False), ("a", '"', True, False),
    ],
)  # fmt: skip
def test_what_a_reader_expects(before, first, space, capital):
    assert text_rules.implies_space(before, first) == space
    assert text_rules.implies_capital(before) == capital


def test_boundaries():
    assert text_rules.boundaries("aB TVs1é") == [0, 1, 2, 3, 6, 7, 8]


def test_the_coder_loads_fast_and_lazily():
    program = (
        "import time; s = time.process_time(); from sedicfmt.coding import text; from sedicfmt.bitcoding import text_table\n"
        "assert text_table.load.cache_info().currsize == 0\n"
        "import sys; text.decode(text.encode('A dog.')); assert 'torch' not in sys.modules and 'numpy' not in sys.modules\n"
        "print(time.process_time() - s)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(result.stdout) < 0.5  # seconds of CPU, some 0.03 of them are spent: only what is badly wrong is caught
