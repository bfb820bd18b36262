'use strict';
/**
 * Loaded into the engine by tests, before anything of it (`NODE_OPTIONS=--require …`): numbers every step that changes
 * something outside the process, and ends the process, or lets the call fail, at one of them. Nothing of it is shipped.
 *
 * `DAGPY_TEST_FAULTS` is JSON:
 *   log      folder; `engine` in it gets one line a step
 *   kill     {"role": "engine", "step": 7}: SIGKILL in place of the 7th step. A write has two: before it, and half-way
 *   fail     {"step": 7, "code": "ENOSPC", "last": 9}: these steps throw instead; without `last` all that follow do
 *   full     bytes: no file of so many comes to the disk
 *   clock    milliseconds that the clock is ahead
 *   slow     {"milliseconds": 900, "from": 1000000}: so much longer it takes until files of so many bytes are on the disk
 */
const wish = process.env.DAGPY_TEST_FAULTS;
if (wish && /dagpy\.cjs$/.test(process.argv[1] ?? '')) install(JSON.parse(wish));

function install({ log, kill, fail, full, clock, slow }) {
  const fs = require('node:fs');
  const real = { ...fs };
  if (clock) setClock(clock);
  const record = log === undefined ? undefined : real.openSync(`${log}/engine`, 'a');
  const armed = kill?.role === 'engine' ? kill.step : 0;
  let count = 0;

  const die = () => process.kill(process.pid, 'SIGKILL');
  /** @returns {boolean} whether this step is the one at which the process dies */
  const reached = (name, detail) => {
    count += 1;
    if (record !== undefined) real.writeSync(record, `${name} ${detail}\n`);
    return count === armed;
  };
  const at = (name, detail) => {
    if (reached(name, detail)) die();
    // A full disk lets things be taken away.
    const takesRoom = !/^(rm|unlink)/.test(name);
    if (fail !== undefined && takesRoom && count >= fail.step && count <= (fail.last ?? Infinity)) {
      throw Object.assign(new Error(`${fail.code}: simulated, ${name} '${detail}'`), {
        code: fail.code,
        syscall: name,
      });
    }
  };
  const shown = value => (typeof value === 'string' ? value.split('/').slice(-2).join('/') : typeof value);

  const names =
    'writeSync writeFileSync appendFileSync fsyncSync ftruncateSync renameSync linkSync symlinkSync unlinkSync rmSync ' +
    'rmdirSync mkdirSync mkdtempSync copyFileSync chmodSync fchmodSync chownSync utimesSync';
  for (const name of names.split(' ')) {
    fs[name] = (...args) => {
      at(name, shown(args[0]));
      if (name.startsWith('write') && reached(`${name}:half`, shown(args[0]))) {
        const bytes = Buffer.from(args[1]);
        const half = bytes.subarray(0, bytes.length >> 1);
        real[name](args[0], half, ...(name === 'writeFileSync' ? args.slice(2) : []));
        die();
      }
      return real[name](...args);
    };
  }
  fs.openSync = (path, flags = 'r', ...rest) => {
    if (flags !== 'r') at('openSync', shown(path));
    return real.openSync(path, flags, ...rest);
  };
  fs.fsync = (descriptor, callback) => {
    try {
      at('fsync', '');
    } catch (error) {
      process.nextTick(callback, error);
      return;
    }
    if (full !== undefined && real.fstatSync(descriptor).size >= full) {
      const failed = Object.assign(new Error('EIO: simulated, fsync'), { code: 'EIO', syscall: 'fsync' });
      setTimeout(callback, slow?.milliseconds ?? 0, failed);
      return;
    }
    if (slow && real.fstatSync(descriptor).size >= (slow.from ?? 0))
      setTimeout(() => real.fsync(descriptor, callback), slow.milliseconds);
    else real.fsync(descriptor, callback);
  };
  if (armed === 0 && fail !== undefined) return;
  // What is said to other processes: only dying there means anything, a full disk does not stop it.
  const net = require('node:net');
  const write = net.Socket.prototype.write;
  net.Socket.prototype.write = function (chunk, ...rest) {
    at('send', '');
    if (reached('send:half', '')) {
      const bytes = Buffer.from(chunk);
      write.call(this, bytes.subarray(0, bytes.length >> 1), () => die());
      return false;
    }
    return write.call(this, chunk, ...rest);
  };
  const processes = require('node:child_process');
  const spawn = processes.spawn;
  processes.spawn = (...args) => {
    at('spawn', shown(args[0]));
    return spawn(...args);
  };
}

function setClock(ahead) {
  const now = Date.now;
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      if (args.length === 0) super(now() + ahead);
      else super(...args);
    }
    static now() {
      return now() + ahead;
    }
  };
}
