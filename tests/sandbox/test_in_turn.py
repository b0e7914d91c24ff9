"""Requests to moto go in turn: none makes what another is making, and nobody waits for whoever waits for him."""

from __future__ import annotations

import http.client
import io
import json
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rajee_deploy.sandbox.in_turn import InTurn
from rajee_deploy.sandbox.state import read_note
from rajee_deploy.sandbox.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW = Path(__file__).with_name("slow_server.py")
NETWORK = {
    "Resources": {"Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}}
    | {
        f"Subnet{number}": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": f"10.0.{number}.0/24"},
        }
        for number in range(6)
    },
    "Outputs": {f"Name{number}": {"Value": {"Ref": f"Subnet{number}"}} for number in range(6)},
}


@pytest.fixture(scope="module")
def slow_port(tmp_path_factory) -> Iterator[int]:
    note = tmp_path_factory.mktemp("slow") / "note.json"
    with subprocess.Popen([sys.executable, str(SLOW), "--port", "0", "--note", str(note)]) as server:
        try:
            while (state := read_note(note)) is None:
                assert server.poll() is None, "the slow server did not start"
                time.sleep(0.05)
            yield state.port
        finally:
            server.terminate()


def test_a_stack_that_many_look_at_is_created_once(slow_port, client_of):
    cfn = client_of(slow_port, "cloudformation")
    over = threading.Event()

    def look(_: int) -> None:
        while not over.is_set():
            for stack in cfn.describe_stacks()["Stacks"]:
                cfn.list_stack_resources(StackName=stack["StackName"])

    def create() -> None:
        try:
            cfn.create_stack(StackName="network", TemplateBody=json.dumps(NETWORK))
        finally:
            over.set()

    with ThreadPoolExecutor(5) as pool:
        looking = [pool.submit(look, number) for number in range(4)]
        pool.submit(create).result()
        for each in looking:
            each.result()
    stack = cfn.describe_stacks(StackName="network")["Stacks"][0]
    subnets = client_of(slow_port, "ec2").describe_subnets(
        Filters=[{"Name": "tag:aws:cloudformation:stack-name", "Values": ["network"]}]
    )["Subnets"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert sorted(each["OutputValue"] for each in stack["Outputs"]) == sorted(each["SubnetId"] for each in subnets)


@pytest.fixture
def asking_back(cloud) -> Iterator[tuple[str, list[Any]]]:
    """The address of a subscriber who asks the sandbox something before he answers it, and what he was told."""
    told: list[Any] = []

    class Subscriber(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(cloud.client("cloudformation").describe_stacks()["ResponseMetadata"]["HTTPStatusCode"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Subscriber)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", told
    server.shutdown()
    server.server_close()


def test_whom_moto_calls_may_call_back(cloud, asking_back):
    address, told = asking_back
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=cloud.name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=address)
    sns.publish(TopicArn=topic, Message="hello")
    assert 200 in told


def test_a_message_reaches_who_already_waits_for_it(cloud):
    sqs = cloud.client("sqs")
    queue = sqs.create_queue(QueueName=cloud.name)["QueueUrl"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        sqs.send_message(QueueUrl=queue, MessageBody="hello")
        assert [each["Body"] for each in waiting.result()["Messages"]] == ["hello"]


def test_a_client_that_stops_in_the_middle_of_a_body_stops_nobody_else(cloud):
    with socket.create_connection(("127.0.0.1", cloud.port)) as slow:
        slow.sendall(b"PUT /bucket/key HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf")
        assert cloud.client("cloudformation").list_stacks()["StackSummaries"] is not None


def test_a_body_in_chunks_arrives_whole(cloud):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=cloud.name)
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=30)
    connection.request("PUT", f"/{cloud.name}/key", iter([b"one ", b"two"]), encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert s3.get_object(Bucket=cloud.name, Key="key")["Body"].read() == b"one two"


# -- the lock alone ------------------------------------------------------------------------------------------------


def test_a_turn_is_given_back_after_a_mistake():
    turns = Turns()

    def broken(_environ: Any, _start_response: Any) -> Any:
        raise KeyError("x")

    with pytest.raises(KeyError):
        InTurn(broken, turns)({"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": ""}, None)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(_take, turns).result(timeout=30)


def test_a_turn_is_taken_again_lent_and_held_afterwards():
    turns = Turns()
    with ThreadPoolExecutor(1) as pool, turns.take(), turns.take():
        with turns.lend():
            assert not turns.held
            assert pool.submit(_take, turns).result(timeout=30)
        assert turns.held
        other = pool.submit(_take, turns)
        assert not other.done()
    assert other.result(timeout=30)
    assert not turns.held


def test_who_holds_no_turn_lends_none():
    turns = Turns()
    with turns.lend():
        assert not turns.held
    assert not turns.held


def _take(turns: Turns) -> bool:
    with turns.take():
        return turns.held
