/**
 * What the daemon writes on standard output for the program that started it, one JSON line each. That program gives it
 * the environment variable `DAGPY_SERVE_SECRET` and keeps its standard input open: its end means that nobody is left.
 */
import type { RESIDENT_VERSION } from './view.js';

/** The first line: it answers on the socket from now on. */
export interface ReadyLine {
  readonly version: typeof RESIDENT_VERSION;
  /** Absolute path of a unix socket that only this user can open. */
  readonly socket: string;
  readonly pid: number;
}

/** Each further line: the number of runs that are on is another one. */
export interface ActivityLine {
  readonly running: number;
}
