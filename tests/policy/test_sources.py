"""Rules come from the repository, or from another one that is fetched once and pinned."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from policy.support import ENVIRONMENT, HEAD, Yard, finding
from shoreward.adapters.policy import Engines
from shoreward.domain import Place, PolicySource, Retryable, UserError

TEMPLATE = HEAD + "Resources:\n  Flotsam: {Type: AWS::SQS::Queue}\n"
RULE = "rule NAME { Resources.*[ Type == 'AWS::SQS::Queue' ].Properties.Tags exists }\n"
WHERE = Place(file="shoreward.yaml", line=7)


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, env=ENVIRONMENT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


class Rulebook:
    """A git repository with rules, as a platform team would have it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        git(root, "init", "--quiet", "--initial-branch=main")

    def commit(self, name: str) -> str:
        (self.root / "rules").mkdir(exist_ok=True)
        (self.root / "rules" / "a.guard").write_text(RULE.replace("NAME", name))
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--message", name)
        return git(self.root, "rev-parse", "HEAD")


@pytest.fixture
def rulebook(tmp_path: Path) -> Rulebook:
    made = Rulebook(tmp_path / "rulebook")
    made.commit("FIRST")
    return made


@pytest.fixture
def yard(tmp_path: Path, engines: Engines) -> Yard:
    return Yard(tmp_path / "yard", {"template.yaml": TEMPLATE}, engines)


def of(rulebook: Rulebook, ref: str = "", path: str = "rules") -> PolicySource:
    return PolicySource(path=path, repository=str(rulebook.root), ref=ref, where=WHERE)


def test_rules_of_another_repository_are_told_with_the_commit_that_they_are_of(yard: Yard, rulebook: Rulebook) -> None:
    first = git(rulebook.root, "rev-parse", "HEAD")
    report = yard.policies(of(rulebook, "main"))
    found = finding(report, "FIRST")
    assert found.subject == "Flotsam"
    assert ("rules", f"{rulebook.root}@{first[:10]}:rules/a.guard") in found.details
    assert first in report.summary


def test_a_branch_is_resolved_each_time(yard: Yard, rulebook: Rulebook) -> None:
    source = of(rulebook, "main")
    before = yard.key("policies", source)
    assert finding(yard.policies(source), "FIRST")
    rulebook.commit("SECOND")
    assert yard.key("policies", source) != before
    assert finding(yard.policies(source), "SECOND")


def test_without_a_ref_the_default_branch_counts(yard: Yard, rulebook: Rulebook) -> None:
    assert finding(yard.policies(of(rulebook)), "FIRST")


@pytest.mark.parametrize("kind", [[], ["--annotate", "--message", "two"]])
def test_tags_of_both_kinds_are_commits(yard: Yard, rulebook: Rulebook, kind: list[str]) -> None:
    git(rulebook.root, "tag", *kind, "v1")
    rulebook.commit("SECOND")
    assert finding(yard.policies(of(rulebook, "v1")), "FIRST")


def test_a_full_commit_id_is_fetched_once_and_needs_nobody_then(yard: Yard, rulebook: Rulebook) -> None:
    first = git(rulebook.root, "rev-parse", "HEAD")
    rulebook.commit("SECOND")
    source = of(rulebook, first)
    assert finding(yard.policies(source), "FIRST")
    shutil.rmtree(rulebook.root)
    assert finding(yard.policies(source), "FIRST")
    assert yard.key("policies", source) is not None


def test_a_branch_that_nobody_can_be_asked_about_is_an_error_although_a_copy_is_kept(
    yard: Yard, rulebook: Rulebook
) -> None:
    source = of(rulebook, "main")
    yard.policies(source)
    shutil.rmtree(rulebook.root)
    for ask in (yard.policies, lambda given: yard.key("policies", given)):
        with pytest.raises(Retryable) as caught:
            ask(source)
        assert caught.value.code == "POLICY_SOURCE_UNREACHABLE"
        assert caught.value.where == WHERE


@pytest.mark.parametrize("ref", ["nowhere", "0" * 40])
def test_a_ref_that_the_repository_does_not_have_is_an_error(yard: Yard, rulebook: Rulebook, ref: str) -> None:
    with pytest.raises(UserError) as caught:
        yard.policies(of(rulebook, ref))
    assert caught.value.code == "POLICY_REF_UNKNOWN"


def test_a_folder_that_the_other_repository_does_not_have_is_an_error(yard: Yard, rulebook: Rulebook) -> None:
    with pytest.raises(UserError) as caught:
        yard.policies(of(rulebook, "main", "elsewhere"))
    assert (caught.value.code, caught.value.where) == ("POLICY_EMPTY", WHERE)


def test_a_relative_address_begins_at_the_repository_s_root(yard: Yard, rulebook: Rulebook) -> None:
    address = os.path.relpath(rulebook.root, yard.root)
    assert finding(yard.policies(PolicySource(path="rules", repository=address, ref="main")), "FIRST")


def test_only_a_pinned_source_lets_an_answer_stand(yard: Yard, rulebook: Rulebook) -> None:
    commit = git(rulebook.root, "rev-parse", "HEAD")
    assert yard.check("policies", [of(rulebook, "main")]).depends.good_for == 0.0
    assert yard.check("policies", [of(rulebook, commit)]).depends.good_for == 86_400.0


def test_rules_of_two_sources_do_not_meet(yard: Yard, rulebook: Rulebook) -> None:
    helper = 'package main\nlimit = {}\ndeny[m] {{ limit > 1; m := "{}" }}\n'
    (rulebook.root / "rules" / "a.rego").write_text(helper.format(2, "theirs"))
    git(rulebook.root, "add", "--all")
    git(rulebook.root, "commit", "--quiet", "--message", "rego")
    yard.commit({"rules/b.rego": helper.format(3, "ours")})
    report = yard.policies(of(rulebook, "main"), PolicySource(path="rules"))
    assert sorted(one.what for one in report.findings if one.rule == "main.deny") == ["ours.", "theirs."]


def test_the_key_follows_rules_template_targets_and_base(yard: Yard) -> None:
    yard.commit({"rules/a.guard": RULE, "README.md": "one"})
    rules = PolicySource(path="rules")
    first = yard.head()
    seen = [yard.key("policies", rules)]
    yard.commit({"README.md": "two"})
    assert yard.key("policies", rules) == seen[0]
    yard.commit({"rules/a.guard": RULE.replace("Tags", "QueueName")})
    seen.append(yard.key("policies", rules))
    yard.commit({"template.yaml": TEMPLATE + "  Jetsam: {Type: AWS::SQS::Queue}\n"})
    seen.append(yard.key("policies", rules))
    yard.regions("eu-north-1", "us-east-1")
    seen.append(yard.key("policies", rules))
    seen.append(yard.key("policies", rules, base=first))
    seen.append(yard.key("policies"))
    yard.at += 3650 * 86_400.0  # by then runtimes of today are gone
    seen.append(yard.key("policies"))
    assert len(set(seen)) == len(seen)
