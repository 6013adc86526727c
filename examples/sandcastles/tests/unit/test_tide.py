from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from tide import BEACHES, height, next_flood

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", sorted(BEACHES))
def test_the_sea_stays_within_its_limits(name):
    beach = BEACHES[name]
    levels = [height(beach, NOON + timedelta(hours=hours)) for hours in range(24 * 30)]

    assert max(levels) <= beach.highest
    assert min(levels) >= -beach.highest
    assert max(levels) > 0.8 * beach.highest


def test_there_are_two_tides_a_day():
    beach = BEACHES["brighton"]
    levels = [height(beach, NOON + timedelta(minutes=10 * step)) for step in range(6 * 24 * 30)]
    risings = sum(before < 0 <= after for before, after in pairwise(levels))

    assert risings == pytest.approx(30 * 24 / 12.42, abs=1)


@pytest.mark.parametrize("name", ["brighton", "nazare", "scheveningen"])
@pytest.mark.parametrize("hours", range(0, 48, 5))
def test_the_castle_is_dry_until_the_flood_and_wet_then(name, hours):
    beach, start = BEACHES[name], NOON + timedelta(hours=hours)
    line = beach.castle_line

    flood = next_flood(beach, line, start)

    assert flood is not None
    assert height(beach, flood) >= line
    minutes = int((flood - start) / timedelta(minutes=1))
    assert all(height(beach, start + timedelta(minutes=minute)) < line for minute in range(minutes))


def test_a_castle_under_water_is_flooded_now():
    assert next_flood(BEACHES["brighton"], -3.0, NOON) == NOON


def test_a_castle_above_every_tide_is_safe():
    beach = BEACHES["warnemuende"]

    assert next_flood(beach, beach.castle_line, NOON) is None


def test_a_line_that_no_tide_of_the_month_reaches_ends_the_search():
    beach = BEACHES["brighton"]

    assert next_flood(beach, beach.highest - 1e-9, NOON) is None
