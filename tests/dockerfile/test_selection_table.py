"""The selectors of the public selection examples. Their base image is known: it has ENV PATH=/bin and what they say."""

import pytest

from rajee_deploy.dockerfile import resolve
from rajee_deploy.errors import DeployError
from rajee_deploy.model import BaseConfig, BuildOptions, Digest, LockedImage, Platform, Selector


def test_selection_case(selection_case):
    text = selection_case["dockerfile"].encode("utf-8", "surrogateescape")
    platform = selection_case.get("platform") or "linux/amd64"
    env = [one.split("=", 1) for one in ["PATH=/bin", *selection_case.get("imgenv", ())]]
    base = BaseConfig(tuple((name, value) for name, value in env), tuple(selection_case.get("onbuild", ())))
    locked = {"busybox": LockedImage(Digest("sha256", "0" * 64), {str(Platform.parse(platform)): base})}
    options = BuildOptions(
        Platform.parse(platform), selection_case.get("target"), selection_case.get("args") or {}, locked=locked
    )
    if selection_case["llb_error"]:
        with pytest.raises(DeployError):
            resolve(text, options, "Dockerfile")
        return
    found = resolve(text, options, "Dockerfile")
    assert [read.selector for read in found.reads] == [_selector(use["selector"]) for use in selection_case["uses"]]
    assert [read.widened for read in found.reads] == [""] * len(found.reads)


def _selector(fields):
    lists = {key: tuple(fields.get(key, ())) for key in ("include", "exclude", "required")}
    return Selector(fields["path"], fields["wildcard"], fields["follow"], **lists)
