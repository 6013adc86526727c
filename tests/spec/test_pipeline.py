"""What a right file means, key by key."""

from pathlib import Path

import pytest

from shoreward.domain import (
    Bake,
    Checks,
    Dynamic,
    Fault,
    JudgePolicy,
    Pipeline,
    Place,
    PolicySource,
    Probe,
    Resilience,
    SandboxPlan,
    SpecError,
    Suite,
    Target,
    TrustedKey,
    Waiver,
    Wave,
)
from shoreward.spec.load import load, parse

from .samples import COMPLETE, MINIMAL


def test_a_minimal_file_takes_every_default_from_the_domain():
    target = Target(account="111111111111", region="eu-north-1", stack="sandcastles")
    assert parse(MINIMAL) == Pipeline(
        application="sandcastles",
        template="template.yaml",
        waves=(Wave(name="first", targets=(target,)),),
        checks=Checks(),
    )


def test_the_complete_example_of_the_reference_means_what_it_says():
    pipeline = parse(COMPLETE)
    first, rest = pipeline.waves
    assert (first.name, first.steps, first.soak) == ("first", (5.0, 25.0, 50.0), 14_400.0)
    assert (rest.name, rest.steps, rest.soak) == ("everywhere-else", (10.0, 50.0), 3_600.0)
    assert rest.bake == Bake(minimum=600.0, requests=500, deadline=14_400.0, on_deadline="hold")
    assert rest.targets == (
        Target(
            account="111111111111",
            region="us-east-1",
            stack="sandcastles",
            role="arn:aws:iam::111111111111:role/shoreward-deploy",
            parameters=(("ApiVersion", "1.10"), ("Stage", "prod")),
        ),
        Target(
            account="222222222222",
            region="us-west-2",
            stack="sandcastles-far",
            role="arn:aws:iam::222222222222:role/shoreward-deploy",
            parameters=(("ApiVersion", "1.10"), ("Stage", "far-west")),
        ),
    )
    assert pipeline.judge == JudgePolicy()
    assert pipeline.alarms == ("{stack}-{region}-high-errors",)
    assert pipeline.probes == (
        Probe(function="TidesFunction", payload='{"path":"/tides","httpMethod":"GET"}', expect='{"statusCode":200}'),
    )
    assert pipeline.allow_replacement == ("OldTable",)
    assert pipeline.checks == Checks(
        skip=("performance",),
        resilience=Resilience(
            faults=(
                Fault(kind="throttle", function="ContestFunction"),
                Fault(kind="misdirect", function="CastlesFunction", variable="CONTEST_QUEUE_URL", may_fail=0.05),
            )
        ),
        dynamic=Dynamic(methods=("GET", "PUT"), requests=500, limit=120.0),
        suites=(Suite(name="beach", kind="integration", command="python -m pytest tests/integration", timeout=300.0),),
        sandbox=SandboxPlan(
            target=Target(
                account="111111111111",
                region="eu-west-1",
                stack="sandcastles-sandbox",
                role="arn:aws:iam::111111111111:role/shoreward-deploy",
                parameters=(("ApiVersion", "1.10"), ("Stage", "sandbox")),
            ),
            seed="python tests/seed.py",
        ),
        policies=(
            PolicySource(path="rules"),
            PolicySource(path="serverless", repository="https://git.example/rules.git", ref="v3"),
        ),
        waivers=(
            Waiver(
                rule="GHSA-652x-xj99-gmcc",
                subject="requests*",
                reason="The function never follows redirects.",
                owner="beach team",
                expires="2027-01-31",
            ),
        ),
        trusted_keys=(TrustedKey(name="ci", key="MCowBQYDK2VwAyEAmRf+gQOlPv/cglCS1rp4pVgqKp4nDD6iXVtL8JZjIsg="),),
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86_400), ("1h30m", 5400), ("1d1s", 86_401)]
)
def test_durations(text: str, seconds: float):
    assert parse(MINIMAL + f"    soak: {text}\n").waves[0].soak == seconds


@pytest.mark.parametrize(("text", "share"), [("1%", 0.01), ("0.05%", 0.0005), ("99.9%", 0.999), ("0.1%", 0.001)])
def test_percentages_are_exact(text: str, share: float):
    assert parse(MINIMAL + f"judge: {{alpha: {text}}}\n").judge.alpha == share


@pytest.mark.parametrize("written", ["1.10", "true", "012345678901", "no", "1e3", "2026-07-01", '"a: b"'])
def test_parameters_are_the_text_that_was_written(written: str):
    [target] = parse(MINIMAL + f"parameters: {{Value: {written}}}\n").targets
    assert target.parameters == (("Value", written.strip('"')),)


def test_paths_of_checks_start_at_the_file_that_names_them():
    checks = """\
checks:
  suites:
    - kind: unit
      run: make
      folder: tests
      inputs: ["functions/**"]
      requirements: [../requirements.txt]
  policies: [rules]
  advisories: {source: osv}
"""
    found = parse(MINIMAL + checks, folder="services/beach").checks
    assert found is not None
    [suite] = found.suites
    assert (suite.folder, suite.inputs) == ("services/beach/tests", ("services/beach/functions/**",))
    assert suite.requirements == ("services/requirements.txt",)
    assert suite.where == Place(file="shoreward.yaml", line=9, column=7)
    assert found.policies == (PolicySource(path="services/beach/rules"),)
    assert found.advisories.source == "services/beach/osv"


