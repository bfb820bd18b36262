/** One Python that knows which notebooks are trusted, for all who ask one after the other. */
import { createTrustKeeper, type TrustKeeper, type TrustOptions } from './trust.js';

/** How long Python stays for the next one who asks. */
const IDLE = 60_000;

/**
 * For a process that asks again and again: Python takes a second to start, and longer on a busy machine, so one stays for
 * whoever asks next. Each one closes what is lent.
 */
export function createTrustLender(options: TrustOptions): () => TrustKeeper {
  let keeper: TrustKeeper | undefined;
  let lent = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = (): void => {
    keeper?.close();
    keeper = undefined;
  };
  return () => {
    let isLent = false;
    const own = (): TrustKeeper => {
      if (!isLent) {
        clearTimeout(timer);
        isLent = true;
        lent += 1;
      }
      return (keeper ??= createTrustKeeper(options));
    };
    return {
      prepare: () => own().prepare(),
      wasTrusted: texts => own().wasTrusted(texts),
      signAgain: paths => own().signAgain(paths),
      close() {
        if (!isLent) return;
        isLent = false;
        lent -= 1;
        if (lent === 0) timer = setTimeout(end, IDLE).unref();
      },
    };
  };
}
