/**
 * Signatures of notebooks, through nbformat in DAGpy's own Python. Python is started only where the user has signed
 * anything at all, and once for a whole run.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { jupyterDataFolder, type Environment } from '../jupyterPaths.js';

export interface TrustKeeper {
  /** Somebody will ask soon: Python starts, which takes longer than answering. */
  prepare(): void;
  /** Whether Jupyter would trust exactly this content. Ask before replacing it. */
  wasTrusted(texts: readonly string[]): Promise<readonly boolean[]>;
  /** Signs files as they are now. Failures are told, never thrown: outputs then only stay untrusted. */
  signAgain(paths: readonly string[]): Promise<readonly { readonly path: string; readonly error: string }[]>;
  close(): void;
}

export interface TrustOptions {
  /** Python with nbformat and this package. */
  readonly python: string;
  readonly env: Environment;
}

interface Answer {
  readonly path?: string;
  readonly trusted?: boolean;
  readonly error?: string;
}

export function createTrustKeeper({ python, env }: TrustOptions): TrustKeeper {
  const database = join(jupyterDataFolder(env), 'nbsignatures.db');
  let helper: Helper | undefined;
  const started = (): Helper => {
    if (helper === undefined || helper.isDead) helper = startHelper(python, env);
    return helper;
  };
  const ask = (request: object) => started().ask(request);
  return {
    prepare() {
      if (existsSync(database)) started();
    },
    async wasTrusted(texts) {
      if (texts.length === 0 || !existsSync(database)) return texts.map(() => false);
      const answers = await ask({ command: 'trust-check', texts });
      return texts.map((_, index) => answers?.[index]?.trusted === true);
    },
    async signAgain(paths) {
      if (paths.length === 0) return [];
      const answers = await ask({ command: 'trust-sign', paths });
      if (answers === undefined)
        return paths.map(path => ({ path, error: 'the notebook helper did not answer' }));
      return answers.flatMap(({ path, error }) =>
        path !== undefined && error !== undefined ? [{ path, error }] : [],
      );
    },
    close: () => helper?.close(),
  };
}

interface Helper {
  readonly isDead: boolean;
  /** `undefined`: it died. */
  ask(request: object): Promise<readonly Answer[] | undefined>;
  close(): void;
}

function startHelper(python: string, env: Environment): Helper {
  // Loaded only here: most runs sign nothing.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const { createInterface } = process.getBuiltinModule('node:readline');
  const child: ChildProcess = spawn(python, ['-m', 'jupyterlab_dagpy.notebooks', 'serve'], {
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const waiting: ((answers: readonly Answer[] | undefined) => void)[] = [];
  let isDead = false;
  const die = () => {
    isDead = true;
    for (const resolve of waiting.splice(0)) resolve(undefined);
  };
  child.on('error', die);
  child.on('close', die);
  // Whoever waits for an answer keeps this process alive; an idle helper does not, and ends with it.
  const holdWhileAsked = (): void => {
    for (const each of [child, child.stdin, child.stdout])
      if (each !== null && 'unref' in each && 'ref' in each) {
        const change = waiting.length > 0 ? each.ref : each.unref;
        if (typeof change === 'function') change.call(each);
      }
  };
  child.stdin?.on('error', () => {
    // The close event says it.
  });
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', line => {
      waiting.shift()?.(JSON.parse(line) as readonly Answer[]);
      holdWhileAsked();
    });
  }
  holdWhileAsked();
  return {
    get isDead() {
      return isDead;
    },
    ask: request =>
      new Promise(resolve => {
        if (isDead) {
          resolve(undefined);
          return;
        }
        waiting.push(resolve);
        holdWhileAsked();
        child.stdin?.write(`${JSON.stringify(request)}\n`);
      }),
    close: () => child.stdin?.end(),
  };
}
