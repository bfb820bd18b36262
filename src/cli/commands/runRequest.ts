/** What a call of `run` asks for. */
import type { LoadedDagFile } from '../../adapters/dagFile/index.js';
import type { RunRequest } from '../../engine/index.js';
import type { DagFile } from '../../protocol/dagFile.js';
import { ProblemError } from '../../protocol/problem.js';
import type { RunOptions } from '../program.js';

export function requestOf(
  { dag }: LoadedDagFile,
  targets: readonly string[],
  options: RunOptions,
): RunRequest {
  const reaches = [
    options.only === true && 'only',
    options.upstream === true && 'upstream',
    options.downstream === true && 'downstream',
  ].filter((reach): reach is 'only' | 'upstream' | 'downstream' => reach !== false);
  const force = options.force === true;
  const wrong = (message: string, remedy: string): never => {
    throw new ProblemError([{ code: 'call', message, remedy }]);
  };
  if (options.check === true && (force || options.dryRun === true))
    wrong('--check runs blocks to compare, so --force and --dry-run mean nothing with it', 'leave them out');
  if (reaches.length > 1) wrong(`--${reaches.join(' and --')} exclude each other`, 'choose one of them');
  const tagged = blocksWithTags(dag, options.tag);
  const special =
    targets.length === 1 && (targets[0] === 'affected' || targets[0] === 'all') ? targets[0] : undefined;
  const selectors = special !== undefined ? [] : targets;
  if (tagged !== undefined) {
    if (selectors.length > 0)
      wrong('block ids and --tag exclude each other', 'name the blocks, or choose them by tag');
    if (tagged.length === 0)
      wrong(`no block has the tag ${options.tag.join(', ')}`, 'see "tags" in dag.json');
    return { target: { kind: 'ids', selectors: tagged, reach: reaches[0] ?? 'needs' }, force };
  }
  if (selectors.length === 0) {
    if (reaches.length > 0)
      wrong(`--${reaches[0] ?? ''} needs block ids`, `name the blocks: dagpy run ID --${reaches[0] ?? ''}`);
    return { target: { kind: special === 'all' ? 'all' : 'affected' }, force };
  }
  return { target: { kind: 'ids', selectors, reach: reaches[0] ?? 'needs' }, force };
}

/** Blocks that carry every tag, their project's included; `undefined`: no tag was asked for. */
function blocksWithTags(dag: DagFile, asked: readonly string[]): readonly string[] | undefined {
  if (asked.length === 0) return undefined;
  const pairs = asked.map(text => {
    const at = text.indexOf('=');
    if (at <= 0)
      throw new ProblemError([
        {
          code: 'call',
          message: `--tag ${text}: a tag is given as name=value`,
          remedy: 'for instance --tag kind=model',
        },
      ]);
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  return dag.blocks
    .filter(block => pairs.every(([name, value]) => (block.tags.get(name) ?? dag.tags.get(name)) === value))
    .map(block => block.id);
}
