"""Hosted configurations of AppConfig: a version is published beside the one that serves, then deployed.

Under `configurations`. A version is named by a label that is made of its content, so publishing twice publishes once.
An environment deploys one profile at a time, and `LatestDeploymentNumber` makes AWS itself refuse a deployment when
somebody else's came in between. A deployment that is still growing is stopped, which takes clients back at once; one
that is complete is gone back from by deploying the earlier version to all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shoreward.adapters.aws.calls import Aws, pages
from shoreward.adapters.aws.faults import code_of
from shoreward.domain import Growth, HeldProfile, OperationError, Profile, Retryable, Target, Terminal

TYPE = "AWS::AppConfig::Deployment"
_FLAGS, _FREEFORM = "AWS.AppConfig.FeatureFlags", "AWS.Freeform"
_LABEL = "shoreward-"
_UNDER_WAY = ("DEPLOYING", "BAKING", "VALIDATING", "ROLLING_BACK")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """The ids of what a profile's name names, and the environment's newest deployments."""

    application: str
    environment: str
    profile: str
    newest: int = 0
    under_way: Mapping[str, Any] | None = None
    version: str = ""


class Profiles:
    """The hosted configurations of targets.

    Args:
        limit: seconds to watch a deployment that goes to everybody at once.
    """

    def __init__(self, aws: Aws, *, limit: float) -> None:
        self._aws = aws
        self._limit = limit

    def look(self, target: Target, one: Profile) -> HeldProfile:
        """What an environment serves of a profile; waits for a deployment of somebody's, CONFIGURATION_BUSY."""
        place = self._place(target, one)
        if place.under_way:
            raise _busy(target, one, place.under_way)
        content = self._content(target, place, place.version) if place.version else ""
        return HeldProfile(name=one.name, id=place.profile, version=place.version, content=content)

    def publish(self, target: Target, one: Profile) -> None:
        """Make the profile, where there is none, and the version; nobody is served by it yet."""
        client, place = self._aws.appconfig(target), self._place(target, one)
        profile = place.profile
        if not profile:
            kind = _FLAGS if one.flags else _FREEFORM
            profile = self._aws.call(
                target,
                client.create_configuration_profile,
                ApplicationId=place.application,
                Name=one.profile,
                LocationUri="hosted",
                Type=kind,
            )["Id"]
        if self._published(target, place.application, profile, one) is None:
            self._aws.call(
                target,
                client.create_hosted_configuration_version,
                ApplicationId=place.application,
                ConfigurationProfileId=profile,
                Content=one.content.encode(),
                ContentType=one.content_type,
                VersionLabel=label(one),
            )

    def agrees(self, target: Target, one: Profile) -> bool:
        """Whether everybody is served this content, or is on the way to it."""
        place = self._place(target, one)
        wanted = self._published(target, place.application, place.profile, one) if place.profile else None
        if place.under_way:
            return _is(place.under_way, one, wanted)
        return bool(place.version) and (
            place.version == wanted or self._content(target, place, place.version) == one.content
        )

    def deploy(self, target: Target, one: Profile, before: HeldProfile) -> None:
        """Begin to hand the version out; waits for its end only when it goes to everybody at once.

        Raises `Terminal` (CONFIGURATION_CHANGED) when the environment serves neither this version nor the one before.
        """
        place = self._place(target, one)
        wanted = self._published(target, place.application, place.profile, one)
        if wanted is None:
            raise Terminal("CONFIGURATION_CHANGED", f"The version of {one.name} is gone.", where=target.key)
        if place.under_way and not _is(place.under_way, one, wanted):
            raise _busy(target, one, place.under_way)
        if not place.under_way and place.version != wanted:
            if place.version != before.version:
                raise _changed(target, one, before.version, place.version)
            self._start(target, place, wanted, one.growth)
        if one.growth is None:
            self._settled(target, one)

    def settle(self, target: Target, one: Profile) -> None:
        """Wait until everybody has the version."""
        if self._place(target, one).under_way:
            self._settled(target, one)

    def put_back(self, target: Target, one: Profile, before: HeldProfile, *, wanted: bool) -> str:
        """Bring an environment back to what it served; returns what somebody else had it serve meanwhile, or "".

        Args:
            wanted: whether the release may have deployed it.
        """
        place = self._place(target, one)
        ours = self._published(target, place.application, place.profile, one) if place.profile and wanted else None
        if place.under_way:
            if not _is(place.under_way, one, ours):
                raise _busy(target, one, place.under_way)
            self._stop(target, place, int(place.under_way["DeploymentNumber"]))
            place = self._place(target, one)
        if not before.id:
            return self._removed(target, place)
        found = "" if place.version in (before.version, ours or before.version) else place.version
        if place.version != before.version:
            if not before.version:
                raise Terminal(
                    "CONFIGURATION_STAYS",
                    f"{one.name} had never been deployed, and AppConfig cannot take a first deployment back.",
                    where=target.key,
                    next=f"Delete the profile {one.profile} with its versions; it is looked at again by itself.",
                )
            self._start(target, place, before.version, None)
            self._settled(target, one)
        return found

    def _place(self, target: Target, one: Profile) -> _Place:
        client = self._aws.appconfig(target)
        applications = self._listed(target, client.list_applications)
        application = _named(applications, one.application)
        environments = self._listed(target, client.list_environments, ApplicationId=application) if application else ()
        environment = _named(environments, one.environment)
        if not environment:
            raise Terminal(
                "CONFIGURATION_MISSING",
                f"There is no environment {one.application}/{one.environment} of AppConfig in {target}.",
                where=target.key,
                next="Make it in a stack (AWS::AppConfig::Environment); Shoreward makes profiles only.",
            )
        profile = _named(
            self._listed(target, client.list_configuration_profiles, ApplicationId=application), one.profile
        )
        found = _Place(application=application, environment=environment, profile=profile)
        return self._deployments(target, found, one.profile)

    def _deployments(self, target: Target, place: _Place, profile: str) -> _Place:
        """The newest deployment of the environment, what is under way, and what the profile's last complete one was."""
        client = self._aws.appconfig(target)
        newest, under_way, version = 0, None, ""
        listed = pages(
            lambda more: self._aws.call(
                target,
                client.list_deployments,
                ApplicationId=place.application,
                EnvironmentId=place.environment,
                **more,
            )
        )
        for page in listed:
            for each in sorted(page["Items"], key=lambda one: -one.get("DeploymentNumber", 0)):
                newest = max(newest, each.get("DeploymentNumber", 0))
                if each.get("State") in _UNDER_WAY:
                    under_way = under_way or each
                elif each.get("State") == "COMPLETE" and each.get("ConfigurationName") == profile and not version:
                    version = each.get("ConfigurationVersion", "")
            if version:
                break
        return _Place(
            application=place.application,
            environment=place.environment,
            profile=place.profile,
            newest=newest,
            under_way=under_way,
            version=version if place.profile else "",
        )

    def _published(self, target: Target, application: str, profile: str, one: Profile) -> str | None:
        client = self._aws.appconfig(target)
        for page in pages(
            lambda more: self._aws.call(
                target,
                client.list_hosted_configuration_versions,
                ApplicationId=application,
                ConfigurationProfileId=profile,
                **more,
            )
        ):
            for each in page["Items"]:
                if each.get("VersionLabel") == label(one):
                    return str(each.get("VersionNumber"))
        return None

    def _content(self, target: Target, place: _Place, version: str) -> str:
        client = self._aws.appconfig(target)
        found = self._aws.call(
            target,
            client.get_hosted_configuration_version,
            ApplicationId=place.application,
            ConfigurationProfileId=place.profile,
            VersionNumber=int(version),
        )
        return found["Content"].read().decode("utf-8", "replace")

    def _start(self, target: Target, place: _Place, version: str, growth: Growth | None) -> None:
        client = self._aws.appconfig(target)
        try:
            self._aws.call(
                target,
                client.start_deployment,
                ApplicationId=place.application,
                EnvironmentId=place.environment,
                ConfigurationProfileId=place.profile,
                ConfigurationVersion=version,
                DeploymentStrategyId=self._strategy(target, growth),
                LatestDeploymentNumber=place.newest,
            )
        except OperationError as error:
            if code_of(error.__cause__) == "ConflictException":
                what = "Somebody else began a deployment in the environment at the same moment."
                raise Retryable("CONFIGURATION_BUSY", what, where=target.key) from error
            raise

    def _strategy(self, target: Target, growth: Growth | None) -> str:
        """A strategy of this account and region that grows so; made when there is none."""
        client = self._aws.appconfig(target)
        kind: Any = "EXPONENTIAL" if growth and growth.exponential else "LINEAR"
        factor, minutes = (growth.factor, int(growth.over // 60)) if growth else (100.0, 0)
        name = f"shoreward-{kind.lower()}-{factor:g}-{minutes}m"
        if found := _named(self._listed(target, client.list_deployment_strategies), name):
            return found
        return self._aws.call(
            target,
            client.create_deployment_strategy,
            Name=name,
            DeploymentDurationInMinutes=minutes,
            FinalBakeTimeInMinutes=0,
            GrowthFactor=factor,
            GrowthType=kind,
            ReplicateTo="NONE",
        )["Id"]

    def _stop(self, target: Target, place: _Place, number: int) -> None:
        client = self._aws.appconfig(target)
        self._aws.call(
            target,
            client.stop_deployment,
            ApplicationId=place.application,
            EnvironmentId=place.environment,
            DeploymentNumber=number,
            AllowRevert=True,
        )
        self._until_quiet(target, place, number)

    def _settled(self, target: Target, one: Profile) -> None:
        place = self._place(target, one)
        if place.under_way:
            self._until_quiet(target, place, int(place.under_way["DeploymentNumber"]))

    def _until_quiet(self, target: Target, place: _Place, number: int) -> None:
        client = self._aws.appconfig(target)

        def quiet() -> bool | None:
            state = self._aws.call(
                target,
                client.get_deployment,
                ApplicationId=place.application,
                EnvironmentId=place.environment,
                DeploymentNumber=number,
            )["State"]
            return None if state in _UNDER_WAY else True

        def late() -> OperationError:
            what = f"Deployment {number} of AppConfig has not ended after {self._limit:g} s."
            return Retryable("CONFIGURATION_BUSY", what, where=target.key, next="It is looked at again by itself.")

        self._aws.timing.poll(quiet, limit=self._limit, late=late)

    def _removed(self, target: Target, place: _Place) -> str:
        """Delete a profile that the release made, with its versions; returns somebody else's version in it, or ""."""
        if not place.profile:
            return ""
        client = self._aws.appconfig(target)
        named = {"ApplicationId": place.application, "ConfigurationProfileId": place.profile}
        versions = [
            each
            for page in pages(
                lambda more: self._aws.call(target, client.list_hosted_configuration_versions, **named, **more)
            )
            for each in page["Items"]
        ]
        theirs = [each for each in versions if not each.get("VersionLabel", "").startswith(_LABEL)]
        if theirs:
            return str(theirs[0].get("VersionNumber"))
        for each in versions:
            number = each.get("VersionNumber", 0)
            self._aws.call(target, client.delete_hosted_configuration_version, **named, VersionNumber=number)
        self._aws.call(target, client.delete_configuration_profile, **named, DeletionProtectionCheck="BYPASS")
        return ""

    def _listed(self, target: Target, method: Any, **arguments: Any) -> Iterator[Mapping[str, Any]]:
        for page in pages(lambda more: self._aws.call(target, method, **arguments, **more)):
            yield from page["Items"]


def label(one: Profile) -> str:
    """The label of a version: the same content has the same, and no other has."""
    return f"{_LABEL}{hashlib.sha256(f'{one.content_type} {one.content}'.encode()).hexdigest()[:24]}"


def _named(items: Iterator[Mapping[str, Any]] | tuple[()], name: str) -> str:
    return next((str(each.get("Id")) for each in items if each.get("Name") == name), "")


def _is(deployment: Mapping[str, Any], one: Profile, version: str | None) -> bool:
    return (
        version is not None
        and deployment.get("ConfigurationName") == one.profile
        and deployment.get("ConfigurationVersion") == version
    )


def _busy(target: Target, one: Profile, deployment: Mapping[str, Any]) -> Retryable:
    what = f"Deployment {deployment['DeploymentNumber']} of {one.application}/{one.environment} is under way."
    return Retryable("CONFIGURATION_BUSY", what, where=target.key, next="It goes on when that has ended.")


def _changed(target: Target, one: Profile, before: str, now: str) -> Terminal:
    return Terminal(
        "CONFIGURATION_CHANGED",
        f"{one.name} serves version {now or 'none'}, and served {before or 'none'} when it was looked at.",
        where=target.key,
        next="Find out who deployed it; release again when it may be gone over.",
    )
