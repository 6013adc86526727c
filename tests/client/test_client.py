"""What the client gives is the server's own, as values."""

from __future__ import annotations

import pytest

from shoreward.client import Client
from shoreward.domain import Refused
from shoreward.testing.builders import a_target

from .conftest import Both


def test_what_the_server_shows_is_had_as_values(both: Both):
    with Client(both.address) as client:
        assert [row.application for row in client.pipelines()] == ["app"]
        assert client.group("app-4") is None
        assert client.changes("app-3")[0].targets[0] == a_target().key
        harm = client.harm("app")
        assert (harm.releases, harm.looked) == (1, 1)
        assert harm.spared is not None
        assert [each.name for each in client.sandboxes()] == ["app-ada"]
        assert client.sandbox("app-ada").target == next(client.sandboxes("app")).target
        assert (client.sessions(), client.end_sessions("ada@example.com", "so")) == ((), 0)
        with pytest.raises(Refused) as told:
            client.sandbox("app-grace")
        assert told.value.code == "SANDBOX_UNKNOWN"
