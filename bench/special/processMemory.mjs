// Memory of processes as Linux counts it: a page that several of them share is split among them.
import { readdirSync, readFileSync } from 'node:fs';

/** Processes that were started with a variable of the environment. @param {string} assignment as NAME=value */
function processesWith(assignment) {
  return readdirSync('/proc').filter(pid => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(assignment);
    } catch {
      return false;
    }
  });
}

/** Proportional set size of one, bytes; 0 where it has ended. @param {string} pid */
function shareOf(pid) {
  try {
    const found = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'));
    return found === null ? 0 : Number(found[1]) * 1024;
  } catch {
    return 0;
  }
}

/**
 * Looks again and again until told to stop.
 * @param {string} assignment of the environment that names the processes
 * @param {number} [every] seconds between looks
 * @returns {() => number} ends it; the most that all of them had at once, bytes
 */
export function watchMemory(assignment, every = 0.15) {
  let most = 0;
  const look = () => {
    const sum = processesWith(assignment).reduce((total, pid) => total + shareOf(pid), 0);
    most = Math.max(most, sum);
  };
  const timer = setInterval(look, every * 1000);
  return () => {
    clearInterval(timer);
    return most;
  };
}
