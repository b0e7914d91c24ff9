"""Variables that a copy of the whole environment does not count: who runs us, where, in which run of which CI. Pure.

A variable of this list counts all the same where the app is seen to read it by its name. What names a branch, a tag or
a stage (GITHUB_REF_NAME, CI_ENVIRONMENT_NAME) is not in it, and neither are the ids of repositories: an app may well
make its stacks of them, and they are the same in each run of one deployment. What names a commit is apart
(`tells_commit`): it is no id of a run, but it changes as often.

Sources: the lists of predefined variables in the manual of each CI system.
"""

from __future__ import annotations

import re

from rajee_deploy.console.agents import AGENTS
from rajee_deploy.synth.variables import is_fixed

# The user, the session, the terminal, the desktop; tools that put themselves on PATH; a run below npm or make.
_MACHINE = (
    r"HOME|PATH|PWD|OLDPWD|USER|LOGNAME|UID|EUID|SHELL|SHLVL|_|HOSTNAME|HOSTTYPE|MACHTYPE|OSTYPE|MAIL"
    r"|TERM|TERM_.*|TERMINFO|COLORTERM|COLUMNS|LINES|LS_COLORS|LSCOLORS|CLICOLOR(_FORCE)?|(NO|FORCE)_COLOR|PS[0-4]"
    r"|PROMPT_COMMAND|HIST(FILE|SIZE|FILESIZE|CONTROL|IGNORE|TIMEFORMAT)|LESS(OPEN|CLOSE|KEY|CHARSET)?|EDITOR|VISUAL"
    r"|PAGER|GIT_(ASKPASS|EDITOR|PAGER)|BROWSER|MANPATH|INFOPATH|TMPDIR|TMP|TEMP|SSH_.*|GPG_(AGENT_INFO|TTY)|SUDO_.*"
    r"|TMUX.*|STY|WINDOWID|VTE_VERSION|ITERM_.*|KITTY_.*|XDG_.*|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DBUS_.*"
    r"|DESKTOP_(SESSION|STARTUP_ID)|GNOME_.*|GTK_.*|KDE_.*|QT_.*|GDMSESSION|SESSION_MANAGER|INVOCATION_ID|MANAGERPID"
    r"|JOURNAL_STREAM|SYSTEMD_EXEC_PID|WSL.*|VSCODE_.*|__CF.*|XPC_.*|VIRTUAL_ENV.*|CONDA_.*|PYENV_.*|NVM_.*|FNM_.*"
    r"|VOLTA_.*|ASDF_.*|MISE_.*|SDKMAN_.*|HOMEBREW_.*|DIRENV_.*|MAKEFLAGS|MAKELEVEL|MAKEOVERRIDES|MFLAGS|INIT_CWD"
    r"|npm_(config|lifecycle)_.*|npm_(execpath|node_execpath|command|package_json)|AWS_CA_BUNDLE|RAJEE_DEPLOY_.*"
)
_CI = {
    "GitHub Actions": (
        r"GITHUB_(RUN_(ID|NUMBER|ATTEMPT)|ACTION|ACTION_.*|ACTOR|ACTOR_ID|TRIGGERING_ACTOR|JOB|ENV|OUTPUT|PATH|STATE"
        r"|STEP_SUMMARY|WORKSPACE|EVENT_PATH|TOKEN|RETENTION_DAYS)|ACTIONS_.*|RUNNER_.*|Image(OS|Version)"
        r"|ENABLE_RUNNER_TRACING|AGENT_TOOLSDIRECTORY|[Pp]ython\w*(Location|_ROOT_DIR)|(JAVA_HOME|GOROOT)_[0-9]\w*"
    ),
    "GitLab CI": (
        r"CI_(JOB|PIPELINE|RUNNER|SERVER|CONCURRENT)_.*|CI_(NODE_(INDEX|TOTAL)|BUILDS_DIR|PROJECT_DIR|REPOSITORY_URL"
        r"|(REGISTRY|DEPLOY|DEPENDENCY_PROXY)_(USER|PASSWORD))|GITLAB_USER_.*|GITLAB_FEATURES"
    ),
    "CircleCI": (
        r"CIRCLE_(BUILD_(NUM|URL)|PREVIOUS_BUILD_NUM|WORKFLOW_.*|PIPELINE_(ID|NUM)|JOB|STAGE|NODE_.*|OIDC_TOKEN.*|TOKEN"
        r"|INTERNAL_.*|SHELL_ENV|USERNAME|WORKING_DIRECTORY)"
    ),
    "Jenkins": (
        r"BUILD_(NUMBER|ID|URL|TAG|DISPLAY_NAME)|JOB_(DISPLAY_)?URL|RUN_((ARTIFACTS|CHANGES|TESTS)_)?DISPLAY_URL"
        r"|EXECUTOR_NUMBER|NODE_(NAME|LABELS)|WORKSPACE|WORKSPACE_TMP|JENKINS_.*|HUDSON_.*"
    ),
    "Buildkite": (
        r"BUILDKITE_(BUILD_(ID|NUMBER|URL|PATH|CHECKOUT_PATH|CREATOR.*|AUTHOR.*)|JOB_ID|STEP_.*|AGENT_.*|RETRY_.*"
        r"|PARALLEL_.*|UNBLOCKER.*|LAST_HOOK_.*|COMMAND.*|TIMEOUT|SOURCE|SHELL|ENV_FILE|\w+_PATH|GROUP_ID)"
    ),
    "CodeBuild": (
        r"CODEBUILD_(BUILD_.*|BATCH_.*|LOG_PATH|START_TIME|SRC_DIR.*|INITIATOR|AUTH_TOKEN|AGENT_.*|\w*CONTAINER\w*"
        r"|\w*REPORT\w*|LAST_EXIT|EXECUTION_ROLE\w*|GOPATH|KMS_KEY_ID|ACTION_RUNNER_\w+)|CODEPIPELINE_EXECUTION_ID"
    ),
    "Azure Pipelines": (
        r"BUILD_(BUILDID|BUILDNUMBER|BUILDURI|CONTAINERID|QUEUEDBY\w*|REQUESTEDFOR\w*|REASON|REPOSITORY_LOCALPATH"
        r"|(ARTIFACTSTAGING|BINARIES|SOURCES|STAGING)DIRECTORY)|COMMON_TESTRESULTSDIRECTORY|PIPELINE_WORKSPACE"
        r"|SYSTEM_(ACCESSTOKEN|(JOB|PLAN|TIMELINE|TASKINSTANCE|PHASE)ID|JOB(ATTEMPT|DISPLAYNAME|IDENTIFIER|NAME)"
        r"|PHASE(ATTEMPT|DISPLAYNAME|NAME)|TASK(DISPLAYNAME|INSTANCENAME)|(ARTIFACTS|DEFAULTWORKING)DIRECTORY)"
        r"|AGENT_(ID|NAME|MACHINENAME|JOBSTATUS|JOBNAME|VERSION|READONLYVARIABLES"
        r"|(BUILD|HOME|ROOT|SERVEROM|TEMP|WORK)DIRECTORY|WORKFOLDER)"
        r"|RELEASE_(RELEASEID|RELEASENAME|RELEASEWEBURL|DEPLOYMENTID|ATTEMPTNUMBER)"
    ),
    "Bitbucket": (
        r"BITBUCKET_(BUILD_NUMBER|PIPELINE_UUID|STEP_.*|PARALLEL_.*|CLONE_DIR|EXIT_CODE|SSH_KEY_FILE|PACKAGES_TOKEN"
        r"|DOCKER_HOST_INTERNAL)"
    ),
    "Travis": (
        r"TRAVIS_(BUILD_(ID|NUMBER|WEB_URL|DIR|STAGE_\w+)|JOB_.*|TEST_RESULT|TIMER_.*|CMD|UID|HOME|TMPDIR|ROOT"
        r"|APP_HOST|INFRA|DIST|OSX_IMAGE|STACK_\w+)"
    ),
    "TeamCity": r"TEAMCITY_(VERSION|BUILD_PROPERTIES_FILE|BUILD_ID|DATA_PATH|GIT_PATH|CAPTURE_ENV|PROCESS_\w+)",
    "Drone": (
        r"DRONE_(BUILD_.*|STAGE_.*|STEP_.*|CARD_PATH|RUNNER_.*|SYSTEM_.*|WORKSPACE.*|NETRC_.*|DOCKER_\w+|MACHINE|TOKEN)"
    ),
}
# A coding agent, and which conversation of it; but AGENT alone, which an app may call something of its own.
_AGENT = "|".join((*(name for name in AGENTS if name != "AGENT"), r"CLAUDE_CODE_.*|CURSOR_TRACE_ID"))
_NOISE = "|".join([_MACHINE, _AGENT, *_CI.values()])  # compiled when it is asked for: most runs never do
_COMMIT = (
    r"GITHUB_(SHA|WORKFLOW_SHA|EVENT_BEFORE)|CI_COMMIT_(SHA|SHORT_SHA|BEFORE_SHA|TIMESTAMP|MESSAGE|TITLE|DESCRIPTION"
    r"|AUTHOR)|CIRCLE_SHA1|GIT_((PREVIOUS_(SUCCESSFUL_)?)?COMMIT|AUTHOR_\w+|COMMITTER_\w+)|BUILDKITE_(COMMIT|MESSAGE)"
    r"|CODEBUILD_(RESOLVED_SOURCE_VERSION|SOURCE_VERSION\w*|WEBHOOK_(PREV_COMMIT|BASE_SHA|HEAD_SHA))"
    r"|BUILD_SOURCEVERSION\w*|BITBUCKET_COMMIT|TRAVIS_COMMIT(_RANGE|_MESSAGE)?|BUILD_VCS_NUMBER\w*"
    r"|DRONE_COMMIT(_(SHA|AFTER|BEFORE|MESSAGE|LINK|AUTHOR\w*))?"
)


def is_noise(name: str) -> bool:
    """Whether a copy of the whole environment leaves this variable out: by this list, or since every synth gets the
    same under this name (see `surroundings`)."""
    return re.fullmatch(_NOISE, name) is not None or is_fixed(name)


def tells_commit(name: str) -> bool:
    """Whether a CI system says by this variable which commit is checked out, or what its author wrote. No noise."""
    return re.fullmatch(_COMMIT, name) is not None
