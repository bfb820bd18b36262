/**
 * Warm workers of a daemon: several looks, calls and runs share the ones of their interpreter and environment. Those that
 * nobody needs are ended after a while, and at once where others are wanted more.
 */
import { installedIn } from '../../adapters/workers/installed.js';
import { createLazyWorkers } from '../../adapters/workers/lazy.js';
import type { PoolOptions } from '../../adapters/workers/pool.js';
import type { Workers } from '../../engine/runPorts.js';

const IDLE_MILLISECONDS = 900_000;
/** Warm hosts hold the user's packages in memory. */
const MOST_IDLE = 2;

interface Pool {
  readonly name: string;
  readonly workers: Workers;
  /** Packages that its processes may have imported, as they lay there before the first one began. */
  readonly installed: string;
  users: number;
  isRetired: boolean;
  idleSince: number;
}

export class WorkerPools {
  private pools: Pool[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor() {
    this.timer = setInterval(() => this.tidy(), 60_000);
    this.timer.unref();
  }

  /**
   * To be closed by each who asks; the workers live on, unless a package was installed, replaced or removed.
   * @param folders in which their Python looks for modules
   */
  for(options: PoolOptions, folders: readonly string[]): Workers {
    const name = JSON.stringify([options, folders]);
    const installed = installedIn(folders);
    let pool = this.pools.find(each => each.name === name && !each.isRetired);
    if (pool !== undefined && pool.installed !== installed) {
      pool.isRetired = true;
      pool = undefined;
    }
    if (pool === undefined) {
      const made: Pool = {
        name,
        workers: createLazyWorkers(options, () => {
          made.isRetired = true;
        }),
        installed,
        users: 0,
        isRetired: false,
        idleSince: 0,
      };
      this.pools.push(made);
      pool = made;
    }
    const used = pool;
    used.users += 1;
    this.tidy();
    let isOpen = true;
    return {
      ...used.workers,
      close: () => {
        if (isOpen) {
          isOpen = false;
          used.users -= 1;
          used.idleSince = Date.now();
          this.tidy();
        }
        return Promise.resolve();
      },
    };
  }

  /** The next ones start anew: a package changed. */
  retire(): void {
    for (const pool of this.pools) pool.isRetired = true;
    this.tidy();
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    const { pools } = this;
    this.pools = [];
    await Promise.all(pools.map(({ workers }) => workers.close()));
  }

  private tidy(): void {
    const idle = this.pools
      .filter(({ users }) => users === 0)
      .sort((a, b) => b.idleSince - a.idleSince)
      .filter(
        ({ isRetired, idleSince }, place) =>
          isRetired || place >= MOST_IDLE || Date.now() - idleSince > IDLE_MILLISECONDS,
      );
    this.pools = this.pools.filter(pool => !idle.includes(pool));
    for (const { workers } of idle) void workers.close();
  }
}
