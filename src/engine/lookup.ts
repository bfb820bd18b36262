/** Which of the traces under a key answers: the newest whose every discovered dependency is as it was. */
import type { BlockDeclaration } from '../protocol/dagFile.js';
import type { Digest } from '../protocol/ids.js';
import type { Reason } from '../protocol/states.js';
import { unreachable } from '../protocol/problem.js';
import type { Dependency, Trace } from '../protocol/trace.js';
import type { Ambient } from './ambient.js';
import { firstUnserved, type ExportRequest } from './filters.js';
import type { World } from './ports.js';

/** What a trace must agree with. */
export interface Circumstances {
  readonly world: World;
  readonly declaration: BlockDeclaration;
  /** Seconds after which results of blocks that used the network are asked for again; absent: never. */
  readonly externalTtl: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly inherited: Ambient;
  /** What the block left when it last ran or was restored; `null`: not known. */
  readonly last: () => Trace | null;
  readonly request: ExportRequest;
}

export interface Refusal {
  readonly trace: Trace;
  readonly reason: Reason;
}

export type LookUp =
  { readonly answer: Trace } | { readonly answer: null; readonly refusals: readonly Refusal[] };

/** @param traces newest first */
export function lookUp(traces: readonly Trace[], circumstances: Circumstances): LookUp {
  const refusals: Refusal[] = [];
  for (const trace of traces) {
    const reason = firstFailing(trace, circumstances);
    if (reason === undefined) return { answer: trace };
    refusals.push({ trace, reason });
  }
  return { answer: null, refusals };
}

/** Why a trace does not answer now; `undefined`: it does. */
export function firstFailing(trace: Trace, circumstances: Circumstances): Reason | undefined {
  const unserved = firstUnserved(trace, circumstances.request);
  if (unserved !== undefined) return { kind: 'filter', detail: `filter now asks for ${unserved}` };
  return (
    policyFailing(trace, circumstances) ??
    dependencyFailing(trace, circumstances.world, circumstances.inherited, circumstances.last)
  );
}

/** Age and traceability: what no observation of the world can settle. */
export function policyFailing(
  trace: Trace,
  { declaration, externalTtl, now }: Omit<Circumstances, 'world' | 'inherited' | 'request'>,
): Reason | undefined {
  const isExternal = trace.external.length > 0;
  const ttl = declaration.ttl ?? (isExternal ? externalTtl : undefined);
  const age = now - trace.createdAt;
  if (ttl !== undefined && age < 0) {
    // The clock was set back since: how old the result is can not be told.
    return { kind: 'external', detail: 'ran at a time that the clock says is yet to come' };
  }
  if (ttl !== undefined && age >= ttl * 1000) {
    return {
      kind: 'external',
      detail: isExternal
        ? `asked ${trace.external.join(', ')} more than ${ttl} s ago`
        : `ran more than ${ttl} s ago`,
    };
  }
  if (trace.untracked.length > 0 && declaration.inputs.length === 0 && declaration.ttl === undefined) {
    const detail = `what it reads can not be followed (declare "inputs" or a "ttl" in dag.json): ${trace.untracked.join(', ')}`;
    return { kind: 'untracked', detail };
  }
  return undefined;
}

/**
 * @param inherited `null`: not known, so ambient state is not judged
 * @param last what the block left when it last ran or was restored, if that is remembered
 */
export function dependencyFailing(
  trace: Trace,
  world: World,
  inherited: Ambient | null,
  last: () => Trace | null,
): Reason | undefined {
  for (const dependency of trace.discovered) {
    if (dependency.kind === 'ambient') {
      if (inherited !== null && (inherited.get(dependency.name)?.digest ?? null) !== dependency.digest)
        return reasonOf(dependency, false);
    } else {
      const now = world.observe(dependency.kind, dependency.name);
      if (now !== dependency.digest && !isOwnOutput(trace, dependency, now, last))
        return reasonOf(dependency, now === null);
    }
  }
  return undefined;
}

/**
 * A block that looks at a file it made (to show it, or because a library does while it writes) depends on itself. Where
 * the content is kept with the trace it is put back on a hit, so another version of the block's own is no reason to run;
 * one that somebody else put there is.
 */
function isOwnOutput(
  trace: Trace,
  { kind, name, digest }: Dependency,
  now: Digest | null,
  last: () => Trace | null,
): boolean {
  if (kind !== 'file') return false;
  const isKept = trace.written.some(
    file => file.path === name && file.digest === digest && file.object !== null,
  );
  return (
    isKept &&
    (now === null || last()?.written.some(file => file.path === name && file.digest === now) === true)
  );
}

/** Whether the declared outputs lie where the block left them, so that there is nothing to put back. */
export function outputsInPlace(trace: Trace, world: World): boolean {
  return trace.written.every(
    ({ object, path, digest }) => object === null || world.observe('file', path) === digest,
  );
}

function reasonOf({ kind, name, digest, detail }: Dependency, isGone: boolean): Reason {
  const happened = digest === null ? 'appeared' : isGone ? 'is gone' : 'changed';
  switch (kind) {
    case 'file':
      return { kind: 'file', detail: `file ${name} ${happened}` };
    case 'folder':
      return { kind: 'file', detail: `folder ${name} ${happened}` };
    case 'module':
      return { kind: 'module', detail: `module ${detail ?? name} ${happened}` };
    case 'package':
      return { kind: 'package', detail: `${detail ?? name} ${isGone ? 'is gone' : 'was replaced'}` };
    case 'environment':
      return {
        kind: 'environment',
        // A block that lists all variables depends on which there are.
        detail:
          name === '*' ? 'environment variables came or went' : `environment variable ${name} ${happened}`,
      };
    case 'ambient':
      return { kind: 'input', detail: `state of ${name} changed` };
    default:
      return unreachable(kind);
  }
}
