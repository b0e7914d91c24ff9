"""The world of a run whose CDK app declares its image itself: where the stories of such images take place."""

from __future__ import annotations

from dataclasses import replace

from fake_assets import REPOSITORY
from fakes import FakeContents
from rollback_worlds import Project
from run_worlds import World

from rajee_deploy.actions.explain.past import Origin
from rajee_deploy.actions.rollback import Asked
from rajee_deploy.actions.rollback.recorded import recorded_rollback
from rajee_deploy.model.names import IMAGES_PARAMETER, RECORDS

SETTINGS = """
[cdk]
app = "cdk"
stacks = ["App"]
image-assets = "adopt"
tag-only = "{by}"
"""


class AssetProject(Project):
    """A project whose stack App runs an image of the app's own, by name `web`; made of what `self.infra` says, which
    stands for its inputs, and deployed twice."""

    def __init__(self, root, by: str = "cloudformation") -> None:
        World.__init__(self, root)
        self.build_records = [FakeContents()]
        (root / "rajee-deploy.toml").write_text(SETTINGS.format(by=by))
        self.staged = root / "staged"
        self.staged.mkdir()
        (self.staged / "Dockerfile").write_text("FROM scratch\nCOPY app /app\n")
        self.registry.repositories[REPOSITORY] = {}
        self.stacks.app = {"App": "one"}
        self.stacks.assets = {"App": {"web": self.staged}}
        self.stacks.parameters = (*RECORDS, IMAGES_PARAMETER)
        self.git("init", "-q", "-b", "main")
        self.first = self.deploy("one")
        self.second = self.deploy("two")
        self.done()

    def deploy(self, text: str) -> str:
        """Commit and deploy; returns the tag."""
        self.edit(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", text)
        self.revision = self.git("rev-parse", "HEAD")
        self.up()
        return self.runs()

    def edit(self, text: str) -> None:
        """The image is made of something else; what it is made of is among what synth reads."""
        (self.staged / "app").write_text(text)
        self.infra = text

    def runs(self) -> str:
        """The tag that the stack records, and that its template names."""
        state = self.stacks.stacks["App"]
        assert self.stacks.named["App"] == (state.parameters["asset:web"],)
        return state.parameters["asset:web"]

    def back(self, tag: str | None = None, wait: float = 5, names: tuple[str, ...] = (), **changes):
        run = replace(self.context(), **changes)
        origin = Origin(run.settings.path, None, lambda image: image)
        asked = Asked((), tag, origin, bool(names), wait, poll_seconds=0.01, app_images=names)
        planned, record = recorded_rollback(run, asked)
        return planned.returns, record

    def lose(self, tag: str) -> None:
        del self.registry.repositories[REPOSITORY][tag]
