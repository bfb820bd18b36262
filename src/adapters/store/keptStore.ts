/** What a process that stays keeps of one project between two looks at it. Files decide: nothing here is believed without them. */
import type { BlockNotebook } from '../../engine/notebookPorts.js';
import type { Result } from '../../protocol/problem.js';
import type { Trace } from '../../protocol/trace.js';
import type { FileFactsStore } from './facts.js';
import { KeptReads } from './keptReads.js';
import type { MemoryFile } from './memory.js';
import type { FileStamps } from './stamps.js';

/** Writing all stamps of a large project takes a while. */
const SAVE_MILLISECONDS = 60_000;
/** Of notebooks with their outputs, which can hold any number of pictures. */
const MOST_CHARACTERS = 100_000_000;

export class KeptStore {
  /** Records lie below the folder of the key that they are sealed with, so their paths tell users apart. */
  readonly traces = new KeptReads<readonly Trace[]>();
  readonly memory = new KeptReads<MemoryFile>();
  readonly notebooks = new KeptReads<Result<BlockNotebook>>({
    most: MOST_CHARACTERS,
    weigh: read => (read.ok ? read.value.text.length : 0),
  });
  private readonly allStamps = new Map<string, FileStamps>();
  private readonly allFacts = new Map<string, FileFactsStore>();

  private savedAt = 0;

  /** @param folder the user's cache folder */
  stamps(folder: string, make: () => FileStamps): FileStamps {
    return found(this.allStamps, folder, make);
  }

  /** Of a notebook whose text as it is in its file is kept. */
  textOf(path: string): string | undefined {
    const read = this.notebooks.peek(path);
    return read?.ok === true && !read.value.isUpgraded ? read.value.text : undefined;
  }

  close(): void {
    this.save(Infinity);
  }

  /** Others use them too; a crash costs them only time. */
  save(now = Date.now()): void {
    if (now - this.savedAt < SAVE_MILLISECONDS) return;
    this.savedAt = now;
    for (const stamps of this.allStamps.values()) stamps.save();
  }

  facts(keyId: string, make: () => FileFactsStore): FileFactsStore {
    return found(this.allFacts, keyId, make);
  }
}

function found<Value>(known: Map<string, Value>, name: string, make: () => Value): Value {
  const value = known.get(name) ?? make();
  known.set(name, value);
  return value;
}
