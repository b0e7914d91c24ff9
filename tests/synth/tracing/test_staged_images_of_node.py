"""The same as `test_staged_images`, of an app in JavaScript: the CDK and the app are one process.

Only the hook tells their looks apart. What it does not see (node's own loaders) the kernel does.
"""

from __future__ import annotations

import json

import pytest
from synth.tracing.staging_apps import prepare, unpack_cdk

pytestmark = pytest.mark.cdk

APP = """
const fs = require('fs');
const cdk = require('aws-cdk-lib');
const ecs = require('aws-cdk-lib/aws-ecs');
const assets = require('aws-cdk-lib/aws-ecr-assets');

const app = new cdk.App();
const stack = new cdk.Stack(app, 'App');
const image = (name, options = {}, scope = stack) => (
  new assets.DockerImageAsset(scope, name, { directory: `../${name}`, ...options }));

const made = image('plain');
const proto = Object.getPrototypeOf(made);
if (!(made instanceof assets.DockerImageAsset) || proto !== assets.DockerImageAsset.prototype) throw new Error('class');
const task = new ecs.FargateTaskDefinition(stack, 'Task');
task.addContainer('web', { image: ecs.ContainerImage.fromAsset('../container') });

image('read'); fs.readFileSync('../read/README.md');
image('listed'); fs.readdirSync('../listed');
image('asked'); fs.existsSync('../asked/flag');
image('required'); require('../required/lib');
image('resolved'); require.resolve('../resolved/lib');
image('run'); require('child_process').execFileSync('cat', ['../run/README.md']);

class Mine extends assets.DockerImageAsset {
  constructor(scope, id, options) {
    super(scope, id, options);
    if (!(this instanceof Mine) || new.target !== Mine) throw new Error('subclass');
    fs.readFileSync(`../${id}/README.md`);
  }
}
new Mine(stack, 'derived', { directory: '../derived' });
image('getter', { get target() { return fs.readFileSync('../getter/README.md', 'utf8').trim(); } });

class Own extends cdk.DefaultStackSynthesizer {
  addDockerImageAsset(asset) {
    if (asset.displayName.includes('synthesizer')) fs.readFileSync('../synthesizer/README.md');
    else cdk.FileSystem.fingerprint('../fingerprinted');
    return super.addDockerImageAsset(asset);
  }
}
const other = new cdk.Stack(app, 'Other', { synthesizer: new Own() });
image('synthesizer', {}, other);
image('fingerprinted', {}, other);

try { image('failed', { file: 'absent' }); } catch { /* a construct that throws was never made */ }
image('twice'); fs.copyFileSync('../twice/README.md', process.env.TMPDIR + '/copy');
module.exports = (async () => {
  image('imported'); await import('../imported/lib.mjs');
  app.synth();
})();
"""
# What is read besides, of each build context; by `lib` where a loader of node's reads it.
BESIDES = {
    "read": "README.md",
    "listed": "new",
    "asked": "flag",
    "required": "lib.js",
    "resolved": "lib.js",
    "run": "README.md",
    "derived": "README.md",
    "getter": "README.md",
    "synthesizer": "README.md",
    "fingerprinted": "README.md",
    "twice": "README.md",
    "imported": "lib.mjs",
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    with pytest.MonkeyPatch.context() as environment:
        made = prepare(environment, tmp_path_factory.mktemp("staged"))
        made.write("infra/cdk.json", json.dumps({"app": "node app.js", "versionReporting": False}))
        made.write("infra/app.js", APP)
        for name in ("plain", "container", "failed", *BESIDES):
            made.add_context(name)
        for name in ("required", "resolved"):
            made.write(f"{name}/lib.js", "exports.size = 1;\n")
        made.write("imported/lib.mjs", "export const size = 1;\n")
        made.write("getter/Dockerfile", "FROM scratch AS one\nCOPY src /src/\n")
        unpack_cdk(made.root / "infra" / "node_modules")
        made.synthesise()
        yield made


def test_what_counts_as_an_image(checkout):
    assert checkout.images() == {"plain", "Task.web", *BESIDES}


@pytest.mark.parametrize("name", ["plain", "container"])
def test_an_image_counts_by_what_its_dockerfile_reads(checkout, name):
    assert not checkout.notices(f"{name}/README.md")
    assert not checkout.notices(f"{name}/docs/new.md")
    assert checkout.notices(f"{name}/src/main")
    assert checkout.notices(f"{name}/src/new")


@pytest.mark.parametrize("name", BESIDES)
def test_what_is_read_besides_counts(checkout, name):
    path = f"{name}/{BESIDES[name]}"
    exists = (checkout.root / path).exists()
    assert checkout.notices(path, "// two\n")
    if exists:
        assert checkout.notices(path, None)
    if name != "listed":
        assert not checkout.notices(f"{name}/about.txt", "two\n") or name == "fingerprinted"


def test_what_was_not_made_in_the_end_is_read_all_the_same(checkout):
    assert checkout.notices("failed/absent")
