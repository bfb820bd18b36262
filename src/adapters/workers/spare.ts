/** A worker that was forked before any job needs it, so that the next job finds it connected. */
import type { Peer } from './channel.js';

export class Spare {
  private asked: string | undefined;
  private waiting: Peer | undefined;
  /** Name that the host knows a worker by → job that it took. */
  private readonly taken = new Map<string, string>();
  private count = 0;

  /** @returns the name of the one to fork; `undefined`: one is there or on its way */
  ask(): string | undefined {
    if (this.asked !== undefined || this.waiting !== undefined) return undefined;
    this.count += 1;
    return (this.asked = `spare-${this.count}`);
  }

  /** @returns whether it is the one that was asked for */
  welcome(peer: Peer): boolean {
    if (peer.hello.job !== this.asked) return false;
    this.asked = undefined;
    this.waiting = peer;
    peer.onClose(() => {
      if (this.waiting === peer) this.waiting = undefined;
    });
    return true;
  }

  /** @returns the worker for a job, if one is there */
  take(job: string): Peer | undefined {
    const peer = this.waiting;
    this.waiting = undefined;
    if (peer !== undefined) this.taken.set(peer.hello.job, job);
    return peer;
  }

  /** The job of a worker that the host speaks of. */
  jobOf(name: string): string {
    return this.taken.get(name) ?? name;
  }

  isOne(name: string): boolean {
    return name === this.asked || name === this.waiting?.hello.job || this.taken.has(name);
  }

  /** The host says that a worker has ended. */
  ended(name: string): void {
    this.taken.delete(name);
    if (this.asked === name) this.asked = undefined;
  }

  /** What is there or on its way is of no use any more, and leaves when its connection ends. */
  drop(): void {
    this.asked = undefined;
    this.waiting?.close();
    this.waiting = undefined;
  }
}
