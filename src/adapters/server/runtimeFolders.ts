/** Where a user's runtime folder may be, for those who make one and those who look whether a daemon is in it. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namesIn } from '../store/disk.js';

/** The one to use first. */
export function runtimeFolders(environment: NodeJS.ProcessEnv): readonly string[] {
  const runtime = environment['XDG_RUNTIME_DIR'];
  const own = `dagpy-${String(process.getuid?.() ?? 'user')}`;
  const folders = [
    ...(runtime === undefined || runtime === '' ? [] : [join(runtime, 'dagpy')]),
    join(tmpdir(), own),
    ...(process.platform === 'win32' ? [] : [join('/tmp', own)]),
  ];
  return [...new Set(folders)];
}

/** `false`: certainly no daemon runs. */
export const mayBeServed = (environment: NodeJS.ProcessEnv): boolean =>
  runtimeFolders(environment).some(folder => namesIn(folder).some(name => name.endsWith('.json')));
