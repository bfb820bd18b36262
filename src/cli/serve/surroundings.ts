/** What a call finds around itself when it comes with an environment of its own. */
import { userFolders } from '../../adapters/store/layout.js';
import { ownPython, type Surroundings } from '../environment.js';

export function withEnvironment(
  around: Surroundings,
  environment: Readonly<Record<string, string>>,
): Surroundings {
  return {
    ...around,
    environment,
    user: userFolders(environment),
    // Whoever asks may not say; then it is the one that the daemon runs with.
    python: () => (environment['DAGPY_PYTHON'] ? ownPython(environment) : around.python()),
    start: environment['DAGPY_START'] === 'spawn' ? 'spawn' : around.start,
  };
}
