"""The lines below a step: what changes, in few words, and what is dangerous before the rest."""

from __future__ import annotations

import pytest

from rajee_deploy.actions.resource_lines import MOST, details, document_of, summary_of, table_of
from rajee_deploy.console.rows import Row, lay_out, plain
from rajee_deploy.plan.property_changes import PropertyChange
from rajee_deploy.plan.replacement import Replacement
from rajee_deploy.plan.resource_changes import Action, ResourceChange, StackChanges

GRANT = "+ s3:GetObject on arn:aws:s3:::data/*"
ROLE = ResourceChange(Action.UPDATE, "R", "TaskRole", "AWS::IAM::Role", broader=(GRANT,))
SERVICE = ResourceChange(
    Action.UPDATE, "S", "Service", "AWS::ECS::Service", (PropertyChange("DesiredCount", "1", "2"),)
)
REPOSITORY = ResourceChange(
    Action.REPLACE, "E", "Repository", "AWS::ECR::Repository", because=("RepositoryName",), replacement=Replacement.YES
)
QUEUE = ResourceChange(Action.REMOVE, "Q", "Queue", "AWS::SQS::Queue")


def screen(*resources, verbose=False, width=80, **more):
    found = details(StackChanges(resources, **more), verbose=verbose)
    row = Row("~", "update", "RajeeEnvoyStack", "the template differs", details=tuple(found))
    return [plain(line) for line in lay_out([row], width)]


def test_as_it_is_meant_to_look():
    assert screen(ROLE, SERVICE, REPOSITORY, QUEUE) == [
        "  ~ update  RajeeEnvoyStack  the template differs",
        "            ~ TaskRole       IAM::Role        broader permissions",
        "                             + s3:GetObject on arn:aws:s3:::data/*",
        "            ~ Service        ECS::Service     DesiredCount 1 → 2",
        "            ± Repository     ECR::Repository  replaced (RepositoryName)",
        "            - Queue          SQS::Queue       removed",
        "                             what is replaced: as the templates tell, without a",
        "                             change set",
    ]


def test_what_is_dangerous_is_red():
    styles = {each.name: each.style for each in details(StackChanges((ROLE, SERVICE, REPOSITORY, QUEUE)))}
    assert {name for name, style in styles.items() if "red" in style} == {"TaskRole", "Repository", "Queue"}
    assert [each.style for each in details(StackChanges((ROLE,)))] == ["bold red", "red"]


BUCKET = ResourceChange(Action.REPLACE, "B", "Data", "AWS::S3::Bucket", because=("BucketName",))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (ResourceChange(Action.ADD, "Q", "Q", "AWS::SQS::Queue"), "new"),
        (ResourceChange(Action.KEEP, "Q", "Q", "AWS::SQS::Queue"), "kept, no longer managed"),
        (
            ResourceChange(Action.REPLACE, "Q", "Q", "AWS::SQS::Queue", because=("A",), keeps_old=True),
            "replaced (A), the old one is kept",
        ),
        (
            ResourceChange(
                Action.REPLACE,
                "Q",
                "Q",
                "AWS::SQS::Queue",
                (PropertyChange("A", "1", "2"), PropertyChange("B")),
                ("A",),
            ),
            "replaced (A 1 → 2), B",
        ),
        (ResourceChange(Action.MAY_REPLACE, "Q", "Q", "AWS::SQS::Queue", because=("A",)), "may be replaced (A)"),
        (
            ResourceChange(Action.UPDATE, "Q", "Q", "AWS::SQS::Queue", tuple(map(PropertyChange, "ABCDE"))),
            "A, B, C, and 2 more",
        ),
        (
            ResourceChange(
                Action.UPDATE,
                "Q",
                "Q",
                "AWS::SQS::Queue",
                (PropertyChange("web: cpu", "1", "2"), PropertyChange("web: image")),
            ),
            "web: cpu 1 → 2, image",
        ),
        (ResourceChange(Action.UPDATE, "Q", "Q", "AWS::SQS::Queue", is_revision=True), "a new revision"),
    ],
)
def test_what_becomes_of_one(change, said):
    line, *more = details(StackChanges((change,)))
    assert bool(more) == ("replaced" in said), "how far that is known is said"
    assert line.text == f"SQS::Queue  {said}"


