"""The identity of every network in the catalog: a new field or kind leaves it as it is.

A digest that changes on purpose is written anew into digests.json; studies that hold the old one no
longer match.
"""

from __future__ import annotations

import json
from pathlib import Path

from designspace.spec import load
from designspace.spec.documents import catalog


def test_digests_of_the_catalog_are_what_they_were() -> None:
    known = json.loads((Path(__file__).parent / "digests.json").read_text())
    now = {name: load(name).digest for name in catalog.names("specs")}
    assert known.items() <= now.items()
