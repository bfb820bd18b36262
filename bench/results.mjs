// What sessions were seen to take, and what of it the tables need.
import { summary } from './figures.mjs';

/** @typedef {{ seconds: number[], ran: number[], verdicts: string[] }} Cell */

const keyOf = (workload, scenario, tool) => JSON.stringify([workload, scenario, tool]);

export class Results {
  /** @type {Map<string, Cell>} */
  #cells = new Map();
  /** @type {Map<string, string>} */
  #failures = new Map();

  /** @param {string} workload @param {string} tool @param {import('./session.mjs').Observation} observation */
  add(workload, tool, { scenario, seconds, ran, verdict }) {
    const key = keyOf(workload, scenario, tool);
    const cell = this.#cells.get(key) ?? { seconds: [], ran: [], verdicts: [] };
    cell.seconds.push(seconds);
    cell.ran.push(ran);
    cell.verdicts.push(verdict);
    this.#cells.set(key, cell);
  }

  /** @param {string} workload @param {string} tool @param {string} why its session did not come to its end */
  fail(workload, tool, why) {
    this.#failures.set(keyOf(workload, '', tool), why);
  }

  /** @returns {string | undefined} */
  failure(workload, tool) {
    return this.#failures.get(keyOf(workload, '', tool));
  }

  /** @returns {Cell | undefined} */
  find(workload, scenario, tool) {
    return this.#cells.get(keyOf(workload, scenario, tool));
  }

  /** Samples of a tool whose results were right each time. @returns {number[] | undefined} */
  seconds(workload, scenario, tool) {
    const cell = this.find(workload, scenario, tool);
    return cell?.verdicts.every(verdict => verdict === 'right') ? cell.seconds : undefined;
  }

  /** The tool with the lowest median whose results were right. @returns {{ tool: string, seconds: number[] } | undefined} */
  fastest(workload, scenario, tools) {
    const found = tools.flatMap(tool => {
      const seconds = this.seconds(workload, scenario, tool);
      return seconds === undefined ? [] : [{ tool, seconds }];
    });
    return found.sort((a, b) => summary(a.seconds).median - summary(b.seconds).median)[0];
  }
}
