/** Python that knows which notebooks a user trusts, kept for whoever asks next: runs, saves and merges ask all the time. */
import { createTrustLender, type TrustKeeper } from '../../adapters/notebooks/index.js';
import type { Surroundings } from '../environment.js';

/** A terminal that hands its run over has an environment of its own; those of few terminals are in use at a time. */
const MOST_LENDERS = 4;

const lenders = new Map<string, () => TrustKeeper>();

/** Each one closes what is lent. */
export function lendTrust({
  python,
  environment,
}: Pick<Surroundings, 'python' | 'environment'>): TrustKeeper {
  const options = { python: python(), env: environment };
  const key = JSON.stringify([options.python, Object.entries(environment).sort()]);
  const lend = lenders.get(key) ?? createTrustLender(options);
  // The one that was asked for last comes last. Python of one that is dropped ends when nobody has asked it for a while.
  lenders.delete(key);
  lenders.set(key, lend);
  for (const oldest of [...lenders.keys()].slice(0, -MOST_LENDERS)) lenders.delete(oldest);
  return lend();
}
