"""Which line of the app a synth failed at."""

from __future__ import annotations

import pytest

from rajee_deploy.synth.failure_place import failure_place

PYTHON = """Traceback (most recent call last):
  File "{app}/app.py", line 7, in <module>
    Api(app, "Api")
  File "{app}/stacks/api.py", line 13, in __init__
  File "{app}/.venv/lib/python3.11/site-packages/jsii/_runtime.py", line 135, in __call__
AttributeError: no
python3 app.py: Subprocess exited with error 1"""
NODE = """Error: no
    at new Function ({app}/node_modules/aws-cdk-lib/aws-lambda/lib/function.js:1:2)
    at new Api ({app}/lib/api.ts:21:5)
    at Object.<anonymous> ({app}/bin/app.ts:3:1)
    at node:internal/main/run_main_module:23:47"""


@pytest.mark.parametrize(
    ("said", "place"),
    [
        (PYTHON, "infra/stacks/api.py:13"),
        ('  File "{app}/app.py", line 3\n    a b\nSyntaxError: invalid syntax', "infra/app.py:3"),
        ('  File "/usr/lib/python3.11/runpy.py", line 3, in run', ""),
        (NODE, "infra/lib/api.ts:21"),
        ("    at file://{app}/app.mjs:4:7", "infra/app.mjs:4"),
        ("lib/api.ts(12,5): error TS2322: no", "infra/lib/api.ts:12"),
        ("lib/api.ts:12:5 - error TS2322: no", "infra/lib/api.ts:12"),
        ("../lib/api.ts:12:5 - error TS2322: no", ""),
        ("it did not work", ""),
        ('  File "{app}/a\0.py", line 3', ""),
        ("", ""),
    ],
)
def test_the_line_of_the_app_is_named(tmp_path, monkeypatch, said, place):
    monkeypatch.chdir(tmp_path)
    app = tmp_path / "infra"
    assert failure_place(said.format(app=app).split("\n"), app) == place


def test_from_elsewhere_its_path_is_whole(tmp_path, monkeypatch):
    (tmp_path / "away").mkdir()
    monkeypatch.chdir(tmp_path / "away")
    app = tmp_path / "infra"
    assert failure_place([f'File "{app}/app.py", line 3'], app) == f"{app}/app.py:3"
