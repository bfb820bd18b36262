// Storing a gigabyte that a block made, beside writing the same bytes with `write` and `fsync`; and what waits for it.
import { join } from 'node:path';
import { root } from '../../scripts/tools.mjs';
import { startDaemon } from '../dagpy/daemon.mjs';
import { openProject, pythonOf, writeProject } from '../dagpy/program.mjs';
import { asRatio, inMegabytes, inSeconds, ratio, summary } from '../figures.mjs';
import { output } from '../measure.mjs';
import { closePlace } from '../place.mjs';
import { remark, row } from '../rows.mjs';
import { block, FIRST_SEED } from '../workloads/block.mjs';
import { bytesBelow } from './disk.mjs';
import { ARRAYS, LENGTH } from './gigabyte.mjs';

const numpy = ['import numpy as np'];
const both = [...numpy, 'import pandas as pd'];

/** @param {number} length of an array @param {number} seed */
const blocksOf = (length, seed) => [
  block(
    'make',
    [],
    `_random = np.random.default_rng(${seed})\nmake = [_random.random(${length}) for _ in range(${ARRAYS})]`,
    { imports: numpy },
  ),
  block('look', ['make'], 'look = {"x": float(make[0][0])}'),
];
/** Large values are stored if somebody reads them. */
const changing = [
  block('change', ['make'], 'change = [make[0] + 1, *make[1:]]', { imports: numpy }),
  block('look_again', ['change'], 'look_again = {"x": float(change[0][0])}'),
];
/** A frame that lies in one piece of memory. @param {number} length of a column @param {number} seed */
const frameOf = (length, seed) => [
  block(
    'frame',
    [],
    `frame = pd.DataFrame(np.random.default_rng(${seed}).random((${ARRAYS}, ${length})).T, columns=list("abcdefgh"))`,
    { imports: both },
  ),
  block('look_frame', ['frame'], 'look_frame = {"x": float(frame.a[0])}'),
];
const changingColumn = [
  block('column', ['frame'], 'column = frame.assign(c=frame.c + 1)', { imports: both }),
  block('look_column', ['column'], 'look_column = {"x": float(column.a[0])}'),
];

/** When the code of a block ended, and when all that it left was stored. */
function endsOf(events, id) {
  const of = name => events.filter(({ event, block: where }) => event === name && where === id);
  return {
    code: of('cellFinished').at(-1).at,
    stored: of('blockExecuted')[0].at,
    first: of('cellStarted')[0].at,
  };
}

/** One round in a project of its own, so that nothing of it is stored already. */
async function round(length, seed) {
  const place = openProject();
  const project = { name: 'storing', seed: FIRST_SEED, blocks: blocksOf(length, seed) };
  writeProject(place, project);
  const daemon = await startDaemon(place);
  try {
    const { events } = await daemon.run();
    const [make, look] = [endsOf(events, 'make'), endsOf(events, 'look')];
    const objects = join(place.folder, '.dagpy', 'objects');
    const all = [...project.blocks];
    /** @returns bytes that a run stores which has more blocks */
    const storedFor = async blocks => {
      const before = bytesBelow(objects);
      all.push(...blocks);
      writeProject(place, { ...project, blocks: all }, blocks);
      await daemon.run();
      return bytesBelow(objects) - before;
    };
    const more = await storedFor(changing);
    await storedFor(frameOf(length, seed + 1000));
    const column = await storedFor(changingColumn);
    const writer = join(root, 'bench', 'special', 'write_files.py');
    const command = [pythonOf(), writer, place.folder, String(ARRAYS), String(length)];
    const written = Number(await output(command, { cwd: place.folder, env: place.env }));
    return { stored: make.stored - make.code, waited: look.first - make.code, written, more, column };
  } finally {
    await daemon.end();
    closePlace(place);
  }
}

/** @param {import('./index.mjs').Options} options */
export async function storing({ repeat, scale }) {
  const length = Math.max(1000, Math.round(LENGTH * scale));
  const rounds = [];
  for (let turn = 1; turn <= repeat; turn += 1) rounds.push(await round(length, turn));
  const samples = name => rounds.map(each => each[name]);
  const [stored, written, waited] = ['stored', 'written', 'waited'].map(samples);
  const bytes = length * 8;
  const size = inMegabytes(summary([bytes * ARRAYS]));
  const times = ratio(stored, written);
  const after = summary(waited);
  const before = summary(stored);
  const more = summary(samples('more'));
  const column = summary(samples('column'));
  return [
    row(
      `storing ${size} that a block made: of the time of \`write\` and \`fsync\``,
      '≤ 1.5×',
      `${asRatio(times)} (${inSeconds(before)} beside ${inSeconds(summary(written))})`,
      times.median <= 1.5,
    ),
    row(
      'a child starts before what its parent made is stored: after the parent’s code',
      'sooner than stored',
      `${inSeconds(after)}, stored after ${inSeconds(before)}`,
      after.median < before.median,
    ),
    row(
      `a child hands on ${ARRAYS} arrays of which it changed one: bytes stored for it`,
      'those of one',
      `${inMegabytes(more)} of ${size}`,
      more.median < bytes * 1.1 + 1e6,
    ),
    row(
      `a child changes one of ${ARRAYS} columns of a frame in one piece of memory: bytes stored for it`,
      'those of one',
      `${inMegabytes(column)} of ${size}`,
      column.median < bytes * 1.1 + 1e6,
    ),
    remark(`writing ${size} with \`write\` and \`fsync\`, a file an array`, inSeconds(summary(written))),
  ];
}
