"""Mistakes in files and flags, which are found without AWS."""

from __future__ import annotations

from mistaken import Mistake

GOOD = '[images.api]\nrepository = "team/api"\ncontext = "svc"\n'
DOCKERFILE = "FROM scratch AS base\nCOPY app /app\n"
# A project in which nothing is wrong.
PROJECT = {"rajee-deploy.toml": GOOD, "svc/Dockerfile": DOCKERFILE, "svc/app": "one"}
APP = {"infra/cdk.json": "{}"}
STACK = GOOD + 'stack = "Api"\n[cdk]\napp = "infra"\nstacks = ["Api"]\n'
HEADER = "# rajee-deploy.lock/1\n"
LOCKED = f"busybox:1.37 sha256:{'0' * 64} 2026-01-01 -\n"


def settings(text: str, **more: str | None) -> dict[str, str | None]:
    return {"rajee-deploy.toml": text, **more}


def of_settings(name: str, text: str, *words: str, mended: str = GOOD, **more: object) -> Mistake:
    return Mistake(
        name, "fingerprint", "bad-settings", words, files={**APP, **settings(text)}, mended=settings(mended), **more
    )  # type: ignore[arg-type]


SETTINGS = [
    Mistake(
        "no settings",
        "fingerprint",
        "no-settings",
        ("rajee-deploy.toml", "pyproject.toml", "docs/settings.md", "[images.api]"),
        files=settings(GOOD) | {"rajee-deploy.toml": None},
        mended=settings(GOOD),
    ),
    Mistake(
        "a settings file that is not there",
        "fingerprint --config nothing.toml",
        "no-settings",
        ("nothing.toml",),
        mended={"nothing.toml": GOOD},
    ),
    Mistake(
        "no TOML", "fingerprint", "settings-syntax", ("line 1",), files=settings("[images.api\n"), mended=settings(GOOD)
    ),
    of_settings(
        "a key that is misspelt", GOOD + 'dockerfle = "D"\n', "images.api.dockerfle", "did you mean 'dockerfile'"
    ),
    of_settings("half of a key", GOOD.replace("repository", "repo"), "images.api.repo", "did you mean 'repository'"),
    of_settings("an image without a name", '[images]\nrepository = "a"\n', "must be a table", "[images.NAME]"),
    of_settings("a stack that cdk.stacks lacks", GOOD + 'stack = "Api"\n', "cdk.stacks", 'stacks = ["Api"] in [cdk]'),
    of_settings("a key that nobody knows", GOOD + "zzz = 1\n", "images.api.zzz", "known keys: ", "dockerfile"),
    of_settings("a number for a text", GOOD + "target = 3\n", "images.api.target", "a string"),
    of_settings("no repository", "[images.api]\ncontext = 'svc'\n", "images.api.repository"),
    of_settings("a platform without a system", GOOD + 'platform = "amd64"\n', "images.api.platform", "linux/amd64"),
    of_settings(
        "a stack that is not deployed",
        STACK.replace('stack = "Api"', 'stack = "Apo"'),
        "'Apo'",
        "known: Api",
        mended=STACK,
    ),
    of_settings(
        "two images in one parameter",
        STACK.replace("[cdk]", '[images.web]\nrepository = "w"\ncontext = "svc"\nstack = "Api"\n[cdk]'),
        "ImageTag is taken",
        "images.api",
        "give each its own",
        mended=STACK,
    ),
    of_settings(
        "the directory of the app", STACK.replace('app = "infra"', ""), "cdk.json", 'app = "infra"', mended=STACK
    ),
    of_settings(
        "a directory that is not there", STACK.replace('"infra"', '"infa"'), "infa", 'app = "infra"', mended=STACK
    ),
    of_settings(
        "no stacks", STACK.replace('stacks = ["Api"]', "stacks = []"), "cdk.stacks", "name the stacks", mended=STACK
    ),
    of_settings("a word that is none of those", GOOD.replace("[", 'engine = "dokcer"\n[', 1), "engine", "buildx"),
    of_settings("nothing to do at all", "drift = 'leave'\n", "no image and no stack", "docs/settings.md"),
    of_settings("a context value for no stack", GOOD + 'context-key = "tag"\n', "context-key", "name the stack"),
    of_settings("an environment's image", GOOD + '[environments.prod.images.apo]\ntarget = "x"\n', "apo", "known: api"),
    Mistake(
        "an environment that is misspelt",
        "fingerprint -e prd",
        "bad-settings",
        ("prd", "known: prod"),
        files=settings(GOOD + "[environments.prod]\n"),
        mended=settings(GOOD + "[environments.prd]\n"),
    ),
    Mistake(
        "an image that is misspelt",
        "fingerprint --image apo",
        "unknown-image",
        ("'apo'", "known: api"),
        mended=settings(GOOD.replace("api]", "apo]")),
    ),
    Mistake(
        "an engine that is misspelt",
        "up",
        "bad-settings",
        ("RAJEE_DEPLOY_ENGINE", "dokcer", "buildx"),
        environment={"RAJEE_DEPLOY_ENGINE": "dokcer"},
        leaves="no-region",
    ),
    Mistake(
        "only images of the app",
        "verify",
        "no-images",
        ("not known here", "CDK CLI", "docs/settings.md"),
        files={**APP, **settings('[cdk]\napp = "infra"\nstacks = ["Api"]\n')},
        mended=settings(GOOD),
        given={"DIR": "svc"},
        leaves="no-region",
        environment={"CDK_DOCKER": "nope"},
    ),
]

