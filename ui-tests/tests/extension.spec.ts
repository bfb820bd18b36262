/** The extension is there, reaches the daemon, and leaves alone what is none of its business. */
import { expect, inBoth, test } from '../fixtures/index.js';
import type { Workbench } from '../fixtures/workbench.js';

test(
  'its plugins are active; commands say what they are, and take no key from others',
  inBoth,
  async ({ page, workbench }) => {
    await workbench.open('load.ipynb');
    const active = await workbench.activePlugins();
    expect(active).toContain('jupyterlab-dagpy:projects');
    expect(active).toContain('jupyterlab-dagpy:selection');

    const { known, mute, taken } = await page.evaluate(async () => {
      const { commands } = window.jupyterapp;
      const isOurs = (id: string): boolean => id.startsWith('dagpy:');
      const known = commands.listCommands().filter(isOurs);
      const mute: string[] = [];
      for (const id of known) {
        const { args } = await commands.describedBy(id);
        const isDescribed = args?.['type'] === 'object' && typeof args['properties'] === 'object';
        if (!isDescribed || commands.label(id) === '' || commands.caption(id) === '') mute.push(id);
      }
      const taken = commands.keyBindings
        .filter(({ command }) => isOurs(command))
        .flatMap(({ keys }) =>
          commands.keyBindings.filter(other => !isOurs(other.command) && other.keys.join() === keys.join()),
        )
        .map(({ command }) => command);
      return { known, mute, taken };
    });
    expect(known.length).toBeGreaterThan(30);
    expect(mute, 'commands without a label, a caption or a description of args').toEqual([]);
    expect(taken, 'commands of others that have the same keys').toEqual([]);
  },
);

test('the page reaches the daemon', inBoth, async ({ server, project, workbench }) => {
  await workbench.open('load.ipynb');
  const { status, body } = await workbench.call('hello');
  expect(status).toBe(200);
  expect(body).toMatchObject({ version: 1, root: server.root });
  const located = await workbench.call('locate', { path: `${project.path}/load.ipynb` });
  expect(located.body).toEqual({ project: project.path });
});

test.describe('outside any project', () => {
  test.use({ template: 'notes' });

  test(
    'a notebook is saved byte for byte as without the extension',
    inBoth,
    async ({ page, project, workbench }) => {
      await useNotebook(workbench, 'with.ipynb');
      expect(await workbench.activePlugins()).not.toEqual([]);
      await page.addInitScript(forgetExtension);
      await useNotebook(workbench, 'without.ipynb');
      expect(await workbench.activePlugins()).toEqual([]);

      expect(project.notebook('with.ipynb').cells[0]?.outputs).toHaveLength(1);
      expect(project.read('with.ipynb')).toBe(project.read('without.ipynb'));
      expect(project.exists('dag.json')).toBe(false);
      expect(project.exists('.dagpy')).toBe(false);
    },
  );
});

/** Opens a notebook, runs a cell, writes some text, saves. */
async function useNotebook(workbench: Workbench, name: string): Promise<void> {
  await workbench.open(name);
  const { keyboard } = workbench.page;
  await workbench.notebook.locator('.jp-CodeCell .cm-content').first().click();
  await keyboard.press('Shift+Enter');
  await expect(workbench.notebook.locator('.jp-OutputArea-output')).toHaveText('3');
  await workbench.kernelIdle();
  await workbench.notebook.locator('.jp-MarkdownCell').first().dblclick();
  await keyboard.type('More ');
  await workbench.saveDocument();
}

/** Has the next pages begin without the extension; they read which ones there are once they are parsed. */
function forgetExtension(): void {
  document.addEventListener('readystatechange', () => {
    const settings = document.getElementById('jupyter-config-data');
    if (document.readyState !== 'interactive' || !settings?.textContent) return;
    const given = JSON.parse(settings.textContent) as { federated_extensions: { readonly name: string }[] };
    given.federated_extensions = given.federated_extensions.filter(({ name }) => name !== 'jupyterlab-dagpy');
    settings.textContent = JSON.stringify(given);
  });
}
