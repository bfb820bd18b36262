/** Running code in a kernel without leaving a trace in its history, and what the kernel tells of itself afterwards. */
import type { Kernel, KernelMessage } from '@jupyterlab/services';

/** What was loaded for one block since the kernel started. */
export interface HeldValues {
  readonly project: string;
  readonly block: string;
  readonly what: 'inputs' | 'state';
  readonly version: string;
  /** Everything that was to be loaded was. */
  readonly ok: boolean;
  /** Number that the next cell had when it was loaded. */
  readonly count: number;
  /** Absent where an earlier version loaded them. */
  readonly names?: readonly string[];
}

export interface LoadOutcome {
  readonly ok: boolean;
  readonly names: readonly string[];
  readonly failed: readonly { readonly names: readonly string[]; readonly why: string }[];
  readonly milliseconds: number;
}

export interface KernelReport {
  /** Oldest first. */
  readonly held: readonly HeldValues[];
  readonly last: Partial<LoadOutcome>;
  /** Number that the next cell gets. */
  readonly count: number;
}

/** The kernel went away, or was restarted, before it answered. */
export class KernelGone extends Error {
  override readonly name = 'KernelGone';
}

const MODULE = 'dagpy_worker.user_kernel';
/** Looks only at what is there: a kernel that was given nothing imports nothing. */
const REPORT = `(lambda module: None if module is None else module.report())(__import__("sys").modules.get("${MODULE}"))`;
const COUNT = 'getattr(__import__("IPython").get_ipython(), "execution_count", 0)';

/** @returns what the code reports afterwards; an error of the kernel's own is thrown with its words */
export async function runPrivately(
  kernel: Kernel.IKernelConnection,
  code: string,
  expressions: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, unknown>>> {
  const future = kernel.requestExecute(
    {
      code,
      silent: true,
      store_history: false,
      allow_stdin: false,
      // What a person queued behind it runs whatever becomes of it.
      stop_on_error: false,
      user_expressions: { ...expressions },
    },
    true,
  );
  let content: KernelMessage.IExecuteReplyMsg['content'];
  try {
    ({ content } = await future.done);
  } catch (error) {
    throw new KernelGone(error instanceof Error ? error.message : String(error));
  }
  if (content.status === 'error') throw new Error(`${content.ename}: ${content.evalue}`);
  if (content.status !== 'ok') throw new KernelGone('the kernel dropped the request');
  const told: Record<string, unknown> = {};
  for (const name of Object.keys(expressions)) told[name] = plainData(content.user_expressions[name]);
  return told;
}

export async function askKernel(kernel: Kernel.IKernelConnection): Promise<KernelReport> {
  const { report, count } = await runPrivately(kernel, '', { report: REPORT, count: COUNT });
  const known = isReport(report) ? report : { held: [], last: {} };
  return { ...known, count: typeof count === 'number' ? count : 0 };
}

export async function loadInto(kernel: Kernel.IKernelConnection, code: string): Promise<LoadOutcome> {
  const { report } = await runPrivately(kernel, code, { report: REPORT });
  const last = isReport(report) ? report.last : {};
  return {
    ok: last.ok ?? false,
    names: last.names ?? [],
    failed: last.failed ?? [],
    milliseconds: last.milliseconds ?? 0,
  };
}

/** The text of a value whose `repr` is JSON. */
function plainData(expression: unknown): unknown {
  if (typeof expression !== 'object' || expression === null || !('data' in expression)) return null;
  const { data } = expression;
  if (typeof data !== 'object' || data === null || !('text/plain' in data)) return null;
  try {
    return JSON.parse(String(data['text/plain'])) as unknown;
  } catch {
    return null;
  }
}

const isReport = (data: unknown): data is Pick<KernelReport, 'held' | 'last'> =>
  typeof data === 'object' && data !== null && 'held' in data && 'last' in data;
