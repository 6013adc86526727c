"""cfn-lint on a template: `python -m shoreward.adapters.policy.engines.lint`.

Asked    {"template": JSON text, "regions": [...], "parameters": [[name of the target, {name: value}], ...],
          "files": {path: text}}
Answers  {"found": [{"rule", "level", "message", "about", "path", "parameters", "url"}],
          "config": "" or what is wrong with the settings, "strangers": regions that it does not know}

`files` are `.cfnlintrc` and what it names; they are laid out in a folder of their own, where cfn-lint looks for them.
A rule that breaks is no finding: it ends the process.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from shoreward.adapters.policy.engines.serve import serve

_BROKE = "E0002"
_CONFIG = "E0003"


def answer(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What cfn-lint finds in a template."""
    from cfnlint.exceptions import CfnLintExitException, ConfigFileError  # pyright: ignore[reportMissingTypeStubs]
    from cfnlint.helpers import REGIONS  # pyright: ignore[reportMissingTypeStubs]

    known = [region for region in asked["regions"] if region in REGIONS]
    said: dict[str, Any] = {
        "found": [],
        "config": "",
        "strangers": sorted(set(asked["regions"]) - set(known)),
    }
    with tempfile.TemporaryDirectory(prefix="shoreward-lint-") as folder:
        _lay_out(Path(folder), asked["files"])
        try:
            said["found"] += _lint(asked["template"], known or ["us-east-1"], asked["parameters"])
        except (ConfigFileError, CfnLintExitException, ValueError) as error:
            said["config"] = str(error) or repr(error)
        finally:
            os.chdir("/")
    return said


def _lay_out(folder: Path, files: Mapping[str, str]) -> None:
    """Make a folder with the files the working directory and the home, where cfn-lint reads its settings."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    home = folder / ".home-of-nobody"
    home.mkdir()
    os.environ["HOME"] = str(home)
    os.chdir(folder)


def _lint(
    text: str, regions: Sequence[str], parameters: Sequence[tuple[str, Mapping[str, str]]]
) -> Iterator[dict[str, Any]]:
    from cfnlint.config import ConfigMixIn  # pyright: ignore[reportMissingTypeStubs]
    from cfnlint.context.parameters import ParameterSet  # pyright: ignore[reportMissingTypeStubs]
    from cfnlint.decode.decode import decode_str  # pyright: ignore[reportMissingTypeStubs]
    from cfnlint.runner import Runner  # pyright: ignore[reportMissingTypeStubs]

    sets = [ParameterSet(source=target, parameters=dict(values)) for target, values in parameters]
    runner = Runner(ConfigMixIn([], regions=list(regions), parameters=sets))
    template, errors = decode_str(text)
    matches: list[Any] = errors or list(runner.validate_template(template or {}))
    targets = [target for target, _ in parameters]
    for match in matches:
        if match.rule.id == _BROKE:
            raise RuntimeError(f"a rule broke: {match.message}")
        if match.rule.id == _CONFIG:
            raise ValueError(match.message)
        yield {
            "rule": match.rule.id,
            "level": match.rule.severity,
            "message": match.message,
            "about": match.rule.shortdesc,
            "path": list(getattr(match, "path", None) or []),
            "parameters": any(f"'{target}'" in match.message for target in targets),
            "url": match.rule.source_url,
        }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve(answer)
