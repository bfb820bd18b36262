/** Expected failures are values; bugs throw. */

/** What went wrong in words a person can act on. */
export interface Problem {
  /** Stable short name for tests and scripts, such as `cycle` or `notebook-missing`. */
  readonly code: string;
  readonly message: string;
  /** File, relative to the project, with an optional 1-based place in it. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** The block that it is about. */
  readonly block?: string;
  /** Which cell of the file, 1-based among all its cells. */
  readonly cell?: number;
  /** What to do about it. */
  readonly remedy: string;
}

export type Result<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export const success = <Value>(value: Value): Result<Value> => ({ ok: true, value });
export const failure = (...problems: readonly Problem[]): Result<never> => ({ ok: false, problems });

/** Carries problems across code that can only throw; the edge turns it back into exit code 2. */
export class ProblemError extends Error {
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(problem => problem.message).join('\n'));
    this.name = 'ProblemError';
  }
}

/** The value, or the problems as one error, for callers at the edge. */
export function orThrow<Value>(result: Result<Value>): Value {
  if (result.ok) return result.value;
  throw new ProblemError(result.problems);
}

/** Marks the place where a `switch` over a union has no case left. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
