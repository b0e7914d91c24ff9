"""Every decision there is, by brute force: the product of what can be observed, against rules written a second time.

The rules here are the promises, in the fewest words: nothing is skipped unless it is proven equal, nothing proven equal
is done again, what stops a run is a DeployError of a known code, and a plan that was executed leaves nothing to plan.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import botocore.session
import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.fingerprint import Fingerprint, Input
from rajee_deploy.model import Digest, Platform
from rajee_deploy.model.names import INFRA_PARAMETER, TEMPLATE_PARAMETER, DeployBy, InfraCheck
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan import after_step, planner
from rajee_deploy.plan.state import (
    ImageAbsent,
    ImageForeign,
    ImageInaccessible,
    ImageOfOtherPlatform,
    ImagePresent,
    Observed,
    RepositoryAbsent,
    StackAbsent,
    StackContent,
    StackPresent,
    Synthesised,
    Tagged,
    Wanted,
    WantedImage,
)
from rajee_deploy.plan.steps import BuildAndPush, DeployStack, MoveTag, Plan, StackChange, WaitForStack
from rajee_deploy.plan.template_differences import record_of

APP = Fingerprint("s", Digest("sha256", "a" * 64), ())
INFRA = Fingerprint("s", Digest("sha256", "b" * 64), ())
IMPURE = replace(INFRA, inputs=(Input("impure:socket", "socket.connect"),))
DIGEST = Digest("sha256", "c" * 64)
OTHER_DIGEST = Digest("sha256", "e" * 64)
REPOSITORY = Repository("team/app")
CONTENT, EDITED = StackContent("sha256:one"), StackContent("sha256:two")
USED = ("ImageTag", INFRA_PARAMETER, TEMPLATE_PARAMETER)

# -- every status of a stack (docs: CloudFormation, "Stack status codes") --------------------------------------------

COMPARED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
BUSY = (
    "CREATE_IN_PROGRESS",
    "ROLLBACK_IN_PROGRESS",
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "IMPORT_IN_PROGRESS",
    "IMPORT_ROLLBACK_IN_PROGRESS",
)
# What is planned, and with which change, though all that is recorded equals what is wanted.
DEPLOYED_ANYWAY = {
    "REVIEW_IN_PROGRESS": StackChange.FIRST,
    "DELETE_COMPLETE": StackChange.FIRST,
    "ROLLBACK_COMPLETE": StackChange.FIRST,
    "ROLLBACK_FAILED": StackChange.FIRST,
    "UPDATE_ROLLBACK_COMPLETE": StackChange.ROLLED_BACK,
    "IMPORT_ROLLBACK_COMPLETE": StackChange.ROLLED_BACK,
}
# The error's code, and what its hint has to name.
STOPPED = {
    "CREATE_FAILED": ("stack-needs-rollback", "cdk rollback App"),
    "UPDATE_FAILED": ("stack-needs-rollback", "cdk rollback App"),
    "UPDATE_ROLLBACK_FAILED": ("stack-needs-rollback", "cdk rollback App"),
    "IMPORT_ROLLBACK_FAILED": ("stack-not-deployable", "CloudFormation console"),
    "DELETE_IN_PROGRESS": ("stack-not-deployable", "CloudFormation console"),
    "DELETE_FAILED": ("stack-not-deployable", "CloudFormation console"),
}
STATUSES = (*COMPARED, *BUSY, *DEPLOYED_ANYWAY, *STOPPED)


def test_the_table_has_every_status_of_botocore_once():
    model = botocore.session.get_session().get_service_model("cloudformation")
    assert sorted(STATUSES) == sorted(model.shape_for("StackStatus").enum)


# -- what may be observed ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Infrastructure:
    """A state of the App's infrastructure. `same` is the truth: the app makes now what is deployed. `always`: nothing
    can prove it, so it is deployed each time."""

    name: str
    same: bool
    records: tuple[tuple[str, str], ...] = ()  # what differs from a good record
    deployed: StackContent | None = CONTENT
    volatile: tuple[str, ...] = ()
    fingerprint: Fingerprint = INFRA

    @property
    def synthesised(self) -> Synthesised:
        """What a synth makes now."""
        content = self.deployed if self.same and self.deployed else StackContent("sha256:new")
        return Synthesised(content, USED, self.volatile)


OLD = ((INFRA_PARAMETER, "sha256:old"),)
NOTHING = ((INFRA_PARAMETER, "-"), (TEMPLATE_PARAMETER, "-"))
INFRASTRUCTURES = (
    Infrastructure("untouched", same=True),
    Infrastructure("comment", same=True, records=OLD),
    Infrastructure("edited", same=False, records=OLD),
    Infrastructure("edited in the console", same=False, deployed=EDITED),
    Infrastructure("edited in the console to what the code says", same=True, deployed=EDITED),
    Infrastructure("never recorded, equal", same=True, records=NOTHING),
    Infrastructure("never recorded", same=False, records=NOTHING),
    Infrastructure("impure, equal", same=True, fingerprint=IMPURE),
    Infrastructure("impure", same=False, fingerprint=IMPURE),
    Infrastructure("unreadable", same=True, deployed=None),
    Infrastructure("looked up in SSM", same=True, volatile=("Ami",)),
)
USABLE = (ImagePresent(DIGEST), ImageAbsent(), RepositoryAbsent())
UNUSABLE = (
    ImageInaccessible("archived"),
    ImageForeign(DIGEST, "sha256:other"),
    ImageOfOtherPlatform(DIGEST, "linux/arm64"),
)
REFUSED = {
    ImageInaccessible: "image-archived",
    ImageForeign: "image-not-ours",
    ImageOfOtherPlatform: "image-wrong-platform",
}
RECORDED = ("same", "other", "missing")
STATES = (*STATUSES, "absent")


@dataclass(frozen=True)
class Case:
    """One point of the product."""

    image: object
    infrastructure: Infrastructure
    status: str
    recorded: str
    registry: str  # the status of the stack before it
    check: InfraCheck
    deploy_by: DeployBy

    @property
    def wanted(self) -> Wanted:
        image = WantedImage(
            "app", APP, REPOSITORY, "App", "ImageTag", (Platform("linux", "amd64"),), self.deploy_by, keeper="App"
        )
        return Wanted((image,), ("Registry", "App"), self.infrastructure.fingerprint, self.check)

    @property
    def observed(self) -> Observed:
        app: StackAbsent | StackPresent = StackAbsent()
        if self.status != "absent":
            parameters = {**_good(CONTENT), **dict(self.infrastructure.records)}
            recorded = {"same": self.value, "other": "c-old", "missing": "-"}
            parameters["ImageTag"] = recorded[self.recorded]
            app = StackPresent(
                self.status, parameters, {}, "because", self.infrastructure.deployed, self.infrastructure.volatile
            )
        registry = (
            StackAbsent()
            if self.registry == "absent"
            else StackPresent(self.registry, _good(CONTENT), {}, "because", CONTENT)
        )
        live = {(REPOSITORY, "live-App"): Tagged(DIGEST), (REPOSITORY, "c-old"): Tagged(OTHER_DIGEST)}
        return Observed({"app": self.image}, {"Registry": registry, "App": app}, live)

    @property
    def value(self) -> str:
        """What the stack records when it runs the wanted image."""
        return APP.tag if self.deploy_by is DeployBy.TAG else str(DIGEST)

    @property
    def truth(self) -> dict[str, Synthesised]:
        """What a synth makes."""
        return {"App": self.infrastructure.synthesised, "Registry": Synthesised(CONTENT, USED)}

    @property
    def error(self) -> str:
        """The code of the error that this must be, "" for none."""
        if self.is_busy:
            return ""
        if type(self.image) in REFUSED:
            return REFUSED[type(self.image)]
        stopped = next((STOPPED[each][0] for each in (self.registry, self.status) if each in STOPPED), "")
        lacks_repository = isinstance(self.image, RepositoryAbsent) and not self.is_registry_deployed
        return stopped or ("no-repository" if lacks_repository else "")

    @property
    def is_busy(self) -> bool:
        return self.status in BUSY or self.registry in BUSY

    @property
    def is_registry_deployed(self) -> bool:
        """Its template is always the deployed one; a hash alone proves nothing of an impure app."""
        unproven = self.check is InfraCheck.HASH and self.infrastructure.fingerprint is IMPURE
        return self.registry not in COMPARED or unproven

    @property
    def is_equal(self) -> bool:
        """The truth: everything about the App stack is what is wanted, and CloudFormation has it settled."""
        tag = self.recorded == "same" and (self.deploy_by is DeployBy.TAG or isinstance(self.image, ImagePresent))
        return self.status in COMPARED and tag and self.infrastructure.same

    @property
    def is_provable(self) -> bool:
        """Whether the tiers that may be used can prove it when it is equal."""
        infra = self.infrastructure
        by_hash = infra.records == () and infra.deployed == CONTENT and infra.fingerprint is INFRA
        return infra.deployed is not None and not infra.volatile and (by_hash or self.check is not InfraCheck.HASH)


def _good(content: StackContent) -> dict[str, str]:
    return {INFRA_PARAMETER: str(INFRA.digest), TEMPLATE_PARAMETER: record_of(content)}


def decide(wanted: Wanted, observed: Observed, truth: dict[str, Synthesised]) -> Plan:
    """As a run does it: what only a synth decides is synthesised."""
    found = planner.decide(wanted, observed)
    if isinstance(found, planner.SynthNeeded):
        found = planner.decide(replace(wanted, synthesised=truth), observed)
    assert isinstance(found, Plan), "nothing is left to ask once there is a synth"
    return found


def cases():
    """The product: one stack's statuses all, while the other's are the few that matter to it. An image that cannot be
    used stops whatever else there is."""
    tail = (RECORDED, ("UPDATE_COMPLETE", "absent"), InfraCheck, DeployBy)
    for each in itertools.product(USABLE, INFRASTRUCTURES, STATES, *tail):
        yield Case(*each)
    for image, infra, status in itertools.product(UNUSABLE, INFRASTRUCTURES, STATES):
        yield Case(image, infra, status, "same", "UPDATE_COMPLETE", InfraCheck.AUTO, DeployBy.TAG)
    for image, registry, check in itertools.product((*USABLE, *UNUSABLE), STATES, InfraCheck):
        yield Case(image, INFRASTRUCTURES[0], "UPDATE_COMPLETE", "same", registry, check, DeployBy.TAG)


def decided(case: Case) -> Plan | DeployError:
    """The plan of a case, or its error; any other exception is a bug."""
    try:
        return decide(case.wanted, case.observed, case.truth)
    except DeployError as error:
        return error


@pytest.fixture(scope="module")
def everything() -> list[tuple[Case, Plan | DeployError]]:
    return [(case, decided(case)) for case in cases()]


@pytest.fixture(scope="module")
def planned(everything) -> list[tuple[Case, Plan]]:
    """The cases that have a plan."""
    return [(case, found) for case, found in everything if isinstance(found, Plan)]


def test_what_stops_a_run_is_the_error_that_was_promised(everything):
    for case, found in everything:
        assert (found.code if isinstance(found, DeployError) else "") == case.error, case
        assert isinstance(found, Plan) or (found.problem and found.where and found.hint), case


def test_nothing_is_skipped_that_is_not_proven_equal_and_nothing_that_is_proven_is_done(planned):
    outcomes = set()
    for case, plan in planned:
        if case.is_busy:
            assert all(isinstance(step, WaitForStack) for step in plan.steps), case
            assert not plan.skipped, case
            continue
        skipped = {skip.subject for skip in plan.skipped}
        assert ("stack App" in skipped) == (case.is_equal and case.is_provable), case
        assert ("image app" in skipped) == isinstance(case.image, ImagePresent), case
        assert ("stack Registry" in skipped) == (not case.is_registry_deployed), case
        assert not plan.is_empty or len(skipped) == 3, case
        outcomes.add(frozenset(skipped))
    assert len(outcomes) == 8, "each of the three things was skipped and was not"


def test_each_thing_is_either_done_or_skipped_and_builds_come_before_what_runs_them(planned):
    for case, plan in planned:
        if case.is_busy:
            continue
        done = [
            f"image {step.image}" if isinstance(step, BuildAndPush) else f"stack {step.stack}"
            for step in plan.steps
            if isinstance(step, BuildAndPush | DeployStack)
        ]
        assert sorted([*done, *(skip.subject for skip in plan.skipped)]) == ["image app", "stack App", "stack Registry"]
        order = ["stack Registry", "image app", "stack App"]
        assert done == [each for each in order if each in done], case
        assert all(step.reason for step in plan.steps), case


def test_a_plan_without_the_synth_that_it_asked_for_acts(planned):
    for case, _ in planned:
        if not case.is_busy and planner.synth_reasons(case.wanted, case.observed):
            plan = planner.make_plan(case.wanted, case.observed)
            assert any(isinstance(step, DeployStack) for step in plan.steps), case


def test_a_plan_that_was_executed_leaves_nothing_to_plan(planned):
    for case, plan in planned:
        if case.is_busy:
            continue
        after = decide(case.wanted, execute(case, plan), case.truth)
        never = bool(case.infrastructure.volatile) or (
            case.check is InfraCheck.HASH and case.infrastructure.fingerprint is IMPURE
        )
        assert after.is_empty != never, case


def execute(case: Case, plan: Plan) -> Observed:
    """The world after a plan that went well."""
    observed = case.observed
    images, stacks, references = dict(observed.images), dict(observed.stacks), dict(observed.references)
    for step in plan.steps:
        for move in (step,) if isinstance(step, MoveTag) else getattr(step, "before", ()):
            digest = DIGEST if move.target == APP.tag else Digest.parse(move.target)
            references[move.repository, move.tag] = Tagged(digest)
        if isinstance(step, BuildAndPush):
            images[step.image] = ImagePresent(DIGEST)
        elif isinstance(step, DeployStack):
            made = case.truth[step.stack]
            parameters = {**dict(step.parameters), TEMPLATE_PARAMETER: record_of(made.content)}
            parameters |= {name: str(DIGEST) for name, _, _ in step.digests}
            stacks[step.stack] = StackPresent("UPDATE_COMPLETE", parameters, {}, "", made.content, made.volatile)
            done = replace(step, parameters=tuple(parameters.items()))
            assert after_step.objection(done, stacks[step.stack]) == "", case
    return Observed(images, stacks, references)


# -- the statuses one by one -----------------------------------------------------------------------------------------


def unchanged(status: str) -> Case:
    return Case(
        ImagePresent(DIGEST), INFRASTRUCTURES[0], status, "same", "UPDATE_COMPLETE", InfraCheck.AUTO, DeployBy.TAG
    )


def answer(status: str) -> Plan:
    case = unchanged(status)
    return decide(case.wanted, case.observed, case.truth)


@pytest.mark.parametrize("status", COMPARED)
def test_a_settled_stack_is_compared(status):
    assert answer(status).is_empty


@pytest.mark.parametrize("status", BUSY)
def test_a_busy_stack_is_waited_for(status):
    (step,) = answer(status).steps
    assert isinstance(step, WaitForStack)
    assert planner.is_busy(unchanged(status).observed.stacks["App"])


@pytest.mark.parametrize("status", DEPLOYED_ANYWAY)
def test_a_stack_that_does_not_run_what_it_records_is_deployed(status):
    (step,) = answer(status).steps
    assert isinstance(step, DeployStack)
    assert step.changes == (DEPLOYED_ANYWAY[status],)
    assert status in step.reason


@pytest.mark.parametrize("status", STOPPED)
def test_a_stack_that_needs_a_person_stops_the_run(status):
    with pytest.raises(DeployError) as caught:
        answer(status)
    code, hint = STOPPED[status]
    assert (caught.value.code, caught.value.cause, caught.value.exit_code) == (code, "because", 1)
    assert hint in caught.value.hint
    assert status in caught.value.problem


@pytest.mark.parametrize("status", STATUSES)
def test_a_deploy_is_believed_only_on_a_settled_stack(status):
    step = DeployStack("App", (("ImageTag", APP.tag),), "", (StackChange.TAG,))
    state = unchanged(status).observed.stacks["App"]
    assert (after_step.objection(step, state) == "") == (status in COMPARED)
