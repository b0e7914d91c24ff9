"""The set-up script on machines that this one is not: each is a PATH of made-up programs and an os-release."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CI = Path(__file__).parents[1] / ".ci"
TOOLS = (
    "bash",
    "cat",
    "cut",
    "grep",
    "head",
    "mkdir",
    "printf",
    "sed",
    "seq",
    "sh",
    "tail",
    "tr",
    "nohup",
    "env",
)
DENIED = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"
NO_ENGINE = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
FOR_TESTS = ("buildah", "ip", "ssh-agent", "strace", "zsh", "fish", "openssl")


@dataclass
class Machine:
    """A machine in a folder. `programs` are on its PATH and succeed; what they were asked is logged."""

    folder: Path
    programs: set[str] = field(
        default_factory=lambda: {"git", "python3", "node", "npm", "docker", "timeout", *FOR_TESTS}
    )
    engine: str = "yes"
    distribution: str = 'ID=debian\nVERSION_ID="13"'
    user: str = "1000"
    system: str = "Linux"
    disk: str = "ext2/ext3"
    admin_programs: tuple[str, ...] = ()

    def run(self, *arguments: str, script: str = "machine") -> tuple[int, str]:
        """The exit code, and what was said."""
        path, admin = self.folder / "bin", self.folder / "sbin"
        path.mkdir(exist_ok=True)
        admin.mkdir(exist_ok=True)
        for tool in TOOLS:
            (path / tool).symlink_to(shutil.which(tool) or f"/nowhere/{tool}")
        for name in self.programs:
            program(path / name, "exit 0")
        for name in self.admin_programs:
            program(admin / name, "exit 0")
        if "docker" in self.programs:
            program(path / "docker", self._docker())
        if "timeout" in self.programs:
            program(path / "timeout", 'shift; exec "$@"')
        program(path / "rm", "exit 0")  # the script removes a stale pid file: not this machine's
        program(path / "sleep", "exit 0")
        program(path / "stat", f"echo {self.disk}")
        program(path / "id", f'[ "$1" = -u ] && echo {self.user} || echo somebody')
        program(path / "uname", f"echo {self.system}")
        (self.folder / "os-release").write_text(self.distribution + "\n", encoding="utf-8")
        environment = {
            "PATH": str(path),
            "LOG": str(self.folder / "log"),
            "RAJEE_OS_RELEASE": str(self.folder / "os-release"),
            "RAJEE_ADMIN_PATH": str(admin),
            "RAJEE_ENGINE_LOG": str(self.folder / "engine.log"),
            "RAJEE_ENGINE_SETTINGS": str(self.engine_settings),
            "RAJEE_ENGINE_IMAGES": str(self.folder / "var" / "docker" / "image"),
        }
        ended = subprocess.run(
            [shutil.which("bash") or "bash", str(CI / script), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return ended.returncode, ended.stderr

    @property
    def engine_settings(self) -> Path:
        return self.folder / "etc" / "docker" / "daemon.json"

    @property
    def asked(self) -> str:
        log = self.folder / "log"
        return log.read_text(encoding="utf-8") if log.exists() else ""

    def _docker(self) -> str:
        problem = {"denied": DENIED, "no": NO_ENGINE}.get(self.engine)
        # Started by a made-up dockerd it answers, as the real one does.
        started = f'[ -e "{self.folder}/started" ] && exit 0; '
        refuses = f'[ "$1" = info ] && {{ {started}echo "{problem}" >&2; exit 1; }}; exit 0'
        return refuses if problem else "exit 0"


def program(path: Path, body: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(f'#!{shutil.which("sh")}\necho "{path.name} $*" >> "$LOG"\n{body}\n', encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path)


def test_the_demo_needs_nothing_that_only_the_tests_use(machine):
    machine.programs -= set(FOR_TESTS)
    assert machine.run("demo") == (0, "")


@pytest.mark.skipif(
    not Path("/usr/lib/podman/netavark").exists(), reason="the script looks for netavark at its one path"
)
@pytest.mark.parametrize("name", FOR_TESTS)
def test_the_tests_need_more(machine, name):
    machine.programs.remove(name)
    code, told = machine.run()
    assert (code, name.split("-")[0].replace("ssh", "OpenSSH") in told) == (1, True)


def test_who_may_not_use_the_socket_is_told_how_to_join(machine):
    machine.engine = "denied"
    code, told = machine.run("demo")
    assert code == 1
    assert "usermod -aG docker somebody" in told
    assert "lacks" not in told


def test_an_engine_that_is_installed_where_a_user_does_not_look_is_not_missing(machine):
    machine.engine, machine.admin_programs = "no", ("dockerd",)
    code, told = machine.run("demo")
    assert code == 1
    assert "does not run" in told
    assert "lacks" not in told


def test_an_engine_that_is_not_there_is_missing(machine):
    machine.engine = "no"
    code, told = machine.run("demo")
    assert (code, "lacks Docker Engine" in told, "docker.io iptables" in told) == (1, True, True)


def test_a_running_engine_counts_without_timeout(machine):
    machine.programs.remove("timeout")
    machine.system, machine.distribution = "Darwin", ""
    assert machine.run("demo") == (0, "")


def test_a_mac_without_a_running_engine_is_told_to_start_it(machine):
    machine.programs.remove("timeout")
    machine.system, machine.distribution, machine.engine = "Darwin", "", "no"
    code, told = machine.run("demo")
    assert (code, "Docker Desktop" in told, "lacks" in told) == (1, True, False)


def test_ubuntu_is_told_the_names_of_its_own_packages_and_left_alone(machine):
    machine.programs -= {"docker"}
    machine.programs |= {"apt-get"}
    machine.distribution, machine.user = 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"', "0"
    code, told = machine.run("demo")
    assert code == 1
    assert "sudo apt-get install docker.io docker-buildx docker-compose-v2 iptables" in told
    assert "apt-get" not in machine.asked


def test_root_on_debian_gets_what_is_missing(machine):
    machine.programs -= {"docker", "git"}
    machine.programs |= {"apt-get"}
    machine.user, machine.admin_programs = "0", ()
    machine.run("demo")
    assert "apt-get install -y -qq --no-install-recommends git ca-certificates" in machine.asked
    assert " docker-cli docker-buildx docker-compose docker.io iptables\n" in machine.asked


def test_a_user_on_debian_is_told_what_root_should_install(machine):
    machine.programs -= {"node"}
    code, told = machine.run("demo")
    assert (code, "as root: apt-get install nodejs npm" in told) == (1, True)


@pytest.fixture
def unstarted(machine) -> Machine:
    """Root's machine, whose engine does not run."""
    machine.engine, machine.user = "no", "0"
    (machine.folder / "sbin").mkdir()
    program(machine.folder / "sbin" / "dockerd", f': > "{machine.folder / "started"}"')
    return machine