FILES = [
    Mistake(
        "no Dockerfile",
        "fingerprint",
        "dockerfile-missing",
        ("svc/Dockerfile", "images.api.dockerfile"),
        1,
        files={"svc/Dockerfile": None},
        mended={"svc/Dockerfile": DOCKERFILE},
    ),
    Mistake(
        "a Dockerfile from the context, as CDK has it",
        "fingerprint",
        "dockerfile-missing",
        ("settings file's directory", 'images.api.dockerfile = "svc/docker/D"'),
        1,
        files={**settings(GOOD + 'dockerfile = "docker/D"\n'), "svc/docker/D": DOCKERFILE},
        mended=settings(GOOD + 'dockerfile = "svc/docker/D"\n'),
    ),
    Mistake(
        "a Dockerfile from elsewhere",
        "fingerprint svc -f D",
        "dockerfile-missing",
        ("working directory", "--file svc/D"),
        1,
        files={"svc/D": DOCKERFILE},
        mended={"D": DOCKERFILE},
    ),
    Mistake(
        "a context that is not there",
        "fingerprint",
        "bad-settings",
        ("images.api.context", "scv"),
        64,
        files=settings(GOOD.replace('"svc"', '"scv"')),
        mended=settings(GOOD),
    ),
    Mistake(
        "a context of the command line",
        "fingerprint scv",
        "context-missing",
        ("scv", "working directory"),
        1,
        mended={"scv/Dockerfile": DOCKERFILE, "scv/app": "1"},
    ),
    Mistake(
        "a named context that is not there",
        "fingerprint",
        "context-missing",
        ("images.api.build-contexts", "lib"),
        1,
        files={
            **settings(GOOD + 'build-contexts = { lib = "lib" }\n'),
            "svc/Dockerfile": DOCKERFILE + "COPY --from=lib x /\n",
        },
        mended={"lib/x": "1"},
    ),
    Mistake(
        "a stage that is not there",
        "fingerprint --target bsae",
        "target-not-found",
        ("'bsae'", "base"),
        1,
        mended={"svc/Dockerfile": "FROM scratch AS bsae\nCOPY app /app\n"},
    ),
    Mistake(
        "a source that is not there",
        "fingerprint",
        "source-not-found",
        ("Dockerfile:2", "app"),
        1,
        files={"svc/app": None, "svc/App": "1"},
        mended={"svc/app": "1"},
    ),
    Mistake(
        "a source that is nothing like what is there",
        "fingerprint",
        "source-not-found",
        ("which has Dockerfile, zzzzzz",),
        1,
        files={"svc/app": None, "svc/zzzzzz": "1"},
        mended={"svc/app": "1"},
    ),
    Mistake(
        "a source that .dockerignore removes",
        "fingerprint",
        "source-not-found",
        (".dockerignore:1", "exception"),
        1,
        files={"svc/.dockerignore": "app\n"},
        mended={"svc/.dockerignore": "app\n!app\n"},
    ),
    Mistake(
        "a source that .deployignore removes",
        "fingerprint",
        "source-deployignored",
        (".deployignore", "exception"),
        1,
        files={"svc/.deployignore": "app\n"},
        mended={"svc/.deployignore": None},
    ),
    Mistake(
        "an ignore pattern without its end",
        "fingerprint",
        "ignore-pattern",
        ("[a", "closing ]"),
        1,
        files={"svc/.dockerignore": "[a\n"},
        mended={"svc/.dockerignore": "[a]\n"},
    ),
    Mistake(
        "no instruction",
        "fingerprint",
        "unknown-instruction",
        ("Dockerfile:2", "COPPY", "COPY?"),
        1,
        files={"svc/Dockerfile": "FROM scratch\nCOPPY app /\n"},
        mended={"svc/Dockerfile": DOCKERFILE},
    ),
    Mistake(
        "an empty Dockerfile",
        "fingerprint",
        "dockerfile-syntax",
        ("Dockerfile",),
        1,
        files={"svc/Dockerfile": ""},
        mended={"svc/Dockerfile": DOCKERFILE},
    ),
    Mistake(
        "a base from an argument without a value",
        "fingerprint",
        "dockerfile-syntax",
        ("Dockerfile:2", "BASE"),
        1,
        files={"svc/Dockerfile": "ARG BASE\nFROM $BASE\n"},
        mended={"svc/Dockerfile": DOCKERFILE},
    ),
    Mistake(
        "a date in words",
        "fingerprint",
        "bad-epoch",
        ("yesterday", "git log -1 --format=%ct"),
        64,
        files=settings(GOOD + 'build-args = { SOURCE_DATE_EPOCH = "yesterday" }\n'),
        mended=settings(GOOD),
    ),
    Mistake(
        "a lock with more than is needed",
        "lock --check",
        "lock-stale",
        ("busybox:1.37", "commit"),
        1,
        files={"rajee-deploy.lock": HEADER + LOCKED},
    ),
    Mistake(
        "a lock with both sides of a merge",
        "lock --check",
        "lock-malformed",
        ("take the line out",),
        64,
        files={"rajee-deploy.lock": "# rajee-deploy.lock/1\n<<<<<<< HEAD\n"},
        mended={"rajee-deploy.lock": None},
    ),
    Mistake(
        "a lock of a newer release",
        "lock --check",
        "lock-version",
        ("version 9", "update rajee-deploy"),
        64,
        files={"rajee-deploy.lock": "# rajee-deploy.lock/9\n"},
        mended={"rajee-deploy.lock": None},
    ),
]

