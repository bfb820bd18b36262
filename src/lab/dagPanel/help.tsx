/** Which keys do what on the picture. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

export async function showKeys(trans: TranslationBundle): Promise<void> {
  const keys: readonly (readonly [string, string])[] = [
    ['← ↑ → ↓', trans.__('go along edges and to the neighbour in a layer; with Shift select on the way')],
    ['Home, End', trans.__('go to the first and the last block')],
    ['Space', trans.__('select the block, or no longer')],
    ['Enter', trans.__('open the block')],
    ['r', trans.__('run the selected blocks, else this one')],
    ['w', trans.__('tell why the block stands as it does')],
    ['l', trans.__('link: go to the block that is to read this one, then Enter')],
    ['e', trans.__('go through the edges of the block; Delete removes the edge')],
    ['Delete', trans.__('remove the selected blocks, else this one; Ctrl+Z brings them back')],
    ['F2', trans.__('rename')],
    ['a, b', trans.__('add a block; branch from this one')],
    ['/', trans.__('search: part of a name, tag:model, state:failed, gives:df')],
    ['f, +, −, 0', trans.__('show all, nearer, farther, at full size')],
    ['Shift+F10', trans.__('menu')],
    [
      trans.__('Mouse'),
      trans.__('drag the ground to move, with Shift to select; drag from a block’s port to link'),
    ],
  ];
  await showDialog({
    title: trans.__('Keys of the DAG'),
    body: (
      <table className="dagpy-dag-keys">
        <tbody>
          {keys.map(([key, meaning]) => (
            <tr key={key}>
              <th scope="row">{key}</th>
              <td>{meaning}</td>
            </tr>
          ))}
        </tbody>
      </table>
    ),
    buttons: [Dialog.okButton({ label: trans.__('Close') })],
  });
}
