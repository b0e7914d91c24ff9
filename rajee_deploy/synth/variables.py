"""Which variables a synth gets, and which of them count without being seen read. Pure.

What the child gets under a name that is *fixed* does not depend on who runs us: credentials are resolved, so it is the
same whether they come from a profile, a role or variables; and the locale is pinned. The rest is handed on. `cdk.env`
of the settings is the user's word that a variable is an input: it is then handed on as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.synth import cli_options

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

# Where AWS is asked: no secret, and lookups fail without. What else is named AWS_* is resolved into keys and a region.
_ENDPOINT = re.compile(
    r"AWS_(ENDPOINT_URL(_\w+)?|IGNORE_CONFIGURED_ENDPOINT_URLS|USE_(FIPS|DUALSTACK)_ENDPOINT|CA_BUNDLE)"
)
_FIXED = re.compile(r"AWS_.*|LC_.*|LANG|LANGUAGE")
_LOCALE = {"LANG": "C.UTF-8"}
# They change what an interpreter, the loader or jsii does before any code of the app runs.
_ALWAYS = re.compile(
    r"NODE_.*|PYTHON.*|TZ|TZDIR|LD_PRELOAD|LD_AUDIT|LD_LIBRARY_PATH|DYLD_(INSERT_LIBRARIES|LIBRARY_PATH)"
    r"|JSII_(RUNTIME|NODE)"
)
# Set by ourselves; how an interpreter talks and what it caches; what images of Docker Hub and setup actions say of an
# installation, which counts itself; npm's token; NODE_NAME and NODE_LABELS are Jenkins's, and mean a machine.
_NEVER = re.compile(
    r"NODE_(NO_WARNINGS|REDIRECT_WARNINGS|DISABLE_COLORS|NO_READLINE|REPL_.*|DEBUG|DEBUG_NATIVE|V8_COVERAGE"
    r"|COMPILE_CACHE|EXTRA_CA_CERTS|USE_SYSTEM_CA|VERSION|HOME|AUTH_TOKEN|NAME|LABELS)"
    r"|PYTHON(PYCACHEPREFIX|DONTWRITEBYTECODE|UNBUFFERED|FAULTHANDLER|STARTUP|NODEBUGRANGES)"
    r"|PYTHON_(COLORS|HISTORY|BASIC_REPL|VERSION|SHA256|PIP_VERSION|SETUPTOOLS_VERSION|GET_PIP_(URL|SHA256))"
)


def synth_environment(
    environment: Iterable[str], given: Mapping[str, str], named: Collection[str]
) -> dict[str, str | None]:
    """What is changed of our environment for a synth: variables to set, and (None) to take away.

    `given` are the resolved credentials and the region, which nothing overrules; `named` are those of cdk.env.
    """
    changes: dict[str, str | None] = {name: None for name in environment if is_fixed(name, named)}
    # The CDK CLI says these of who is asked; where it cannot, nobody else does.
    changes |= {"CDK_DEFAULT_ACCOUNT": None, "CDK_DEFAULT_REGION": None}
    changes |= {name: value for name, value in _LOCALE.items() if name not in named}
    return {**changes, **given}


def check_profile(chosen: str | None, environment: Mapping[str, str], named: Collection[str]) -> None:
    """ConfigurationError `profile-contradiction` where cdk.env hands on another profile than the `chosen` one: an app
    that asks AWS by itself could look things up in another account."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        told = environment.get(name)
        if name in named and chosen and told and told != chosen:
            raise ConfigurationError(
                "profile-contradiction",
                f"{name} is {told}, and the profile of this run is {chosen}",
                where="cdk.env",
                hint=f"{name}={chosen} rajee-deploy …, or take {name} out of cdk.env",
            )


def is_fixed(name: str, named: Collection[str] = ()) -> bool:
    """Whether a synth gets the same under this name, or nothing, whatever the environment says: no input, then."""
    return name not in named and _FIXED.fullmatch(name) is not None and _ENDPOINT.fullmatch(name) is None


def always_counted(environment: Iterable[str]) -> list[str]:
    """The variables that count whether or not the app is seen to read them, in order."""
    return sorted(name for name in environment if _is_always(name) or cli_options.is_input(name))


def _is_always(name: str) -> bool:
    return _ALWAYS.fullmatch(name) is not None and _NEVER.fullmatch(name) is None
