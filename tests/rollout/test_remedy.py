"""What helps where Lambda does not take an image."""

from __future__ import annotations

import botocore.session
import pytest

from rajee_deploy.rollout.remedy import remedy

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:c-1"


def handed_on(sentence):
    """As CloudFormation hands on what Lambda said."""
    return f'Resource handler returned message: "{sentence} (Service: Lambda, Status Code: 400, Request ID: 1)"'


@pytest.mark.parametrize(
    ("code", "sentence", "part"),
    [
        ("ImageDeleted", f"Source image {IMAGE} does not exist. Provide a valid source image.", "lifecycle rules"),
        (
            "ImageAccessDenied",
            "Lambda does not have permission to access the ECR image. Check the ECR permissions.",
            "lambda.amazonaws.com",
        ),
        (
            "InvalidImage",
            f"The image manifest, config or layer media type for the source image {IMAGE} is not supported.",
            "provenance = false",
        ),
        (
            "InvalidImage",
            f"The image manifest or layer media type for the source image {IMAGE} is not supported.",
            "index",
        ),
        ("FunctionError.InvalidEntryPoint", "fork/exec /app: exec format error", "Architectures"),
    ],
)
def test_each_cause_is_known_by_its_code_and_by_its_words(code, sentence, part):
    assert part in remedy(code, "")
    assert part in remedy("", handed_on(sentence))


@pytest.mark.parametrize(
    ("code", "reason", "part"),
    [
        ("", handed_on(f"Source image {IMAGE} is not valid. Provide a valid source image."), "its own region"),
        ("DisabledKMSKey", "", "KMS key"),
        ("FunctionError", "", "log group"),
        ("FunctionError.RuntimeInitError", "", "log group"),
    ],
)
def test_causes_with_one_name(code, reason, part):
    assert part in remedy(code, reason)


@pytest.mark.parametrize(("code", "reason"), [("", ""), ("InternalError", "try again"), ("SomethingNew", "it failed")])
def test_of_what_nobody_knows_nothing_is_said(code, reason):
    assert remedy(code, reason) == ""


def test_no_code_is_misspelt():
    """Each is one that Lambda has."""
    model = botocore.session.get_session().get_service_model("lambda")
    known = {*model.shape_for("StateReasonCode").enum, *model.shape_for("LastUpdateStatusReasonCode").enum}
    kms = {"KMSKeyAccessDenied", "KMSKeyNotFound", "InvalidStateKMSKey", "DisabledKMSKey"}
    helped = {code for code in known if remedy(code, "")}
    of_start = {code for code in known if code.startswith("FunctionError")}
    assert helped == {"ImageDeleted", "ImageAccessDenied", "InvalidImage"} | kms | of_start
