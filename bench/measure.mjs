// Commands and how long they take.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** A command that did not do what it was started for; its message ends with what it said last. */
export class CommandFailed extends Error {}

/** Lines of its output that the message of a failed command ends with. */
const LAST_LINES = 15;

/** Groups that are at work: they would outlive a harness that is interrupted. @type {Set<number | undefined>} */
const groups = new Set();
process.on('exit', () => groups.forEach(endGroup));

/**
 * Runs a command to its end, its output into a file.
 * @param {readonly string[]} command
 * @param {{ cwd: string, env: Record<string, string>, log: string, timeout?: number }} options timeout in seconds
 * @returns {Promise<number>} wall seconds from its start to its end
 */
export async function timed(command, { cwd, env, log, timeout = 1800 }) {
  const sink = openSync(log, 'w');
  try {
    const began = process.hrtime.bigint();
    // In a group of its own, so that what it leaves behind after a timeout can be ended with it.
    const child = spawn(command[0], command.slice(1), {
      cwd,
      env,
      stdio: ['ignore', sink, sink],
      detached: true,
    });
    groups.add(child.pid);
    const { code, seconds, late } = await new Promise(resolve => {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        endGroup(child.pid);
      }, timeout * 1000);
      const end = code => {
        clearTimeout(timer);
        resolve({ code, seconds: Number(process.hrtime.bigint() - began) / 1e9, late });
      };
      child.on('error', () => end(127));
      child.on('exit', (code, signal) => end(code ?? signal));
    });
    groups.delete(child.pid);
    if (late) throw new CommandFailed(`${command.join(' ')}: not done after ${timeout} s`);
    if (code !== 0) throw new CommandFailed(`${command.join(' ')}: exit ${code}\n${lastLines(log)}`);
    return seconds;
  } finally {
    closeSync(sink);
  }
}

const lastLines = log => readFileSync(log, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');

/** Ends a process that was started as the first of a group, and all of the group. @param {number | undefined} pid */
export function endGroup(pid) {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** What a command prints. @param {readonly string[]} command @param {{ cwd: string, env: Record<string, string> }} options */
export function output(command, { cwd, env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0], command.slice(1), { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    for (const name of /** @type {const} */ (['stdout', 'stderr']))
      child[name].setEncoding('utf8').on('data', text => (said[name] += text));
    child.on('error', reject);
    child.on('close', code => {
      if (code === 0) resolve(said.stdout);
      else reject(new CommandFailed(`${command.join(' ')}: exit ${code}\n${said.stdout}${said.stderr}`));
    });
  });
}

export const pause = seconds => new Promise(resolve => setTimeout(resolve, seconds * 1000));
