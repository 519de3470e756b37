"""What tests/mutants breaks stands in the code, once: a change moves a mutant with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.catalogue import MUTANTS
from tests.mutants.digests import DIGESTS
from tests.mutants.mutant import Mutant
from tests.mutants.publishing import PUBLISHING
from tests.mutants.upload import UPLOAD

ROOT = Path(__file__).parents[2]


EVERY = [*MUTANTS, *UPLOAD, *PUBLISHING, *DIGESTS]


@pytest.mark.parametrize("mutant", EVERY, ids=lambda mutant: mutant.name)
def test_what_a_mutant_breaks_is_there(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text().count(mutant.old) == 1
    assert mutant.new != mutant.old
