"""Hosted configurations of AppConfig: published, deployed, stopped and gone back from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shoreward.domain import Growth, Retryable, Terminal

from .support import Desk, flags

SLOWLY = Growth(factor=20, over=600)


def test_a_new_version_is_published_before_anybody_is_served_by_it(desk: Desk):
    desk.environment()
    desk.release(flags('{"limit": 5}'))
    carried = desk.begin(flags('{"limit": 9}'), release="settings-2")
    assert [(one.action, one.logical_id) for one in carried.staged.changes] == [("Modify", "shop/production/limits")]
    assert desk.served() == '{"limit": 5}'
    desk.write(carried)
    desk.finish(carried)
    assert desk.served() == '{"limit": 9}'
    assert desk.drift(carried) == ()
    assert desk.restore(carried) == ()
    assert desk.restore(carried) == ()
    assert desk.served() == '{"limit": 5}'


def test_a_profile_that_was_made_for_the_release_goes_with_it(desk: Desk):
    application, _ = desk.environment()
    carried = desk.release(flags('{"limit": 5}'))
    desk.restore(carried)
    assert desk.appconfig.list_configuration_profiles(ApplicationId=application)["Items"] == []


def test_a_profile_that_somebody_uses_meanwhile_stays(desk: Desk):
    application, _ = desk.environment()
    carried = desk.release(flags('{"limit": 5}'))
    [profile] = desk.appconfig.list_configuration_profiles(ApplicationId=application)["Items"]
    desk.appconfig.create_hosted_configuration_version(
        ApplicationId=application, ConfigurationProfileId=profile["Id"], Content=b"{}", ContentType="application/json"
    )
    [found] = desk.restore(carried)
    assert (found.resource, found.actual) == ("shop/production/limits", "version 2")
    assert desk.appconfig.list_configuration_profiles(ApplicationId=application)["Items"] == [profile]


def test_a_first_deployment_that_cannot_be_taken_back_names_what_a_person_must_do(desk: Desk):
    application, _ = desk.environment()
    profile = desk.appconfig.create_configuration_profile(
        ApplicationId=application, Name="limits", LocationUri="hosted"
    )["Id"]
    other = replace(flags('{"other": 5}'), profile="others")
    carried = desk.release(flags('{"limit": 5}'), other)
    with pytest.raises(Terminal, match="never been deployed") as stuck:
        desk.restore(carried)
    left = desk.appconfig.list_configuration_profiles(ApplicationId=application)["Items"]
    assert [one["Name"] for one in left] == ["limits"], "which keeps nothing else from going back"
    assert stuck.value.code == "CONFIGURATION_STAYS"
    desk.appconfig.delete_configuration_profile(ApplicationId=application, ConfigurationProfileId=profile)
    assert desk.restore(carried) == ()


def test_what_grows_is_stopped_at_once(desk: Desk):
    application, environment = desk.environment()
    desk.release(flags('{"limit": 5}'))
    carried = desk.begin(flags('{"limit": 9}', growth=SLOWLY), release="settings-2")
    desk.write(carried)
    desk.adapters = desk.connected()
    desk.write(carried)  # once more, by a process that knows nothing of it
    [grown] = [
        one
        for one in desk.appconfig.list_deployments(ApplicationId=application, EnvironmentId=environment)["Items"]
        if one["State"] == "DEPLOYING"
    ]
    assert (grown["GrowthFactor"], grown["DeploymentDurationInMinutes"]) == (20.0, 10)
    desk.restore(carried)
    assert desk.served() == '{"limit": 5}'


def test_what_still_grows_is_not_finished(desk: Desk):
    desk.environment()
    desk.release(flags('{"limit": 5}'))
    carried = desk.begin(flags('{"limit": 9}', growth=SLOWLY), release="settings-2")
    desk.write(carried)
    desk.adapters = desk.connected(limit=0)
    with pytest.raises(Retryable) as busy:
        desk.finish(carried)
    assert busy.value.code == "CONFIGURATION_BUSY"


def test_somebody_elses_deployment_is_waited_for(desk: Desk):
    desk.environment()
    desk.release(flags('{"limit": 5}'))
    desk.write(desk.begin(flags('{"limit": 9}', growth=SLOWLY), release="theirs-1"))
    with pytest.raises(Retryable, match="under way") as busy:
        desk.begin(flags('{"limit": 7}'), release="settings-2")
    assert busy.value.code == "CONFIGURATION_BUSY"


def test_somebody_elses_version_is_not_gone_over(desk: Desk):
    desk.environment()
    first = desk.release(flags('{"limit": 5}'))
    carried = desk.begin(flags('{"limit": 9}'), release="settings-2")
    desk.release(flags('{"limit": 7}'), release="theirs-1")
    with pytest.raises(Terminal, match="serves version") as refused:
        desk.write(carried)
    assert refused.value.code == "CONFIGURATION_CHANGED"
    assert desk.served() == '{"limit": 7}'
    assert [one.resource for one in desk.drift(first)] == ["shop/production/limits"]


def test_the_way_back_tells_which_version_it_went_over(desk: Desk):
    desk.environment()
    desk.release(flags('{"limit": 5}'))
    carried = desk.release(flags('{"limit": 9}'), release="settings-2")
    desk.release(flags('{"limit": 7}'), release="theirs-1")
    [found] = desk.restore(carried)
    assert (found.resource, found.expected, found.actual) == ("shop/production/limits", "version 1", "version 3")
    assert desk.served() == '{"limit": 5}'


def test_an_environment_is_made_by_somebody_else(desk: Desk):
    with pytest.raises(Terminal, match="no environment shop/production") as missing:
        desk.begin(flags("{}"))
    assert missing.value.code == "CONFIGURATION_MISSING"
