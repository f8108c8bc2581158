"""Other weights for sedic-nano-3: every place that tells a digest of the old ones is known, and told the new one."""

import pytest

from sedic_tools.vectors import release_nano_3
from sedicfmt.latents.nano.weights import MODELS

ROOT, TOLD_IN = release_nano_3.ROOT, release_nano_3.TOLD_IN


@pytest.fixture(scope="module")
def digests():
    return release_nano_3.digests(release_nano_3.WEIGHTS)


def test_the_registry_has_the_digests_of_the_files(digests):
    graphs = MODELS[6].graphs
    assert (digests["file"], {part: digests[part] for part in graphs}) == (MODELS[6].sha256, dict(graphs))


@pytest.mark.parametrize("name", TOLD_IN)
def test_no_old_digest_stays(digests, name):
    text = (ROOT / name).read_text("utf-8")
    told = [digest for digest in digests.values() if digest in text]
    assert told
    now = release_nano_3.replaced(text, digests, {part: f"new {part}" for part in digests})
    assert not any(digest in now for digest in told) and now.count("new ") >= len(told)
    assert release_nano_3.replaced(text, digests, digests) == text


def test_digests_stand_nowhere_else(digests):
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("sedicfmt", "spec", "web/decoder", "web/viewer", "docs", "tools", "conformance")
        for kind in ("py", "md", "js", "json", "toml")
        for path in (ROOT / folder).rglob(f"*.{kind}")
        if any(digest in path.read_text("utf-8") for digest in digests.values())
    }
    assert found == set(TOLD_IN)


def test_samples_of_the_specification_are_those_of_the_pictures():
    spec, pictures = (ROOT / "spec/sedic.md").read_text("utf-8"), ROOT / "conformance/reference"
    assert release_nano_3.with_samples(spec, pictures) == spec
    spoilt = spec.replace("nano-3-odd-size       6", "nano-3-odd-size       9")
    assert spoilt != spec and release_nano_3.with_samples(spoilt, pictures) == spec
