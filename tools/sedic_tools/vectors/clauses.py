"""Which vectors and tests stand for each clause with a MUST: `python -m sedic_tools.vectors.clauses --fail-under 100`.

A clause is shown if a vector that keeps it is accepted and a vector that breaks it is refused (the manifest's `clauses`).
Where no file can show one of the two, because the clause binds a program and not a file, a test does (table at the bottom).
Run it in the repository, or name that by `--root`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

CLAUSE = re.compile(r"\*\*\[([A-Z]+-\d+[a-z]?)\b")
MUST = re.compile(r"\bMUST\b")


@dataclass(frozen=True)
class Shown:
    """One clause with a MUST, and what accepts and refuses: files under conformance/, or `file::function` of a test."""

    clause: str
    accepting: list[str]
    rejecting: list[str]

    @property
    def both(self) -> bool:
        return bool(self.accepting and self.rejecting)


def with_must(spec: str) -> tuple[list[str], list[str]]:
    """The identifiers of clauses with a MUST, and the headings under which a MUST stands outside any clause."""
    found, outside = [], []
    for section in re.split(r"\n(?=#+ )", spec)[1:]:
        before, *clauses = re.split(r"(?=\*\*\[[A-Z]+-\d)", section)
        outside += [section.split("\n")[0].lstrip("# ")] * bool(MUST.search(before))
        found += [name[1] for clause in clauses if MUST.search(clause) and (name := CLAUSE.match(clause))]
    return found, outside


def table(spec: str, manifest: dict[str, list[dict]]) -> list[Shown]:
    """A row for each clause with a MUST."""
    accepted = manifest["valid"] + manifest["uncommon"]
    return [
        Shown(
            clause,
            [e["file"] for e in accepted if clause in e["clauses"]] + BY_TEST.get(clause, {}).get("accepting", []),
            [e["file"] for e in manifest["faulty"] if clause in e["clauses"]]
            + BY_TEST.get(clause, {}).get("rejecting", []),
        )
        for clause in with_must(spec)[0]
    ]


def unknown(spec: str, manifest: dict[str, list[dict]], root: Path) -> list[str]:
    """Clauses that are named and that the specification lacks; tests that the table names and that are not there."""
    specified = set(CLAUSE.findall(spec))
    named = {clause for entries in manifest.values() for entry in entries for clause in entry["clauses"]} | set(BY_TEST)
    tests = {test for sides in BY_TEST.values() for side in sides.values() for test in side}
    missing = [test for test in tests if not _exists(root, *test.split("::"))]
    return sorted(named - specified) + sorted(missing)


def _exists(root: Path, file: str, function: str) -> bool:
    path = root / file
    return path.is_file() and f"def {function}(" in path.read_text()


def main() -> int:
    """Exit code 0 if enough clauses are shown, all names are known, and every MUST stands in a clause."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--fail-under", type=float, default=0, metavar="PERCENT")
    p.add_argument("--root", type=Path, default=Path(), help="the repository")
    arguments = p.parse_args()
    spec = (arguments.root / "spec/sedic.md").read_text()
    manifest = json.loads((arguments.root / "conformance/manifest.json").read_text())
    rows = table(spec, manifest)
    print(f"{'clause':<8} {'accepted':>8} {'refused':>8}  for example")
    for row in rows:
        examples = " · ".join(
            (side[0].removesuffix(".sedic") if side else "NONE") for side in (row.accepting, row.rejecting)
        )
        print(f"{row.clause:<8} {len(row.accepting):>8} {len(row.rejecting):>8}  {examples}")
    outside = with_must(spec)[1]
    for heading in outside:
        print(f"a MUST without identifier under: {heading}")
    names = unknown(spec, manifest, arguments.root)
    for name in names:
        print(f"named, but not there: {name}")
    shown = 100 * sum(row.both for row in rows) / len(rows)
    print(f"{sum(row.both for row in rows)} of {len(rows)} clauses with a MUST are shown: {shown:.0f} %")
    return int(shown < arguments.fail_under or bool(names or outside))