def test_a_fault_takes_what_it_does_not_say_from_all_of_them():
    checks = """\
checks:
  resilience:
    may-fail: 10%
    lasts: 20s
    faults:
      - {kind: throttle, function: F}
      - {kind: squeeze, function: F, may-fail: 100%, recovery: 5m}
  dynamic: {}
"""
    found = parse(MINIMAL + checks).checks
    assert found is not None
    assert found.resilience is not None
    assert found.resilience.faults == (
        Fault(kind="throttle", function="F", may_fail=0.1, lasting=20.0, recovery=60.0),
        Fault(kind="squeeze", function="F", timeout=1.0, may_fail=1.0, lasting=20.0, recovery=300.0),
    )
    assert found.resilience.faults[1].where == Place(file="shoreward.yaml", line=13, column=9)
    assert found.dynamic == Dynamic()


def test_a_pipeline_may_reach_several_partitions_through_several_accounts():
    text = MINIMAL.replace(
        "waves:", '  china: {id: "222222222222", role: "arn:aws-cn:iam::222222222222:role/r"}\nwaves:'
    )
    assert [
        target.region for target in parse(text.replace("eu-north-1]", "eu-north-1, china/cn-north-1]")).targets
    ] == [
        "eu-north-1",
        "cn-north-1",
    ]


def test_one_account_may_be_used_with_two_stacks_in_a_region():
    text = MINIMAL.replace("eu-north-1]", "eu-north-1, {target: main/eu-north-1, stack: blue}]")
    assert [target.stack for target in parse(text).targets] == ["sandcastles", "blue"]


def test_usual_settings_can_be_shared_by_an_anchor():
    text = MINIMAL + "    bake: &usual {requests: 7}\n  - {name: b, targets: [main/eu-west-1], bake: *usual}\n"
    assert [wave.bake.requests for wave in parse(text).waves] == [7, 7]


@pytest.mark.parametrize(("given", "meant"), [("null", "null"), ("[1, a]", '[1,"a"]'), ("no", '"no"'), ("1.5", "1.5")])
def test_a_payload_is_any_json(given: str, meant: str):
    [probe] = parse(MINIMAL + f"probes: [{{function: F, payload: {given}}}]\n").probes
    assert (probe.payload, probe.expect) == (meant, None)


def test_the_template_is_found_from_the_file_and_named_from_the_root(tmp_path: Path):
    folder = tmp_path / "services" / "tides"
    folder.mkdir(parents=True)
    (folder / "shoreward.yaml").write_text(MINIMAL + "template: ../shared/template.yaml\n")
    (tmp_path / "services" / "shared").mkdir()
    (tmp_path / "services" / "shared" / "template.yaml").touch()
    assert load(folder, root=tmp_path).template == "services/shared/template.yaml"
    assert load(folder / "shoreward.yaml", root=tmp_path / "services").template == "shared/template.yaml"
    assert (
        parse((folder / "shoreward.yaml").read_text(), folder="services/tides").template
        == "services/shared/template.yaml"
    )


def refused(path: Path, root: Path | None = None) -> SpecError:
    with pytest.raises(SpecError) as caught:
        load(path, root=root)
    return caught.value


def test_a_template_that_is_not_there_is_missed_at_its_key_with_the_nearest_name(tmp_path: Path):
    file = tmp_path / "shoreward.yaml"
    file.write_text(MINIMAL + "template: tempalte.yaml\n")
    (tmp_path / "template.yaml").touch()
    error = refused(file)
    assert (error.code, error.next) == ("SPEC_TEMPLATE_MISSING", "Did you mean 'template.yaml'?")
    assert error.where == Place(file=str(file), line=7, column=11)


def test_a_template_outside_of_the_repository_is_refused(tmp_path: Path):
    (tmp_path / "shoreward.yaml").write_text(MINIMAL + "template: ../template.yaml\n")
    assert refused(tmp_path).code == "SPEC_PATH"


def test_a_file_outside_of_the_repository_is_refused(tmp_path: Path):
    (tmp_path / "repository").mkdir()
    (tmp_path / "shoreward.yaml").write_text(MINIMAL)
    assert refused(tmp_path / "shoreward.yaml", root=tmp_path / "repository").code == "SPEC_PATH"


def test_no_file_no_utf_8_and_a_folder_are_said_plainly(tmp_path: Path):
    missing = refused(tmp_path)
    assert (missing.code, missing.next) == ("SPEC_FILE_MISSING", "Write one with `shoreward init`.")
    (tmp_path / "shoreward.yaml").write_bytes(b"application: a\nstack: caf\xe9\n")
    latin = refused(tmp_path)
    assert (latin.code, latin.next) == ("YAML_CHARACTER", "Save it as UTF-8.")
    assert latin.where == Place(file=str(tmp_path / "shoreward.yaml"), line=2)
    (tmp_path / "app" / "shoreward.yaml").mkdir(parents=True)
    assert refused(tmp_path / "app").code == "SPEC_FILE_UNREADABLE"


KEY = "MCowBQYDK2VwAyEApMUxCvDSFOhnDJMbMkUWtopTWQhayhF4SqBK3n6WPn0="


def test_a_key_may_be_written_as_openssl_writes_it():
    pem = f"-----BEGIN PUBLIC KEY-----\n      {KEY}\n      -----END PUBLIC KEY-----"
    checks = parse(f"{MINIMAL}checks:\n  trusted-keys:\n    ci: |\n      {pem}\n").checks
    assert checks is not None
    assert checks.trusted_keys == (TrustedKey(name="ci", key=KEY),)


def test_a_private_key_is_not_repeated():
    secret = "MC4CAQAwBQYDK2VwBCIEIGR3c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2Vj"
    with pytest.raises(SpecError) as refused:
        parse(f"{MINIMAL}checks: {{trusted-keys: {{ci: {secret}}}}}\n")
    assert refused.value.code == "SPEC_KEY"
    assert secret[20:] not in str(refused.value)
