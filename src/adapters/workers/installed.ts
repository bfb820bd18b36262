/** Whether what is installed for a Python looks as it did: warm processes keep what they have imported. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What tells of a distribution's files, and where it came from; replaced or rewritten by every installer. */
const TOLD_IN = ['RECORD', 'METADATA', 'PKG-INFO', 'direct_url.json'] as const;
const DISTRIBUTION = /\.(dist|egg)-info$/;
/** They put further folders and finders in the way of imports. */
const PATHS = /\.(pth|egg-link)$|^__editable__/;

/** Another text whenever a package comes, goes or is replaced. @param folders in which Python looks for modules */
export function installedIn(folders: readonly string[]): string {
  return folders.map(folder => `${folder}\n${namesIn(folder).map(stampOf).join('\n')}`).join('\n\n');
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter(name => DISTRIBUTION.test(name) || PATHS.test(name))
      .sort()
      .flatMap(name => {
        const path = join(folder, name);
        return DISTRIBUTION.test(name) ? [path, ...TOLD_IN.map(file => join(path, file))] : [path];
      });
  } catch {
    return [];
  }
}

function stampOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [path, dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch {
    return path;
  }
}
