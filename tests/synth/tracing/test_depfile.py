"""What a synth used of what is installed."""

from __future__ import annotations

from rajee_deploy.synth.tracing.depfile import Toolchain


def test_packages_that_a_compiler_loads_only_after_an_edit_stay_in_the_list():
    after_an_edit = Toolchain(("node",), (), ("attrs",), ("node_modules/esbuild", "node_modules/tsx"), ())
    from_its_cache = Toolchain(("node",), (), (), ("node_modules/tsx",), ("git",))
    assert from_its_cache.with_former(after_an_edit) == from_its_cache._replace(node=after_an_edit.node)
    assert after_an_edit.with_former(from_its_cache) == after_an_edit


def test_of_an_app_that_is_written_in_another_language_now_no_packages_of_the_former_one_stay():
    python = Toolchain(("python",), ("/venv",), ("attrs",))
    assert python.with_former(Toolchain(("node",), node=("node_modules/tsx",))) == python
