// Runs inside every node of a synth, before its program: records what it reads, as in_python/sitecustomize.py does.
//
// It leaves out the CDK CLI and npm themselves; of what lies in node_modules it records only the package, whose version
// counts. It never changes what the program sees. Records are written at once, so that no way to end loses any.
'use strict';

const directory = process.env.RAJEE_DEPLOY_TRACE;
const main = process.argv[1] || '';

// By where they are installed: a project may well lie in a directory called aws-cdk.
function isOwn(fs) {
  let real = main;
  try { real = fs.realpathSync(main); } catch { /* a program given by -e has no file */ }
  return /[\\/]node_modules[\\/](aws-cdk|npm|corepack|yarn|pnpm)[\\/](bin|lib|dist)[\\/]/.test(real)
    || /[\\/](nodejs|share|opt)[\\/](npm|yarn|pnpm)[\\/](bin|lib|dist)[\\/]/.test(real)
    || /[\\/]\.yarn[\\/]releases[\\/]yarn-[^\\/]+\.c?js$/.test(real);
}

function install() {
  const fs = require('fs');
  const path = require('path');
  const { fileURLToPath } = require('url');
  if (isOwn(fs)) return;
  const { threadId } = require('worker_threads');
  const { openSync, readdirSync, writeSync } = fs;
  const file = openSync(path.join(directory, `node-${process.pid}.jsonl`), 'a', 0o600);
  const seen = new Set();
  const record = (...fields) => {
    const line = JSON.stringify(fields) + '\n';
    if (!seen.has(line)) { seen.add(line); writeSync(file, line); }
  };
  const libraries = /[\\/]node_modules[\\/]/i; // TypeScript asks for its own path in the other case
  const packages = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/@.][^\\/]*(?=[\\/])/;

  // A path as Python spells it: a byte that is no UTF-8 stands as a surrogate.
  function named(bytes) {
    const isText = (part) => Buffer.from(part.toString()).equals(part);
    if (isText(bytes)) return bytes.toString();
    let name = '';
    for (let at = 0, size; at < bytes.length; at += size) {
      size = [1, 2, 3, 4].find((n) => at + n <= bytes.length && isText(bytes.subarray(at, at + n))) ?? 1;
      const part = bytes.subarray(at, at + size);
      name += isText(part) ? part.toString() : String.fromCharCode(0xdc00 + part[0]);
    }
    return name;
  }

  // While the CDK stages the build context of an image asset: which one, where the CDK lies, and what was looked at.
  let staging = null;
  let isInside = false; // a call of node's that may make others, which are one look together

  // Whether the CDK itself looks, and nobody whom it calls meanwhile (a synthesizer of the app's own, say).
  function isOfStaging() {
    const { stackTraceLimit, prepareStackTrace } = Error;
    let calls;
    try {
      Error.stackTraceLimit = 100;
      Error.prepareStackTrace = (_error, found) => found;
      calls = new Error().stack;
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
      Error.stackTraceLimit = stackTraceLimit;
    }
    if (!Array.isArray(calls)) return false;
    for (const call of calls) {
      const place = call.getFileName();
      if (place === __filename && call.getFunctionName() === 'construct') return true;
      const isNodes = call.isNative() || place?.startsWith('node:') || place === __filename;
      if (call.isEval() || !(isNodes || place?.startsWith(staging.root))) return false;
    }
    return false;
  }

  // What the CDK looks at to stage an image asset, each time anew: the kernel's record is compared with it.
  function noteStaged(way, whole) {
    const key = JSON.stringify([way, whole]);
    staging.looks.set(key, (staging.looks.get(key) ?? 0) + 1);
  }

  function note(kind, target, isDeep = false, way = kind) {
    try {
      if (target instanceof URL) target = fileURLToPath(target);
      if (target instanceof Uint8Array) target = named(Buffer.from(target));
      else if (/[\ud800-\udfff]/.test(target)) target = Buffer.from(target).toString(); // what node asks the system for
      if (typeof target !== 'string') return; // a descriptor: its opening was recorded
      const whole = path.resolve(target);
      if (libraries.test(whole)) {
        const found = packages.exec(whole);
        if (kind === 'read' && found !== null) record('package', found[0]);
        return;
      }
      if (staging !== null && !isDeep && isOfStaging()) {
        if (!isInside) noteStaged(way, whole);
        return;
      }
      record(kind, whole);
      if (isDeep) noteBelow(kind, whole);
    } catch (error) {
      record('impure', `a call that could not be traced (${error.message})`, '', 0);
    }
  }

  // Node itself enters the directories below without any call that is seen here.
  function noteBelow(kind, directory) {
    let entries;
    try { entries = readdirSync(directory, { withFileTypes: true }); } catch { return; /* no directory */ }
    if (kind !== 'list') record('list', directory);
    for (const entry of entries) {
      const below = path.join(directory, entry.name);
      if (below.includes('\ufffd') && (entry.isDirectory() || kind !== 'list')) {
        record('impure', 'reads what has a name that is no UTF-8', '', 0);
      }
      if (entry.isDirectory()) note(kind, below, true);
      else if (kind !== 'list') record(kind, below);
    }
  }

  // What compiles an app while it runs, what colours its words, and what the CDK stands on: they ask for much that no
  // template depends on.
  const tools = new RegExp('[\\\\/]node_modules[\\\\/](?:typescript|ts-node|tsx|esbuild|esbuild-register|@esbuild|@swc|@swc-node'
    + '|v8-compile-cache|v8-compile-cache-lib|source-map|source-map-support|@cspotcode|@jridgewell|get-tsconfig|debug'
    + '|chalk|supports-color|picocolors|colorette|kleur|ansi-colors|aws-cdk-lib[\\\\/]node_modules)[\\\\/]');

  // [file, line, whether it starts a program] of the nearest caller that is not node itself and not passed over; null where there is none.
  function caller(passed = null) {
    const { stackTraceLimit, prepareStackTrace } = Error;
    Error.stackTraceLimit = 100;
    let stack = new Error().stack;
    if (typeof stack !== 'string') { // the program makes something else of it at the moment
      Error.prepareStackTrace = undefined;
      stack = new Error().stack;
      Error.prepareStackTrace = prepareStackTrace;
    }
    Error.stackTraceLimit = stackTraceLimit;
    let starts = false; // whether node starts a program in between
    for (const line of stack.split('\n').slice(2)) {
      starts ||= line.includes('(node:child_process:') || line.includes('(node:internal/child_process:');
      const found = /\(?((?:file:\/\/)?[^()\s]+):(\d+):\d+\)?$/.exec(line);
      if (!found || found[1].startsWith('node:') || found[1] === __filename || passed?.test(found[1])) continue;
      return [found[1].startsWith('file:') ? fileURLToPath(found[1]) : found[1], Number(found[2]), starts];
    }
    return null;
  }

  const { O_WRONLY, O_EXCL, O_TRUNC } = fs.constants;
  const writes = (flags) => (typeof flags === 'string' ? /^w|x|^a$/.test(flags)
    : Boolean(flags & (O_WRONLY | O_EXCL | O_TRUNC)));

  function watch(holder, name, kind) {
    const original = holder[name];
    if (typeof original !== 'function') return;
    const way = /^(readlink|lstat)(Sync)?$/.test(name) ? 'link' : kind === 'open' ? 'read' : kind;
    const call = function (target, ...rest) {
      if (!(kind === 'open' && writes(typeof rest[0] === 'function' ? 'r' : rest[0] ?? 'r'))) {
        const isDeep = (kind === 'list' && Boolean(rest[0]?.recursive)) || /^cp(Sync)?$/.test(name);
        note(kind === 'open' ? 'read' : kind, target, isDeep, way);
      }
      if (staging === null || isInside) return original.call(this, target, ...rest);
      isInside = true;
      try {
        return original.call(this, target, ...rest);
      } finally {
        isInside = false;
      }
    };
    Object.defineProperties(call, Object.getOwnPropertyDescriptors(original));
    holder[name] = call;
  }

  const kinds = {
    read: ['readFile', 'copyFile', 'cp', 'readlink', 'openAsBlob'],
    open: ['open'],
    list: ['readdir', 'opendir'],
    stat: ['stat', 'lstat', 'access', 'realpath', 'exists'],
  };
  for (const [kind, names] of Object.entries(kinds)) {
    for (const name of names) {
      for (const [holder, key] of [[fs, name], [fs, `${name}Sync`], [fs.promises, name]]) watch(holder, key, kind);
    }
  }

  // Variables that a file gives appear in this process alone.
  if (process.loadEnvFile) {
    const { loadEnvFile } = process;
    process.loadEnvFile = function (target, ...rest) {
      note('read', target ?? '.env');
      return loadEnvFile.call(this, target, ...rest);
    };
  }
  process.execArgv.forEach((word, index, all) => {
    const found = /^--env-file(?:-if-exists)?(?:=(.*))?$/.exec(word);
    if (found) note('read', found[1] ?? all[index + 1]);
  });

  // They start a node, which is traced by itself, or the compiler that an app may call, too.
  const launchers = /[\\/](@jsii|jsii)[\\/]|jsii-runtime|[\\/]node_modules[\\/](tsx|ts-node|esbuild-register)[\\/]/;
  const compiler = /[\\/]node_modules[\\/]esbuild[\\/]/;

  function forbid(holder, name, what) {
    const original = holder[name];
    if (typeof original !== 'function') return;
    const call = function (...rest) {
      // Node itself acts for whoever called it earlier.
      const where = caller(compiler) ?? caller() ?? ['', 0, false];
      if (!launchers.test(where[0])) record('impure', what, where[0], where[1]);
      return original.apply(this, rest);
    };
    Object.defineProperties(call, Object.getOwnPropertyDescriptors(original));
    holder[name] = call;
  }

  const programs = require('child_process');
  for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']) {
    forbid(programs, name, 'starts a program');
  }
  forbid(require('net').Socket.prototype, 'connect', 'connects a socket');
  forbid(require('dgram').Socket.prototype, 'send', 'sends to a socket');
  const dns = require('dns');
  for (const holder of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype]) {
    for (const name of Object.getOwnPropertyNames(holder)) {
      if (/^(lookup|resolve|reverse)/.test(name)) forbid(holder, name, 'asks the resolver');
    }
  }
  const os = require('os');
  forbid(os, 'hostname', "asks for the host's name");
  forbid(os, 'userInfo', 'asks who the user is');
  for (const name of ['getReport', 'writeReport']) forbid(process.report, name, 'copies the whole environment');
  forbid(os, 'networkInterfaces', "asks for the host's addresses");

  const environment = process.env;
  // What jsii's kernel and the app's tools ask is their own business. Any other library may ask on the app's behalf.
  const kernel = /[\\/](bin[\\/]jsii-runtime|lib[\\/]program)\.js$/.test(main) ? path.dirname(path.dirname(main)) : null;
  const isOther = (where) => where === null || (kernel !== null && where[0].startsWith(kernel + path.sep)) || tools.test(where[0]);
  // To start a program without naming its variables is to hand on all of them, and to look at none.
  const isHandedOn = (where) => where !== null && where[2];
  const asked = new Set();
  const ask = (name) => {
    if (typeof name !== 'string' || name in Object.prototype || asked.has(name)) return;
    const where = caller();
    if (isOther(where) || isHandedOn(where)) return;
    asked.add(name);
    record('env', name);
  };
  process.env = new Proxy(environment, {
    get(target, name) {
      ask(name);
      return target[name];
    },
    // By itself it would be defined anew, with less than node takes for a variable that is there already.
    set(target, name, value) {
      target[name] = value;
      return true;
    },
    has(target, name) {
      ask(name);
      return name in target;
    },
    getOwnPropertyDescriptor(target, name) {
      ask(name);
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
    ownKeys(target) {
      const where = caller();
      if (!isOther(where) && !isHandedOn(where)) record('impure', 'copies the whole environment', where[0], where[1]);
      return Reflect.ownKeys(target);
    },
  });

  // Everything that builds an image asset makes one of these: its class is one that says when it is made.
  const assets = /([\\/]aws-cdk-lib[\\/](?:.*[\\/])?)aws-ecr-assets[\\/]lib[\\/]image-asset\.js$/;
  let made = 0;

  function watchClass(original, root) {
    const watched = new Proxy(original, {
      construct(target, words, type) {
        const around = staging;
        const own = { number: `${process.pid}.${threadId}.${++made}`, root, looks: new Map() };
        staging = own;
        try {
          const asset = Reflect.construct(target, words, type === watched ? target : type);
          describeAsset(own.number, asset);
          return asset;
        } finally {
          staging = around;
          for (const [key, times] of own.looks) record('staged', own.number, ...JSON.parse(key), times);
        }
      },
    });
    return watched;
  }

  // Fields alone are read: what an app's own class computes is its own business.
  function describeAsset(number, asset) {
    try {
      const field = (holder, name) => Object.getOwnPropertyDescriptor(holder, name)?.value;
      const node = field(asset, 'node');
      const told = [field(node.tryFindChild('Staging'), 'sourcePath'), field(asset, 'assetHash'), node.path];
      if (told.every((text) => typeof text === 'string')) {
        record('image-asset', number, ...told, field(asset, 'dockerfilePath') ?? 'Dockerfile');
      }
    } catch { /* a CDK that is not known: all that it looks at counts */ }
  }

  // A module's exports are there before it runs: what it puts there as the class becomes the other one at once.
  function watchExports(exported, root) {
    const name = 'DockerImageAsset';
    const become = (value) => {
      const told = typeof value === 'function' ? watchClass(value, root) : value;
      Object.defineProperty(exported, name, { value: told, writable: true, enumerable: true, configurable: true });
      if (told === value) watchExports(exported, root);
    };
    Object.defineProperty(exported, name, { get: () => undefined, set: become, enumerable: true, configurable: true });
  }

  // Node keeps each module here before it runs it. A function around its loader would be seen in every trace of an error.
  const Module = require('module');
  Module._cache = new Proxy(Module._cache, {
    set(cache, name, module) {
      const found = typeof name === 'string' ? assets.exec(name) : null;
      try {
        if (found !== null) watchExports(module.exports, name.slice(0, found.index) + found[1]);
      } catch { /* no module as node makes them: all that it looks at counts */ }
      return Reflect.set(cache, name, module);
    },
  });
  Module.syncBuiltinESMExports();
  record('node', process.version, main, process.cwd());
}

if (directory) install();