def test_root_starts_the_engine(unstarted):
    assert unstarted.run("demo")[0] == 0
    assert "dockerd --host unix:///var/run/docker.sock" in unstarted.asked


def test_a_new_engine_can_export_layer_caches(unstarted):
    code, told = unstarted.run("demo")
    assert (code, "containerd's image store" in told) == (0, True)
    assert json.loads(unstarted.engine_settings.read_text()) == {"features": {"containerd-snapshotter": True}}


@pytest.mark.parametrize("has", ["settings", "images", "an overlay below it"])
def test_the_store_of_an_engine_that_has_something_stays(unstarted, has):
    if has == "settings":
        unstarted.engine_settings.parent.mkdir(parents=True)
        unstarted.engine_settings.write_text("{}")
    elif has == "images":
        (unstarted.folder / "var" / "docker" / "image").mkdir(parents=True)
    else:
        unstarted.disk = "overlayfs"
    assert unstarted.run("demo")[0] == 0
    assert not unstarted.engine_settings.exists() or unstarted.engine_settings.read_text() == "{}"


def test_stand_ins_say_that_they_are_made_on_linux(machine):
    machine.system = "Darwin"
    machine.programs |= {"dirname"}
    code, told = machine.run(script="stand-ins")
    assert (code, "on Linux only" in told) == (1, True)


@pytest.mark.parametrize(
    "word", ["mapfile", "readarray", "sed -i", "mktemp -t", "--null", "setsid", "readlink -f", "local -n", "declare -A"]
)
@pytest.mark.parametrize("script", ["demo", "machine"])
def test_what_a_mac_lacks_is_not_used(script, word):
    lines = [line.split("#")[0] for line in (CI / script).read_text(encoding="utf-8").splitlines()]
    assert [line for line in lines if word in line] == []
