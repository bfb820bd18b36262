/** Who answers, which projects there are, and what is known of one. */
import type { CallHandlers } from '../../protocol/resident/calls.js';
import { RESIDENT_VERSION } from '../../protocol/resident/view.js';
import { createProject } from '../editing/projects.js';
import type { DaemonHost } from './serveHost.js';

export const PROGRAM = process.env['DAGPY_VERSION'] ?? 'development';

export function projectCalls(
  host: DaemonHost,
): Pick<CallHandlers, 'hello' | 'locate' | 'createProject' | 'view'> {
  return {
    hello: () =>
      Promise.resolve({
        version: RESIDENT_VERSION,
        program: PROGRAM,
        pid: process.pid,
        root: host.root,
      }),
    locate({ path }) {
      const found = host.places.locate(path);
      return Promise.resolve({ project: found === null ? null : host.places.nameOf(found) });
    },
    createProject({ folder, name, kernel }) {
      const path = host.resolve(folder);
      createProject(path, {
        ...(name === undefined ? {} : { name }),
        ...(kernel === undefined ? {} : { kernel }),
      });
      return Promise.resolve({ project: host.places.nameOf(path) });
    },
    // By the name that who asks knows it under, be it that of a link.
    view: async ({ project }) => ({ ...(await host.resident(project).current()), project }),
  };
}
