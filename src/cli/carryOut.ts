/** Carries out a call: its surroundings, its session, and its command, which is loaded when it is called. */
import type { Call } from './commandLine/parse.js';
import { surroundings } from './environment.js';
import { perform, type Handlers } from './program.js';
import { createSession, type Session } from './session.js';

/** @param bundleFolder where the program lies, to find its Python part. Resolves to the exit code */
export function carryOut(call: Call, directory: string | undefined, bundleFolder: string): Promise<number> {
  return perform(handlersFor(createSession(surroundings(bundleFolder), directory)), call);
}

function handlersFor(session: Session): Handlers {
  const cache = () => import('./commands/cache.js');
  const edit = () => import('./commands/edit.js');
  const flows = () => import('./commands/flow.js');
  const restructure = () => import('./commands/restructure.js');
  const inspect = () => import('./commands/inspect.js');
  return {
    init: async (folder, options) => (await edit()).init(session, folder, options),
    split: async (notebook, options) =>
      (await import('./commands/split.js')).split(session, notebook, options),
    importProject: async (file, options) =>
      (await import('./commands/import.js')).importProject(session, file, options),
    add: async (id, options) => (await edit()).add(session, id, options),
    link: async (parent, child, options) => (await edit()).link(session, parent, child, options),
    unlink: async (parent, child) => (await edit()).unlink(session, parent, child),
    remove: async id => (await edit()).remove(session, id),
    rename: async (id, to) => (await restructure()).rename(session, id, to),
    merge: async (id, other) => (await restructure()).merge(session, id, other),
    splitBlock: async (id, cell, name) => (await restructure()).splitBlock(session, id, cell, name),
    filter: async (id, names) => (await edit()).filter(session, id, names),
    flow: async (id, options) => (await flows()).flow(session, id, options),
    submit: async (notebook, options) => (await flows()).submit(session, notebook, options),
    status: async options => (await inspect()).status(session, options),
    why: async (id, options) => (await inspect()).why(session, id, options),
    graph: async (selectors, options) =>
      (await import('./commands/graph.js')).graph(session, selectors, options),
    run: async (targets, options) => (await import('./commands/run.js')).run(session, targets, options),
    watch: async options => (await import('./commands/watch.js')).watch(session, options),
    serve: async options => (await import('./serve/serve.js')).serve(session, options),
    exports: async (id, options) => (await inspect()).listExports(session, id, options),
    value: async (id, name, options) => (await inspect()).value(session, id, name, options),
    shell: async id => (await import('./commands/shell.js')).shell(session, id),
    doctor: async options => (await import('./commands/doctor.js')).doctor(session, options),
    completion: async shell => (await import('./commands/completion.js')).completion(session, shell),
    cacheList: async (id, options) => (await cache()).list(session, id, options),
    cacheRestore: async (id, version) =>
      (await import('./commands/restoreVersion.js')).restoreVersion(session, id, version),
    cacheCollect: async options => (await cache()).collect(session, options),
    cacheVerify: async options => (await cache()).verify(session, options),
    cacheClear: async options => (await cache()).clear(session, options),
  };
}
