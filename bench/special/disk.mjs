// Bytes on disk.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Of all files below a folder; one with several names counts once. @param {string} folder */
export function bytesBelow(folder) {
  if (!existsSync(folder)) return 0;
  const sizes = new Map();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { dev, ino, size } = statSync(join(entry.parentPath, entry.name));
    sizes.set(`${dev}:${ino}`, size);
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
