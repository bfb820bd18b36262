// *wide* and *chain*: blocks that do next to nothing, so that what is measured is what the tool itself takes.
import { block, ending, FIRST_SEED, scaled } from './block.mjs';

const twoDigits = number => String(number).padStart(2, '0');

/** One root, many blocks that read it, one that reads them all. @param {number} scale @returns {import('./block.mjs').Workload} */
export function wide(scale, full = 60) {
  const width = scaled(full, scale, 4);
  const ids = Array.from({ length: width }, (_, place) => `w_${twoDigits(place)}`);
  const leaf = ids[Math.floor(width / 2)];
  return {
    name: 'wide',
    about: 'one root, 60 trivial blocks that read it, and one that reads them all',
    seed: FIRST_SEED,
    blocks: [
      block('root', [], 'root = {"x": seed}', { readsSeed: true }),
      ...ids.map((id, place) => block(id, ['root'], `_k = ${place}\n${id} = {"v": root["x"] * 31 + _k}`)),
      ending('join', ids, `[${ids.join(', ')}]`),
    ],
    commented: 'root',
    leaf: { block: leaf, from: '_k = ', to: '_k = 100 + ' },
    same: { block: ids[0], from: '+ _k', to: '- -_k' },
    branch: ending('outlook', [ids[1]], `${ids[1]}["v"] + 1`),
  };
}

/** Each block reads the one before. @param {number} scale @returns {import('./block.mjs').Workload} */
export function chain(scale, full = 30) {
  const length = scaled(full, scale, 4);
  const ids = Array.from({ length: length - 1 }, (_, place) => `s_${twoDigits(place)}`);
  const [first, second] = ids;
  return {
    name: 'chain',
    about: '30 trivial blocks, each reading the one before',
    seed: FIRST_SEED,
    blocks: [
      block(first, [], `${first} = {"x": seed}`, { readsSeed: true }),
      ...ids
        .slice(1)
        .map((id, place) =>
          block(
            id,
            [ids[place]],
            `_k = ${place + 1}\n${id} = {"x": (${ids[place]}["x"] * 31 + _k) % 1000003}`,
          ),
        ),
      ending('finish', [ids.at(-1)], `[${ids.at(-1)}["x"], 0]`),
    ],
    commented: first,
    leaf: { block: 'finish', from: ', 0]', to: ', 1]' },
    same: { block: second, from: '+ _k', to: '- -_k' },
    branch: ending('outlook', [second], `${second}["x"] + 1`),
  };
}
