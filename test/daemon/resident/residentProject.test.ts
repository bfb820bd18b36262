import assert from 'node:assert/strict';
import test from 'node:test';
import type { Look, ResidentPorts } from '../../../src/daemon/resident/ports.js';
import { ResidentProject } from '../../../src/daemon/resident/residentProject.js';

const EMPTY: Look = {
  opened: null,
  structure: null,
  fileVersions: new Map(),
  problems: [{ code: 'none', message: 'nothing can be read', remedy: 'wait' }],
  looked: () => ({
    watched: { sights: [], expansions: [] },
    folders: [],
    differences: () => Promise.resolve([]),
  }),
};

/** A project of which nothing is known but how looks at it end. */
function portsOf(look: () => Promise<Look>): ResidentPorts {
  return {
    project: '',
    folder: '/nowhere',
    cores: 1,
    now: () => 0,
    breathe: () => undefined,
    look,
    open: () => Promise.reject(new Error('not asked for')),
    isReadOnly: () => false,
    isThere: () => true,
    vanished: () => undefined,
    newRun: () => {
      throw new Error('not asked for');
    },
    openLog: () => ({ write: () => undefined }),
    loggedFailure: () => undefined,
    cache: () => Promise.resolve(null),
    edits: () => ({ undo: null, redo: null }),
    retireWorkers: () => undefined,
    watch: () => ({ follow: () => undefined, close: () => undefined }),
    countRuns: () => undefined,
    fault: () => undefined,
  };
}

test('a look that breaks off stands in the way of no other', async () => {
  let looks = 0;
  const project = new ResidentProject(
    portsOf(() => {
      looks += 1;
      return looks === 1 ? Promise.reject(new Error('too many open files')) : Promise.resolve(EMPTY);
    }),
  );
  await assert.rejects(project.current(), /too many open files/);
  const view = await project.current();
  assert.equal(view.problems[0]?.message, 'nothing can be read');
  await project.look();
  await project.close();
});