def test_what_only_follows_a_new_revision_is_left_out_unless_all_is_asked_for():
    task = ResourceChange(Action.UPDATE, "T", "Task", "AWS::ECS::TaskDefinition", is_revision=True)
    follower = PropertyChange("TaskDefinition", follows="Task")
    service = ResourceChange(Action.UPDATE, "S", "Service", "AWS::ECS::Service", (follower,))
    assert [each.name for each in details(StackChanges((task, service)))] == ["Task"]
    assert [each.name for each in details(StackChanges((task, service)), verbose=True)] == ["Task", "Service"]
    assert [each.name for each in details(StackChanges((service,)))] == ["Service"]


def many(count, action=Action.UPDATE):
    return [
        ResourceChange(action, str(number), f"N{number}", "AWS::SQS::Queue", (PropertyChange("A"),))
        for number in range(count)
    ]


def test_of_many_the_dangerous_ones_are_there():
    lines = details(StackChanges((*many(40), ROLE, QUEUE)))
    assert len(lines) <= MOST + 1
    assert {"TaskRole", "Queue"} <= {each.name for each in lines}
    assert lines[-1].text == f"and {42 - len(lines) + 2} more: --explain"
    assert len(details(StackChanges((*many(40), ROLE, QUEUE)), verbose=True)) == 43


def test_a_policy_that_allows_much_is_cut():
    lines = details(StackChanges((ResourceChange(Action.ADD, "R", "R", "T", broader=tuple("abcdef")),)))
    assert [each.text for each in lines[1:]] == ["a", "b", "c", "and 3 more: --explain"]


def test_many_new_ones_are_counted():
    (line,) = details(StackChanges(tuple(many(30, Action.ADD))))
    assert (line.name, line.text) == ("30 new resources", "30 SQS::Queue")


@pytest.mark.parametrize(
    ("changes", "verbose", "said"), [((), False, True), ((QUEUE,), False, False), ((QUEUE,), True, True)]
)
def test_what_else_differs_is_told_where_nothing_else_is(changes, verbose, said):
    lines = details(StackChanges(changes, ("outputs changed: A",)), verbose=verbose)
    assert ("outputs changed: A" in [each.text for each in lines]) == said


def test_what_is_not_known_is_said():
    (line,) = details(StackChanges(unknown="because"))
    assert line.text == "which resources change is not known: because"


def test_the_document_has_what_the_screen_has():
    change = ResourceChange(
        Action.REPLACE,
        "B1",
        "B",
        "AWS::S3::Bucket",
        (PropertyChange("Name", "a", "b"), PropertyChange("Password"), PropertyChange("New", None, "")),
        ("Name",),
        Replacement.YES,
        (GRANT,),
    )
    assert document_of(change) == {
        "action": "replace",
        "logicalId": "B1",
        "name": "B",
        "type": "AWS::S3::Bucket",
        "replacement": "yes",
        "because": ["Name"],
        "properties": [
            {"path": "Name", "before": "a", "after": "b"},
            {"path": "Password"},
            {"path": "New", "before": None, "after": ""},
        ],
        "broader": [GRANT],
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ((SERVICE,), "1 resource changes"),
        ((SERVICE, ROLE), "2 resources change, 1 with broader permissions"),
        ((SERVICE, REPOSITORY, QUEUE), "3 resources change, 1 replaced, 1 removed"),
    ],
)
def test_a_summary_in_a_few_words(changes, said):
    assert summary_of(StackChanges(changes)) == said


def test_a_table_has_all_of_it():
    assert table_of(StackChanges((ROLE, QUEUE))) == [
        ("~ TaskRole", "AWS::IAM::Role", f"broader permissions; {GRANT}"),
        ("- Queue", "AWS::SQS::Queue", "removed"),
    ]


def test_all_of_it_has_the_types_in_full():
    assert details(StackChanges((QUEUE,)), verbose=True)[0].text == "AWS::SQS::Queue  removed"
