/** Notebooks as lists of cells, with the facts that the real analysis gives; shared by the tests of `split`. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { proposeSplit, type SplitBy, type SplitProposal } from '../../src/engine/split.js';
import type { AnalysedCell, CellFacts } from '../../src/protocol/cellFacts.js';
import type { Digest } from '../../src/protocol/ids.js';

const PYTHON = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));
const WORKER = fileURLToPath(new URL('../../jupyterlab_dagpy/worker', import.meta.url));
const PROGRAM =
  'import json, sys; sys.path.insert(0, sys.argv[1]); import analysis; json.dump(analysis.analyse(json.load(sys.stdin)), sys.stdout)';

/** Facts of each source; the digest is any hash, since nothing here stores it. */
export function analyse(sources: readonly string[]): readonly CellFacts[] {
  const answer = execFileSync(PYTHON, ['-c', PROGRAM, WORKER], {
    input: JSON.stringify(sources),
    encoding: 'utf8',
  });
  return (JSON.parse(answer) as readonly AnalysedCell[]).map(({ canonical, ...facts }) => ({
    ...facts,
    digest: createHash('sha256').update(canonical).digest('hex') as Digest,
  }));
}

/** `#` starts a markdown cell, `@name` tags the next one, anything else is code. */
export function split(
  texts: readonly string[],
  by: SplitBy = 'heading',
  tags: Readonly<Record<number, string>> = {},
): SplitProposal {
  const isText = (text: string): boolean => /^(#|~~~|\w.*\n[=-]+$)/.test(text) && !text.startsWith('#%');
  const facts = analyse(texts.map(text => (isText(text) ? '' : text)));
  const cells = texts.map((source, index) => {
    const tagged = tags[index] === undefined ? [] : [`block:${tags[index]}`];
    const code = facts[index];
    return isText(source) || code === undefined
      ? { kind: 'markdown' as const, source, tags: tagged }
      : { kind: 'code' as const, source, tags: tagged, facts: code };
  });
  return proposeSplit({ cells, by, name: 'notebook' });
}

/** Child ← parents, as text: `b: a{x}`, picks in braces. */
export function edges(proposal: SplitProposal): Record<string, string> {
  return Object.fromEntries(
    proposal.blocks.map(block => [
      block.id,
      block.parents
        .map(edge => edge.block + (edge.use === undefined ? '' : `{${[...edge.use.keys()].join(',')}}`))
        .join(' '),
    ]),
  );
}

export function filters(proposal: SplitProposal): Record<string, string> {
  return Object.fromEntries(
    proposal.blocks.map(block => [
      block.id,
      block.filter.kind === 'names' ? block.filter.patterns.join(',') : block.filter.kind,
    ]),
  );
}

export const codes = (proposal: SplitProposal): readonly string[] =>
  [...proposal.warnings, ...proposal.refusals].map(one => one.code);
