// Runs inside every node of a synth, before its program: records what it reads, as in_python/sitecustomize.py does.
//
// It leaves out the CDK CLI and npm themselves, and whatever lies in node_modules, whose versions count elsewhere. It
// never changes what the program sees. Records are written at once, so that no way to end loses any.
'use strict';

const directory = process.env.RAJEE_DEPLOY_TRACE;
const main = process.argv[1] || '';

function isOwn(fs) {
  let real = main;
  try { real = fs.realpathSync(main); } catch { /* a program given by -e has no file */ }
  return /[\\/](aws-cdk|npm|corepack|yarn|pnpm)[\\/](bin|lib|dist)[\\/]/.test(real);
}

function install() {
  const fs = require('fs');
  const path = require('path');
  const { fileURLToPath } = require('url');
  if (isOwn(fs)) return;
  const { openSync, writeSync } = fs;
  const file = openSync(path.join(directory, `node-${process.pid}.jsonl`), 'a', 0o600);
  const seen = new Set();
  const record = (...fields) => {
    const line = JSON.stringify(fields) + '\n';
    if (!seen.has(line)) { seen.add(line); writeSync(file, line); }
  };
  const libraries = /[\\/]node_modules[\\/]/;

  function note(kind, target) {
    try {
      if (target instanceof URL) target = fileURLToPath(target);
      if (Buffer.isBuffer(target)) target = target.toString();
      if (typeof target !== 'string') return; // a descriptor: its opening was recorded
      const whole = path.resolve(target);
      if (!libraries.test(whole)) record(kind, whole);
    } catch (error) {
      record('impure', `could not be traced (${error.message})`, '', 0);
    }
  }

  // [file, line] of the nearest caller that is no library and not node itself; null where there is none.
  function caller() {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 100;
    const stack = new Error().stack.split('\n').slice(2);
    Error.stackTraceLimit = limit;
    for (const line of stack) {
      const found = /\(?((?:file:\/\/)?[^()\s]+):(\d+):\d+\)?$/.exec(line);
      if (!found || found[1].startsWith('node:') || found[1] === __filename) continue;
      return [found[1], Number(found[2])];
    }
    return null;
  }

  const { O_WRONLY, O_EXCL, O_TRUNC } = fs.constants;
  const writes = (flags) => (typeof flags === 'string' ? /^w|x|^a$/.test(flags)
    : Boolean(flags & (O_WRONLY | O_EXCL | O_TRUNC)));

  function watch(holder, name, kind) {
    const original = holder[name];
    if (typeof original !== 'function') return;
    const call = function (target, ...rest) {
      if (!(kind === 'open' && writes(typeof rest[0] === 'function' ? 'r' : rest[0] ?? 'r'))) {
        note(kind === 'open' ? 'read' : kind, target);
      }
      return original.call(this, target, ...rest);
    };
    Object.defineProperties(call, Object.getOwnPropertyDescriptors(original));
    holder[name] = call;
  }

  const kinds = {
    read: ['readFile', 'copyFile', 'cp', 'readlink'],
    open: ['open'],
    list: ['readdir', 'opendir'],
    stat: ['stat', 'lstat', 'access', 'realpath', 'exists'],
  };
  for (const [kind, names] of Object.entries(kinds)) {
    for (const name of names) {
      for (const [holder, key] of [[fs, name], [fs, `${name}Sync`], [fs.promises, name]]) watch(holder, key, kind);
    }
  }

  function forbid(holder, name, what) {
    const original = holder[name];
    if (typeof original !== 'function') return;
    const call = function (...rest) {
      // The kernel's own launcher starts the node that runs the kernel.
      const where = caller();
      if (where !== null && !/[\\/](@jsii|jsii)[\\/]|jsii-runtime/.test(where[0])) record('impure', what, where[0], where[1]);
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
  const dns = require('dns');
  for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) forbid(dns, name, 'asks the resolver');
  forbid(require('os'), 'hostname', "asks for the host's name");

  const environment = process.env;
  // What jsii's kernel asks is its own business, and so is what an app's libraries ask, but for the CDK itself. Whatever
  // else runs in the kernel's process is a library of constructs.
  const kernel = /[\\/](bin[\\/]jsii-runtime|lib[\\/]program)\.js$/.test(main) ? path.dirname(path.dirname(main)) : null;
  const isLibrary = (where) => where === null || (kernel !== null && where[0].startsWith(kernel + path.sep))
    || (kernel === null && libraries.test(where[0]) && !/[\\/]node_modules[\\/](aws-cdk-lib|constructs|@aws-cdk)[\\/]/.test(where[0]));
  process.env = new Proxy(environment, {
    get(target, name) {
      if (typeof name === 'string' && !seen.has(name)) {
        if (!isLibrary(caller())) { seen.add(name); record('env', name); }
      }
      return target[name];
    },
    has(target, name) {
      if (typeof name === 'string' && !isLibrary(caller())) record('env', name);
      return name in target;
    },
    ownKeys(target) {
      const where = caller();
      if (!isLibrary(where)) record('impure', 'copies the whole environment', where[0], where[1]);
      return Reflect.ownKeys(target);
    },
  });
  require('module').syncBuiltinESMExports();
  record('node', process.version, main, process.cwd());
}

if (directory) install();
