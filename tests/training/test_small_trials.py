"""The benchmark of whole small trials: both of its sides run, on the same network and data."""

import pytest

from benchmarks import small_timm, small_trials
from designspace.images.data import load_data


@pytest.mark.slow
@pytest.mark.parametrize("trial", [small_trials.ours, small_timm.trial])
def test_a_side_trains_validates_and_is_timed(trial: small_trials.Trial) -> None:
    """timm's side also asserts that its network has our number of parameters."""
    data = small_trials.cut(load_data(), 32)
    rows = small_trials.measure(trial, data, batch_size=16)
    assert set(rows) == set(small_trials.WIDTHS)
    assert all(seconds > 0 for row in rows.values() for seconds in row.values())
