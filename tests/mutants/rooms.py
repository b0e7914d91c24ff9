"""Which rooms are mutated, and which tests are the nearest to each: those that have to notice."""

from __future__ import annotations

_CONTEXT = (
    "context/test_globs.py",
    "context/test_ignore.py",
    "context/test_selection.py",
    "context/test_filtered.py",
    "context/test_expressions.py",
    "context/test_digest.py",
    "context/test_patterns.py",
    "context/test_select.py",
)
_DOCKERFILE = tuple(
    f"dockerfile/test_{name}.py"
    for name in (
        "canonical",
        "flags",
        "image_names",
        "lines",
        "locked",
        "machines",
        "mounts",
        "parser_table",
        "plain",
        "platforms",
        "reads",
        "recipes",
        "remotes",
        "selection_table",
        "shapes",
        "stages",
        "values",
        "variables",
        "words",
        "words_table",
    )
)

# Source below rajee_deploy/ → test files below tests/. A folder ends in "/". Left out are tests whose set-up takes
# seconds (every decision there is, long properties, whole runs): most mutants have to fall without them.
NEAREST: dict[str, tuple[str, ...]] = {
    "dockerfile/": _DOCKERFILE,
    "fingerprint.py": ("test_fingerprint.py", "actions/explain/test_platforms.py"),
    "plan/planner.py": ("plan/test_planner.py", "plan/test_retention.py", "plan/test_parameter_changes.py"),
    "plan/stack_step.py": ("plan/test_planner.py", "plan/test_retention.py", "plan/test_parameter_changes.py"),
    "plan/after_step.py": ("plan/test_planner.py", "plan/test_retention.py", "plan/test_decisions.py"),
    "plan/declared.py": ("plan/test_declared.py",),
    "plan/parameters.py": ("plan/test_declared.py", "plan/test_parameter_changes.py"),
    "plan/parameter_changes.py": ("plan/test_parameter_changes.py",),
    "plan/retention.py": ("plan/test_retention.py", "plan/test_planner.py"),
    "plan/allowances.py": ("plan/test_broader.py", "plan/test_amounts.py"),
    "plan/broader.py": ("plan/test_broader.py", "plan/test_resource_changes.py"),
    "plan/property_changes.py": ("plan/test_property_changes.py", "plan/test_resource_changes.py"),
    "plan/rendered_values.py": ("plan/test_rendered_values.py", "plan/test_property_changes.py"),
    "plan/replacement.py": ("plan/test_resource_changes.py",),
    "plan/resource_changes.py": ("plan/test_resource_changes.py",),
    "text/secret_looks.py": ("text/test_secret_looks.py",),
    "telemetry/spans.py": ("telemetry/test_spans.py", "actions/test_send_trace.py"),
    "telemetry/trace_parent.py": ("telemetry/test_trace_parent.py",),
    "telemetry/variables.py": ("telemetry/test_variables.py",),
    "text/markdown.py": ("text/test_markdown.py",),
    "text/workflow_commands.py": ("text/test_workflow_commands.py",),
    "plan/expiry.py": ("plan/test_expiry.py",),
    "plan/tagged_templates.py": ("plan/test_tagged_templates.py", "plan/test_retag.py"),
    "plan/retag.py": ("plan/test_retag.py",),
    "actions/doctor/findings.py": ("actions/doctor/test_rows.py", "actions/doctor/test_judgements.py"),
    "actions/doctor/judgements.py": ("actions/doctor/test_judgements.py",),
    "actions/doctor/rows.py": ("actions/doctor/test_rows.py",),
    "actions/init/churn.py": ("actions/init/test_churn.py",),
    "actions/init/decide.py": ("actions/init/test_decide.py",),
    "actions/init/found.py": ("actions/init/test_decide.py", "actions/init/test_settings_text.py"),
    "actions/init/settings_text.py": ("actions/init/test_settings_text.py",),
    "plan/image_check.py": ("actions/explain/test_platforms.py", "plan/test_retention.py"),
    "plan/tags.py": ("plan/test_tags.py",),
    "registry/documents.py": ("registry/test_documents.py",),
    "plan/needs_synth.py": ("plan/test_infrastructure.py", "plan/test_needs_synth.py"),
    "plan/infrastructure.py": ("plan/test_infrastructure.py",),
    "plan/input_changes.py": ("plan/test_input_changes.py", "actions/explain/test_of_stacks.py"),
    "plan/ancestry.py": ("plan/test_ancestry.py",),
    "plan/rollback.py": ("actions/rollback/test_plan.py", "actions/rollback/test_rollback.py"),
    "plan/service_drift.py": ("plan/test_service_drift.py",),
    "plan/template_differences.py": ("plan/test_template_differences.py", "plan/test_infrastructure.py"),
    "model/names.py": ("plan/test_retention.py",),
    "model/revision.py": ("model/test_revision.py",),
    "text/foreign.py": ("text/test_foreign.py",),
    "context/gitignore.py": ("context/test_gitignore.py",),
    "context/path_automaton.py": ("context/test_gitignore.py", "context/test_expressions.py"),
    "plan/carried.py": ("plan/test_carried.py",),
    "plan/state.py": ("plan/test_retention.py", "plan/test_planner.py"),
    "plan/steps.py": ("plan/test_planner.py",),
    "rollout/": (
        "rollout/test_spans.py",
        "rollout/test_verdict.py",
        "rollout/test_standing.py",
        "rollout/test_rollout_state.py",
        "rollout/test_declared.py",
    ),
    "actions/status/rows.py": ("actions/status/test_rows.py",),
    "aws/permissions.py": ("cli/test_permissions.py",),
    "model/": ("model/test_model.py", "actions/explain/test_platforms.py", "dockerfile/test_image_names.py"),
    "plan/stack_names.py": ("plan/test_stack_names.py",),
    "model/stack_status.py": ("model/test_stack_status.py", "plan/test_planner.py"),
    "text/numbers.py": ("text/test_numbers.py",),
    "errors.py": ("test_errors.py",),
    "lock/format.py": ("lock/test_format.py",),
    "context/ignore.py": _CONTEXT,
    "context/select.py": _CONTEXT,
    "context/view.py": _CONTEXT,
    "context/filtered.py": _CONTEXT,
    "context/globs.py": _CONTEXT,
    "context/expressions.py": _CONTEXT,
    "context/digest.py": _CONTEXT,
    "synth/tracing/shells.py": ("synth/tracing/test_shells.py", "synth/tracing/test_variables.py"),
    "actions/deploy.py": (
        "actions/test_deploy.py",
        "actions/test_deploy_lines.py",
        "actions/test_deploy_secrets.py",
        "actions/test_approve.py",
        "actions/test_tell_deployment.py",
    ),
}

# A mutant that none of the nearest tests noticed is tried against these once more, and against those nearest to others.
WIDER = tuple(
    f"tests/{test}.py"
    for test in (
        "actions/explain/test_reads",
        "context/test_cache",
        "context/test_cache_edits",
        "context/test_cache_files",
        "context/test_cautions",
        "context/test_deployignore",
        "context/test_properties",
        "context/test_staging",
        "dockerfile/test_properties",
        "settings/test_build_settings",
        "actions/test_build",
        "plan/test_decisions",
        "image/test_inputs",
        "actions/rollback/test_rollback",
        "settings/test_reading",
        "actions/test_up",
    )
)


def nearest(source: str) -> tuple[str, ...]:
    """The tests of one source file, both as paths from the top of the tree."""
    for room, tests in NEAREST.items():
        if source == f"rajee_deploy/{room}" or (room.endswith("/") and source.startswith(f"rajee_deploy/{room}")):
            return tuple(f"tests/{test}" for test in tests)
    raise LookupError(source)
