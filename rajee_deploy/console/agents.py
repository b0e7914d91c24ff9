"""Whether a coding agent runs us: it reads every line that is said, and nobody sits at its terminal. A table of facts.

Only variables that an agent sets for the commands that it starts; not those by which its user configures it, which are
in the shell of a person, too (CODEX_HOME, GEMINI_API_KEY).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Variable → who sets it, and where that is said. Any value counts that is neither empty nor 0.
AGENTS = {
    "AI_AGENT": "a convention: github.com/vercel/vercel/tree/main/packages/detect-agent; Claude Code sets it, too",
    "AGENT": "a convention: github.com/agentsmd/agents.md/issues/136; Amp, Goose, Crush and opencode set it",
    "CLAUDECODE": "Claude Code: github.com/anthropics/claude-code/issues/531",
    "CURSOR_AGENT": "Cursor: github.com/databricks/cli/pull/4287 names its source",
    "GEMINI_CLI": "Gemini CLI: google-gemini.github.io/gemini-cli/docs/tools/shell.html",
    "CODEX_THREAD_ID": "Codex: github.com/openai/codex/issues/36883",
    "CODEX_SANDBOX": "Codex, in its sandbox: github.com/aws/aws-cdk-cli/pull/1855",
    "CODEX_CI": "Codex: the same",
    "OPENCODE": "opencode: the same",
    "COPILOT_CLI": "GitHub Copilot CLI: the same",
    "AUGMENT_AGENT": "Augment: docs.augmentcode.com/cli/reference",
    "QWEN_CODE": "Qwen Code: github.com/aws/aws-cdk-cli/pull/1855",
    "CLINE_ACTIVE": "Cline: the same",
    "VSCODE_AGENT": "agents of VS Code: code.visualstudio.com/updates/v1_121",
}


def agent_variable(environment: Mapping[str, str]) -> str:
    """The variable by which an agent shows itself; "" where none does."""
    return next((name for name in AGENTS if environment.get(name, "") not in ("", "0")), "")
