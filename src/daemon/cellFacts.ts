/** Facts of code cells: remembered ones from the store, new ones from Python, asked for in one go. */
import type { CellFacts } from '../protocol/cellFacts.js';
import { decodeCellFacts } from '../protocol/factsCodec.js';
import type { Digest } from '../protocol/ids.js';
import type { Breathe } from './breathe.js';
import type { ProjectPorts } from './ports.js';

type FactsPorts = Pick<ProjectPorts, 'facts' | 'hasher' | 'workers'>;

/**
 * @param isToRun a run is what they are asked for
 * @returns facts by source; throws for a source that was not among `sources`
 */
export async function factsOf(
  ports: FactsPorts,
  environment: Digest,
  sources: readonly string[],
  breathe?: Breathe,
  isToRun = false,
): Promise<(source: string) => CellFacts> {
  const known = new Map<string, CellFacts>();
  const unknown = new Set<string>();
  for (const source of sources) {
    if (known.has(source) || unknown.has(source)) continue;
    const pause = breathe?.();
    if (pause !== undefined) await pause;
    const facts = ports.facts.get(environment, ports.hasher.digest(source));
    if (facts === undefined) unknown.add(source);
    else known.set(source, facts);
  }
  if (unknown.size > 0) {
    const asked = [...unknown];
    const answers = await ports.workers.analyse(asked, isToRun);
    asked.forEach((source, place) => {
      const answer = answers[place];
      if (answer === undefined) throw new Error('the helper left out the facts of a cell');
      const { canonical, ...rest } = answer;
      const facts = decodeCellFacts({ ...rest, digest: ports.hasher.digest(canonical) }, 'facts');
      known.set(source, facts);
      ports.facts.put(environment, ports.hasher.digest(source), facts);
    });
    ports.facts.save();
  }
  return source => {
    const facts = known.get(source);
    if (facts === undefined) throw new Error('a cell has no facts');
    return facts;
  };
}
