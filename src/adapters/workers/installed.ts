/** Whether what is installed for a Python looks as it did: warm processes keep what they have imported. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What tells of a distribution's files: written anew by every installer, as is its folder. The list of its files tells of
 * all others beside it.
 */
const TOLD_IN = { dist: 'RECORD', egg: 'PKG-INFO' } as const;
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
        const kind = DISTRIBUTION.exec(name)?.[1] as keyof typeof TOLD_IN | undefined;
        return kind === undefined ? [path] : [path, join(path, TOLD_IN[kind])];
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
