"""The world of a run as a git repository: where the stories of rollbacks take place."""

from __future__ import annotations

import subprocess
from dataclasses import replace

from fakes import FakeContents
from run_worlds import World

from rajee_deploy.actions.explain.past import Origin
from rajee_deploy.actions.rollback import Asked
from rajee_deploy.actions.rollback.recorded import recorded_rollback
from rajee_deploy.rollout import Deployment

OWN = Deployment("ecs-svc/2", "PRIMARY", "task/app:2", 1, 0, 1, state="COMPLETED")


GIT = ["git", "-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]


class Project(World):
    """The world as a git repository whose two commits were deployed one after the other."""

    def __init__(self, root) -> None:
        super().__init__(root)
        self.build_records = [FakeContents()]
        self.git("init", "-q", "-b", "main")
        self.first = self.deploy("one")
        self.second = self.deploy("two")
        self.done()

    def git(self, *words: str) -> str:
        return subprocess.run([*GIT, *words], cwd=self.root, check=True, capture_output=True, text=True).stdout.strip()

    def deploy(self, text: str) -> str:
        """Commit and deploy; returns the tag."""
        (self.root / "app").write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", text)
        self.revision = self.git("rev-parse", "HEAD")
        self.up()
        return self.runs()

    def runs(self) -> str:
        return self.stacks.stacks["App"].parameters["ImageTag"]

    def back(self, tag: str | None = None, wait: float = 5, **changes):
        run = replace(self.context(), **changes)
        asked = Asked(
            run.images, tag, Origin(run.settings.path, None, lambda image: image), wait_seconds=wait, poll_seconds=0.01
        )
        planned, record = recorded_rollback(run, asked)
        return planned.returns, record

    def lose(self, tag: str) -> None:
        """The registry loses the image, under all of its names."""
        tags = self.registry.repositories["team/app"]
        digest = tags[tag]
        for name in [name for name, found in tags.items() if found == digest]:
            del tags[name]

    def put(self, **changes) -> None:
        self.stacks.stacks["App"] = replace(self.stacks.stacks["App"], **changes)
