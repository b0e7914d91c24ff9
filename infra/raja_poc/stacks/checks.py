"""Owns what a context value may be: what AWS or the image's entrypoint would refuse, synth refuses first.

The characters are those of assets/envoy/entrypoint.sh, which every task runs: keep the two alike (a test does).
"""

from __future__ import annotations

import re

URI_CHARACTERS = r"[A-Za-z0-9._~:/?=,%+-]+"
_BUCKET = r"[a-z0-9]([a-z0-9-]{1,61})[a-z0-9]"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_RESERVED = re.compile(r"(xn--|sthree-|amzn-s3-demo-).*|.*(-s3alias|--ol-s3|--x-s3|--table-s3|--an)")
_ADDRESS = re.compile(r"https://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:(?P<port>[0-9]{1,5}))?([/?].*)?")
_CERTIFICATE = r"arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+"
_LAST_PORT = 65535


def check_bucket(name: str) -> str:
    """The name, when S3 has such names and Envoy can reach it; ValueError otherwise."""
    if re.fullmatch(_BUCKET, name) and not _RESERVED.fullmatch(name):
        return name
    hint = " (a dot would not be covered by S3's certificate)" if "." in name else ""
    raise _wrong("bucket", name, f"an S3 bucket's name: 3 to 63 of a-z, 0-9 and '-', and no reserved form{hint}")


def check_jwks_uri(uri: str) -> str:
    """The address of the issuer's keys. Over plain HTTP they could be anybody's."""
    found = _ADDRESS.fullmatch(uri)
    if found is None or not re.fullmatch(URI_CHARACTERS, uri) or not _is_port(found["port"]):
        raise _wrong("jwksUri", uri, "an address that begins with https://, like https://issuer/.well-known/jwks.json")
    return uri


def check_words(key: str, text: str) -> str:
    """An issuer or an audience, which is compared with what a token says, letter by letter."""
    if not re.fullmatch(URI_CHARACTERS, text):
        raise _wrong(key, text, "letters, digits and . _ ~ : / ? = , % + - (as they stand in the tokens)")
    return text


def check_certificate(arn: str) -> str:
    """A certificate of ACM."""
    if not re.fullmatch(_CERTIFICATE, arn):
        raise _wrong("certificateArn", arn, "an ARN of ACM, like arn:aws:acm:eu-west-1:123456789012:certificate/…")
    return arn


def _is_port(text: str | None) -> bool:
    return text is None or 0 < int(text) <= _LAST_PORT


def _wrong(key: str, value: str, wanted: str) -> ValueError:
    return ValueError(f"the context value {key!r} is {value!r}, and has to be {wanted}; give it with cdk -c {key}=…")