FLAGS = [
    Mistake(
        "a platform without a system, as a flag",
        "fingerprint svc --platform arm",
        "bad-platform",
        ("linux/arm64",),
        leaves="-",
    ),
    Mistake(
        "an argument without a name",
        "fingerprint svc --build-arg =x",
        "bad-flag",
        ("NAME=VALUE", "--build-arg"),
        leaves="-",
    ),
    Mistake(
        "a context that cannot be called so",
        "fingerprint svc --build-context Lib=.",
        "bad-context-name",
        ("'Lib'",),
        leaves="-",
    ),
    Mistake(
        "an image and a directory",
        "fingerprint svc --image api",
        "bad-flag",
        ("--image api", "one of the two"),
        leaves="-",
    ),
    Mistake(
        "two questions at once",
        "explain app --since HEAD",
        "bad-flag",
        ("two questions", "one after the other"),
        leaves="-",
    ),
    Mistake(
        "a reference without --upgrade",
        "lock busybox:1.37",
        "bad-flag",
        ("--upgrade",),
        leaves="-",
        given={"REF": "busybox:1.37"},
    ),
    Mistake(
        "a reference that is not locked", "lock --upgrade busybox:1.37", "unknown-base", ("busybox:1.37",), leaves="-"
    ),
    Mistake("a size in words", "verify --max-size big", "bad-size", ("'big'", "500MB"), leaves="-"),
    Mistake("a revision that is not there", "explain --since v9", "unknown-revision", ("'v9'",), 1, leaves="-"),
    Mistake(
        "outside of a repository",
        "explain --since HEAD",
        "no-checkout",
        ("git repository",),
        1,
        leaves="-",
        files={".git": None},
    ),
    Mistake("a verb of another tool", "deploy", "usage", ("here it is up", "rajee-deploy up --help"), leaves="-"),
    Mistake(
        "a flag that is misspelt",
        "up --also-tags v1",
        "usage",
        ("(Possible options: --also-tag)", "rajee-deploy up --help"),
        leaves="-",
    ),
    Mistake("a verb that is misspelt", "stauts", "usage", ("Did you mean 'status'?",), leaves="-"),
    Mistake("a flag without its value", "lock --image", "usage", ("requires an argument", "lock --help"), leaves="-"),
    Mistake("a tag with a blank", "plan --also-tag 'v 1'", "bad-tag", ("'v 1'",), leaves="-"),
    Mistake("a tag of the tool's own", "plan --also-tag live-x", "bad-tag", ("live-",), leaves="-"),
    Mistake(
        "a tag that is none of ours",
        "rollback v1",
        "bad-tag",
        ("c-", "status"),
        leaves="no-region",
        files={**APP, **settings(STACK)},
    ),
    Mistake(
        "a rollback of what is pushed alone",
        "rollback --image api",
        "bad-flag",
        ("no stack runs the image api", "rajee-deploy rollback --image web"),
        leaves="no-region",
        files={**APP, **settings(GOOD + STACK.replace("images.api", "images.web"))},
    ),
    Mistake(
        "a rollback of several",
        "rollback",
        "bad-flag",
        ("rajee-deploy rollback --image api",),
        leaves="no-region",
        files={
            **APP,
            **settings(
                STACK.replace(
                    "[cdk]", '[images.web]\nrepository = "w"\ncontext = "svc"\nstack = "Api"\nparameter = "W"\n[cdk]'
                )
            ),
        },
    ),
    Mistake("a rollback without a stack", "rollback", "bad-flag", ("images.*.stack",), leaves="no-region"),
]

OFFLINE = [*SETTINGS, *FILES, *FLAGS]
