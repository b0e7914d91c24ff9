"""Every setting of git's by which a repository names a program, each with a program that leaves a trace.

From git's documentation: https://git-scm.com/docs/git-config, and gitattributes, githooks, gitremote-helpers.
"""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# As `git help --config` names them, with what is written; {} is the program. A line of a section of its own.
PROGRAMS = {
    "alias.*": ["alias.status=!{}", "alias.rev-parse=!{}", "alias.rev-list=!{}"],
    "browser.<tool>.cmd": ["browser.x.cmd={}"],
    "browser.<tool>.path": ["browser.x.path={}"],
    "core.alternateRefsCommand": ["core.alternateRefsCommand={}"],
    "core.askPass": ["core.askPass={}"],
    "core.editor": ["core.editor={}"],
    "core.fsmonitor": ["core.fsmonitor={}"],
    "core.gitProxy": ["core.gitProxy={}"],
    "core.pager": ["core.pager={}"],
    "core.sshCommand": ["core.sshCommand={}"],
    "credential.<url>.*": ["credential.https://example.test.helper=!{}"],
    "credential.helper": ["credential.helper=!{}"],
    "diff.<driver>.command": ["diff.x.command={}"],
    "diff.<driver>.textconv": ["diff.x.textconv={}"],
    "diff.external": ["diff.external={}"],
    "diff.guitool": ["diff.guitool=x"],
    "diff.tool": ["diff.tool=x"],
    "difftool.<tool>.cmd": ["difftool.x.cmd={}"],
    "difftool.<tool>.path": ["difftool.x.path={}"],
    "filter.<driver>.clean": ["filter.x.clean={}", "filter.x.required=true"],
    "filter.<driver>.smudge": ["filter.x.smudge={}"],
    "filter.<driver>.process": ["filter.y.process={}", "filter.y.required=true"],
    "gpg.<format>.program": ["gpg.x509.program={}", "gpg.ssh.program={}", "gpg.openpgp.program={}"],
    "gpg.program": ["gpg.program={}", "log.showSignature=true"],
    "gpg.ssh.defaultKeyCommand": ["gpg.ssh.defaultKeyCommand={}"],
    "guitool.<name>.cmd": ["guitool.x.cmd={}"],
    "help.browser": ["help.browser=x"],
    "hook.<name>.command": [
        "hook.x.command={}",
        "hook.x.event=post-index-change",
        "hook.x.event=post-checkout",
        "hook.x.event=reference-transaction",
    ],
    "imap.tunnel": ["imap.tunnel={}"],
    "instaweb.browser": ["instaweb.browser={}"],
    "instaweb.httpd": ["instaweb.httpd={}"],
    "interactive.diffFilter": ["interactive.diffFilter={}"],
    "man.<tool>.cmd": ["man.x.cmd={}"],
    "man.<tool>.path": ["man.x.path={}"],
    "man.viewer": ["man.viewer=x"],
    "merge.<driver>.driver": ["merge.x.driver={}"],
    "merge.guitool": ["merge.guitool=x"],
    "merge.tool": ["merge.tool=x"],
    "mergetool.<tool>.cmd": ["mergetool.x.cmd={}"],
    "mergetool.<tool>.path": ["mergetool.x.path={}"],
    "pager.<cmd>": ["pager.status={}", "pager.rev-list={}", "pager.config={}", "pager.ls-files={}"],
    "remote.<name>.receivepack": ["remote.origin.receivepack={}"],
    "remote.<name>.uploadpack": ["remote.origin.uploadpack={}"],
    "remote.<name>.vcs": [],  # planted with a partial clone
    "sendemail.ccCmd": ["sendemail.ccCmd={}"],
    "sendemail.headerCmd": ["sendemail.headerCmd={}"],
    "sendemail.smtpServer": ["sendemail.smtpServer={}"],
    "sendemail.tocmd": ["sendemail.tocmd={}"],
    "sequence.editor": ["sequence.editor={}"],
    "submodule.<name>.update": ["submodule.x.update=!{}"],
    "tar.<format>.command": ["tar.x.command={}"],
    "trailer.<token>.cmd": ["trailer.x.cmd={}"],
    "trailer.<token>.command": ["trailer.y.command={}"],
    "uploadpack.packObjectsHook": ["uploadpack.packObjectsHook={}"],
    "web.browser": ["web.browser=x"],
}
# Words by which a setting may be one that names a program, and those that are none.
_SUSPECT = re.compile(
    r"(?i)(cmd|command|program|helper|tool|driver|clean|smudge|process|pack|editor|pager|hook|monitor|askpass|proxy|"
    r"textconv|external|viewer|browser|filter|tunnel|httpd|server|vcs)$"
)
NO_PROGRAM = frozenset(
    {
        "advice.ignoredHook",
        "advice.waitingForEditor",
        "color.pager",
        "column.clean",
        "diff.<driver>.cachetextconv",
        "gitcvs.dbDriver",
        "http.proxy",
        "remote.<name>.partialclonefilter",
        "remote.<name>.proxy",
        "uploadpack.allowFilter",
    }
)
# https://git-scm.com/docs/githooks
HOOKS = (
    "applypatch-msg",
    "pre-applypatch",
    "post-applypatch",
    "pre-commit",
    "pre-merge-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "pre-rebase",
    "post-checkout",
    "post-merge",
    "pre-push",
    "pre-receive",
    "update",
    "proc-receive",
    "post-receive",
    "post-update",
    "reference-transaction",
    "push-to-checkout",
    "pre-auto-gc",
    "post-rewrite",
    "sendemail-validate",
    "fsmonitor-watchman",
    "post-index-change",
    "p4-changelist",
)


def suspects() -> set[str]:
    """The settings that the git of this machine knows and whose name sounds like a program's."""
    told = subprocess.run(["git", "help", "--config"], capture_output=True, text=True, check=True).stdout
    return {line for line in told.split("\n") if _SUSPECT.search(line)}


class Plants:
    """Programs that leave a trace in a directory of their own."""

    def __init__(self, place: Path) -> None:
        self._place = place
        place.mkdir()

    def program(self, name: str) -> str:
        """The path of a program; its name says where it was planted."""
        path = self._place / re.sub(r"\W", "-", name)
        path.write_text(f'#!/bin/sh\nprintf "%s\\n" "$0 $*" >> {self._place}/ran\n')
        path.chmod(0o755)
        return str(path)

    def lines(self) -> list[str]:
        """Settings, `name=value` each, that name one program for each entry of the table."""
        return [line.format(self.program(name)) for name, lines in PROGRAMS.items() for line in lines]

    def write(self, file: Path) -> None:
        """Add all of them to a file of settings."""
        for line in self.lines():
            key, _, value = line.partition("=")
            subprocess.run(["git", "config", "--file", str(file), "--add", key, value], check=True)

    def hooks(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        for name in HOOKS:
            (directory / name).symlink_to(self.program(f"hook {name}"))

    @property
    def ran(self) -> list[str]:
        """What ran, and with which arguments."""
        file = self._place / "ran"
        return file.read_text().split("\n")[:-1] if file.exists() else []

    def forget(self) -> None:
        (self._place / "ran").unlink(missing_ok=True)
