"""What a world leaves out is missed aloud."""

from __future__ import annotations

import pytest

from shoreward.app.world import NOBODY
from shoreward.domain import Probe, Terminal
from shoreward.testing.builders import a_pipeline


def test_where_nobody_sends_probes_whoever_asks_for_them_is_told():
    once, again = Probe(function="Hello"), Probe(function="Hello", every=5.0)
    target = a_pipeline().targets[0]
    NOBODY.keep_up(target, (), (once,), 60.0)
    with pytest.raises(Terminal, match="nobody here to send probes"):
        NOBODY.keep_up(target, (), (once, again), 60.0)
