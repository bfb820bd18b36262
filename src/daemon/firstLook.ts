/** What a plan saw of the world still holds when the run sets out, so that it is not looked at twice. */
import type { World } from '../engine/ports.js';

export interface FirstLook {
  readonly world: World;
  /** Blocks have run since: from now on everything is looked at anew. */
  end(): void;
}

export function firstLook(live: World): FirstLook {
  const remember = <Name extends readonly unknown[], Value>(look: (...name: Name) => Value) => {
    const seen = new Map<string, Value>();
    return (...name: Name): Value => {
      if (ended) return look(...name);
      const place = JSON.stringify(name);
      if (!seen.has(place)) seen.set(place, look(...name));
      return seen.get(place) as Value;
    };
  };
  let ended = false;
  return {
    world: {
      traces: remember(key => live.traces(key)),
      observe: remember((kind, name) => live.observe(kind, name)),
      expand: remember(glob => live.expand(glob)),
    },
    end: () => {
      ended = true;
    },
  };
}
