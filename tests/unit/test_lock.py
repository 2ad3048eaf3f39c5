"""The versions that CI installs: all that pyproject.toml asks for, as it asks for it, each file known by its hash."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ENTRIES = re.findall(
    r"^([a-z0-9.-]+)(?:\[\S+\])?==(\S+)(.*(?:\n    --hash=.*)*)",
    (ROOT / ".ci" / "requirements.lock").read_text("utf-8"),
    re.MULTILINE,
)
PINNED = {name: version for name, version, _ in ENTRIES}


def wanted() -> list[Requirement]:
    extras = PROJECT["project"]["optional-dependencies"].values()
    texts = [*PROJECT["build-system"]["requires"], *PROJECT["project"]["dependencies"]]
    texts += [text for extra in extras for text in extra]
    return [found for found in map(Requirement, texts) if found.name != PROJECT["project"]["name"]]


def test_every_dependency_is_locked_at_a_version_that_pyproject_allows() -> None:
    assert len(wanted()) > 20
    wrong = [str(one) for one in wanted() if not one.specifier.contains(PINNED.get(one.name.lower(), "0"))]
    assert wrong == [], "run .ci/lock"


def test_every_locked_version_has_the_hashes_of_its_files() -> None:
    assert [name for name, _, hashes in ENTRIES if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", hashes)] == []