# Clauses that bind a program: what it does with an incomplete file, with other weights or tables, between machines.
BY_TEST: dict[str, dict[str, list[str]]] = {
    "N-1": {
        "accepting": ["tests/unit/test_no_latent.py::test_the_reference_is_grey"],
        "rejecting": ["tests/unit/test_no_latent.py::test_what_says_something_of_nothing_is_malformed"],
    },
    "K-2": {
        "accepting": ["tests/unit/test_compressai_file.py::test_who_made_it_stands_before_the_string"],
        "rejecting": ["tests/unit/test_compressai_file.py::test_the_second_decoder_sees_what_needs_no_network"],
    },
    "K-3": {
        "accepting": ["tests/backends/test_compressai.py::test_every_form_of_a_checkpoint_is_the_same"],
        "rejecting": [
            "tests/backends/test_compressai.py::test_a_changed_checkpoint_is_refused_before_anything_is_decoded"
        ],
    },
    "K-4": {
        "accepting": ["tests/unit/test_rans.py::test_what_compressai_wrote"],
        "rejecting": ["tests/unit/test_rans.py::test_what_is_wrong_is_told"],
    },
    "K-5": {
        "accepting": ["tests/unit/test_rans.py::test_round_trip"],
        "rejecting": ["tests/unit/test_rans.py::test_any_bytes_are_the_string_of_their_values_or_refused"],
    },
    "K-6": {
        "accepting": ["tests/backends/test_compressai.py::test_strings_are_compressais_own_and_come_back"],
        "rejecting": ["tests/unit/test_rans.py::test_another_bit_is_another_value_or_refused_and_every_cut_is_found"],
    },
    "K-7": {
        "accepting": ["tests/backends/test_compressai.py::test_another_library_and_more_threads_read_the_same"],
        "rejecting": ["tests/backends/test_compressai.py::test_another_rounding_is_an_error_and_no_picture"],
    },
    "C-13": {"accepting": ["conformance/test_vectors.py::test_valid"]},
    "C-14": {"accepting": ["conformance/test_vectors.py::test_every_truncation_is_an_error_or_a_declared_stage"]},
    "C-16": {
        "accepting": ["conformance/test_vectors.py::test_faulty"],
        "rejecting": ["conformance/test_vectors.py::test_the_runner_compares_errors"],
    },
    "L-7": {
        "accepting": ["tests/backends/test_latent_repro.py::test_one_digest"],
        "rejecting": ["tests/backends/test_latent_repro.py::test_other_symbols_are_found"],
    },
    "P-3": {"rejecting": ["tests/unit/test_container.py::test_files_and_counts_over_the_limits_are_refused"]},
    "R-1": {"rejecting": ["tests/unit/test_models_registry.py::test_a_wrong_model_is_refused_before_decoding"]},
    "R-3": {
        "accepting": ["tests/unit/test_spec_tables.py::test_every_table_is_the_specifications"],
        "rejecting": ["tests/unit/test_spec_tables.py::test_no_other_table_is_taken"],
    },
    "P-1": {
        "accepting": [
            "conformance/test_vectors.py::test_valid",
            "conformance/test_vectors.py::test_a_reader_of_thin_reads_what_it_must_and_refuses_the_rest",
        ],
        "rejecting": ["conformance/test_vectors.py::test_the_runner_lets_a_decoder_refuse_what_is_beyond_its_profile"],
    },
    "G-6": {
        "accepting": [
            "tests/differential/test_spec_examples.py::test_pictures_are_painted_by_the_text_and_by_the_package"
        ],
        "rejecting": ["tests/differential/test_spec_examples.py::test_another_synthesis_is_found"],
    },
    "R-5": {
        "accepting": [
            "tests/differential/test_spec_decoder.py::test_a_viewer_needs_only_the_tensors_that_it_decodes_with"
        ],
        "rejecting": ["tests/differential/test_spec_decoder.py::test_other_tensors_are_refused"],
    },
    "P-4": {
        "accepting": ["tests/differential/test_spec_decoder.py::test_a_viewer_reads_what_a_reader_reads"],
        "rejecting": ["tests/differential/test_spec_decoder.py::test_a_viewer_takes_only_what_no_writer_makes"],
    },
    "S-1": {
        "accepting": ["tests/unit/test_container.py::test_full_size_masks_of_three_objects_can_be_written"],
        "rejecting": [
            "tests/unit/test_container.py::test_masks_that_declare_too_many_cells_are_refused_before_they_are_decoded"
        ],
    },
    "S-2": {
        "accepting": ["tests/architecture/test_untrusted.py::test_no_path_from_a_file_is_opened"],
        "rejecting": ["tests/architecture/test_untrusted.py::test_it_would_be_noticed"],
    },
    "S-3": {
        "accepting": ["tests/architecture/test_untrusted.py::test_ordinary_texts_are_shown_as_they_are"],
        "rejecting": ["tests/architecture/test_untrusted.py::test_texts_steer_no_terminal"],
    },
    "S-4": {
        "accepting": ["tests/unit/test_models_registry.py::test_weights_are_numbers_read_from_the_packages_folder"],
        "rejecting": ["tests/unit/test_models_registry.py::test_a_wrong_model_is_refused_before_decoding"],
    },
}

if __name__ == "__main__":
    sys.exit(main())
