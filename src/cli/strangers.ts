/** Results in `.dagpy` that another key signed: they came with a clone or belong to someone who shares the folder. */
import { namesIn } from '../adapters/store/disk.js';
import type { Session } from './session.js';

/** Says that they are ignored, where there are any. */
export async function tellStrangers(session: Session): Promise<void> {
  const { store } = await session.ground();
  if (namesIn(store.layout.traces).some(keyId => keyId !== store.keyId))
    session.note(
      'note: .dagpy holds results that another user signed; they are ignored. A team shares results through one DAGPY_CACHE_KEY',
    );
}
