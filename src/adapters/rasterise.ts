/** From a drawing to pixels, through resvg in DAGpy's own Python. */
import { failure, success, type Result } from '../protocol/problem.js';

/** How the Python side ends where its library is not there. */
const LIBRARY_MISSING = 3;

/** A PNG of an SVG document. Fonts that came with DAGpy are enough for it. */
export function rasterise(python: string, svg: string, zoom: number): Result<Uint8Array> {
  const ran = process
    .getBuiltinModule('node:child_process')
    .spawnSync(python, ['-m', 'jupyterlab_dagpy.picture', String(zoom)], {
      input: svg,
      maxBuffer: 2 ** 30,
    });
  if (ran.status === 0) return success(ran.stdout);
  if (ran.status === LIBRARY_MISSING) {
    return failure({
      code: 'png-library-missing',
      message: 'PNG pictures need the Python package resvg-py, which is not installed',
      remedy: `"${python}" -m pip install resvg-py; or write an SVG instead: dagpy graph -o graph.svg`,
    });
  }
  const why = ran.error?.message ?? (ran.stderr.toString().trim().split('\n').at(-1) || 'Python failed');
  return failure({
    code: 'png-failed',
    message: `the picture can not be drawn: ${why}`,
    remedy: 'write an SVG instead: dagpy graph -o graph.svg',
  });
}
