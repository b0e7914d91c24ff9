"""The CDK CLI's tables as rows."""

from __future__ import annotations

from rajee_deploy.actions.permission_rows import rows_of
from rajee_deploy.console.rows import Row

TABLES = """\
IAM Statement Changes
┌───┬───────────────────┬────────┬──────────────────────┬───────────────────┬───────────┐
│   │ Resource          │ Effect │ Action               │ Principal         │ Condition │
├───┼───────────────────┼────────┼──────────────────────┼───────────────────┼───────────┤
│ + │ ${Role.Arn}       │ Allow  │ sts:AssumeRole       │ Service:ecs-tasks │           │
├───┼───────────────────┼────────┼──────────────────────┼───────────────────┼───────────┤
│ + │ ${Web/Log.Arn}    │ Allow  │ logs:CreateLogStream │ AWS:${Role}       │           │
│   │                   │        │ logs:PutLogEvents    │                   │           │
└───┴───────────────────┴────────┴──────────────────────┴───────────────────┴───────────┘
Security Group Changes
┌───┬───────────────┬─────┬────────────┬─────────────────┐
│   │ Group         │ Dir │ Protocol   │ Peer            │
├───┼───────────────┼─────┼────────────┼─────────────────┤
│ + │ ${A.GroupId}  │ In  │ TCP 80     │ Everyone (IPv4) │
│ - │ ${A.GroupId}  │ Out │ Everything │ Everyone (IPv4) │
└───┴───────────────┴─────┴────────────┴─────────────────┘
"""


def test_each_entry_is_a_row_below_the_title_of_its_table():
    assert rows_of(TABLES.splitlines()) == [
        Row(name="IAM Statement Changes"),
        Row("+", "", "${Role.Arn}", "Allow  sts:AssumeRole  Service:ecs-tasks"),
        Row("+", "", "${Web/Log.Arn}", "Allow  logs:CreateLogStream, logs:PutLogEvents  AWS:${Role}"),
        Row(name="Security Group Changes"),
        Row("+", "", "${A.GroupId}", "In  TCP 80  Everyone (IPv4)"),
        Row("-", "", "${A.GroupId}", "Out  Everything  Everyone (IPv4)"),
    ]


def test_what_is_no_table_stands_as_it_is():
    assert rows_of(["(something else)", "", "more"]) == [Row(name="(something else)"), Row(name="more")]
