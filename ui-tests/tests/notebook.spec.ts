/** Blocks in notebooks: made of cells, edited, saved, run, changed elsewhere; what is on disk is what is shown. */
import { galata } from '@jupyterlab/galata';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { expect, inBoth, test } from '../fixtures/index.js';
import type { StoryProject } from '../fixtures/project.js';
import type { Workbench } from '../fixtures/workbench.js';

const cell = (id: string, source: string, type = 'code') => ({
  id,
  cell_type: type,
  metadata: {},
  source,
  ...(type === 'code' ? { outputs: [], execution_count: null } : {}),
});
const notebook = (cells: readonly object[]): string =>
  JSON.stringify({
    cells,
    metadata: { kernelspec: { display_name: 'Python 3 (ipykernel)', language: 'python', name: 'python3' } },
    nbformat: 4,
    nbformat_minor: 5,
  });

// Several runs and saves each, on machines that do other things too.
test.slow();

/** Replaces text in a cell as a person who types it. */
async function type(workbench: Workbench, at: number, text: string): Promise<void> {
  const { page } = workbench;
  await workbench.notebook.locator('.jp-Cell').nth(at).locator('.cm-content').click();
  await page.keyboard.press('Control+A');
  await page.keyboard.type(text);
}

const outputsShown = (workbench: Workbench): Promise<unknown> =>
  workbench.page.evaluate(() => {
    const panel = window.jupyterapp.shell.currentWidget as NotebookPanel;
    return panel.context.model.sharedModel.cells.map(each => [
      each.cell_type,
      each.getSource(),
      each.cell_type === 'code' ? each.toJSON()['outputs'] : [],
    ]);
  });

const isDirty = (workbench: Workbench): Promise<boolean> =>
  workbench.page.evaluate(() => (window.jupyterapp.shell.currentWidget as NotebookPanel).context.model.dirty);

async function addBlock(workbench: Workbench, cells: readonly number[], name: string): Promise<void> {
  await workbench.page.evaluate(indexes => {
    const { content } = window.jupyterapp.shell.currentWidget as NotebookPanel;
    content.deselectAll();
    content.activeCellIndex = indexes[0]!;
    for (const at of indexes) content.select(content.widgets[at]!);
  }, cells);
  const asked = workbench.execute('dagpy:add-block', {});
  const dialog = workbench.page.getByRole('dialog');
  const field = dialog.getByRole('textbox').first();
  await field.fill(name);
  await dialog.getByRole('button', { name: /^Add/ }).click();
  await asked;
}

const stream = (text: string) => [{ name: 'stdout', output_type: 'stream', text: [text] }];

test.describe('a fresh notebook', () => {
  test.use({ template: '' });

  test(
    'becomes three linked blocks, and Run affected runs them',
    inBoth,
    async ({ project, workbench, page }) => {
      project.write('dag.json', JSON.stringify({ version: 1, name: 'fresh', kernel: 'python3', blocks: {} }));
      project.write(
        'analysis.ipynb',
        notebook([
          cell('t', '# Analysis', 'markdown'),
          cell('a', 'x = 2'),
          cell('b', 'y = x * 3'),
          cell('c', 'print(y + 1)'),
          cell('scratch', '1 + 1'),
        ]),
      );
      await workbench.open('analysis.ipynb');
      await addBlock(workbench, [1], 'load');
      await addBlock(workbench, [3], 'clean');
      await addBlock(workbench, [5], 'report');
      const dag = JSON.parse(project.read('dag.json')) as {
        blocks: Record<string, { parents?: string[]; notebook: string }>;
      };
      expect(Object.keys(dag.blocks)).toEqual(['load', 'clean', 'report']);
      expect(dag.blocks['clean']?.parents).toEqual(['load']);
      expect(dag.blocks['report']?.parents).toEqual(['clean']);
      expect(project.sources(dag.blocks['clean']!.notebook)).toEqual(['y = x * 3']);
      await workbench.expectStates({ load: 'never', clean: 'never', report: 'never' }, workbench.notebook);
      await workbench.execute('dagpy:run-affected', {});
      await workbench.expectStates({ load: 'fresh', clean: 'fresh', report: 'fresh' }, workbench.notebook);
      await expect(workbench.notebook.locator('.jp-OutputArea-output').first()).toHaveText('7');
      expect(project.notebook(dag.blocks['report']!.notebook).cells[0]?.outputs).toEqual(stream('7\n'));
      expect(await isDirty(workbench)).toBe(false);
      // Cells of no block are in the notebook alone.
      expect(project.sources('analysis.ipynb')).toContain('1 + 1');
      await expect(page.locator('.dagpy-bar')).toHaveCount(3);
    },
  );
});

async function openFlow(workbench: Workbench, project: StoryProject): Promise<void> {
  await project.dagpy('flow', 'report');
  await workbench.open('report.flow.ipynb');
  await expect(workbench.notebook.locator('.dagpy-bar')).toHaveCount(3);
}

test('edit a middle cell, save: exactly its descendants turn; run: fresh, and what is shown is on disk', async ({
  project,
  workbench,
}) => {
  await project.dagpy('run');
  await openFlow(workbench, project);
  await workbench.expectStates({ load: 'fresh', clean: 'fresh', report: 'fresh' }, workbench.notebook);
  const bar = workbench.block('clean', workbench.notebook);
  const before = project.sources('clean.ipynb');
  await type(workbench, 6, 'limit = 5');
  await expect(bar).toContainText('edited, not saved');
  await workbench.saveDocument();
  await workbench.expectStates({ load: 'fresh', clean: 'stale' }, workbench.notebook);
  expect(project.sources('clean.ipynb')).toEqual(before.map(text => text.replace('limit = 10', 'limit = 5')));
  expect(project.sources('load.ipynb')).toEqual(project.sources('load.ipynb'));
  const states = await project.states();
  expect(states['load']).toBe('fresh');
  await workbench.execute('dagpy:run-affected', {});
  await workbench.expectStates({ load: 'fresh', clean: 'fresh', report: 'fresh' }, workbench.notebook);
  const shown = JSON.stringify(await outputsShown(workbench));
  for (const name of ['load', 'clean', 'report'])
    for (const { outputs } of project.notebook(`${name}.ipynb`).cells)
      for (const output of outputs ?? []) {
        const text = (output as { text?: string | string[] }).text;
        if (text !== undefined)
          expect(shown).toContain(
            JSON.stringify(typeof text === 'string' ? text : text.join('')).slice(1, -1),
          );
      }
  await expect.poll(() => isDirty(workbench)).toBe(false);
});

test('a comment stays fresh; undoing an edit makes it fresh again', async ({ project, workbench, page }) => {
  await project.dagpy('run');
  await openFlow(workbench, project);
  await type(workbench, 6, 'limit = 10  # rows');
  await workbench.saveDocument();
  await expect.poll(() => project.sources('clean.ipynb')).toContain('limit = 10  # rows');
  await workbench.expectStates({ clean: 'fresh', report: 'fresh' }, workbench.notebook);
  await type(workbench, 6, 'limit = 4');
  await workbench.saveDocument();
  await workbench.expectState('clean', 'stale', workbench.notebook);
  const editor = workbench.notebook.locator('.jp-Cell').nth(6).locator('.cm-content');
  // Slow typing is undone in several steps, quick typing in one with what was typed before.
  const before = /^limit = 10( {2}# rows)?$/;
  await expect(async () => {
    await page.keyboard.press('Control+Z');
    await expect(editor).toHaveText(before, { timeout: 1000 });
  }).toPass();
  await workbench.saveDocument();
  await workbench.expectStates({ clean: 'fresh', report: 'fresh' }, workbench.notebook);
  expect(project.sources('clean.ipynb')[1]).toMatch(before);
});

test('the files change while a flow is edited: both edits survive, and of two of one cell one is chosen', async ({
  project,
  workbench,
  page,
}) => {
  await openFlow(workbench, project);
  await type(workbench, 6, 'limit = 7');
  project.edit('report.ipynb', 'print(', 'print(0 + ');
  await expect.poll(async () => JSON.stringify(await outputsShown(workbench))).toContain('print(0 + ');
  expect(JSON.stringify(await outputsShown(workbench))).toContain('limit = 7');
  expect(await isDirty(workbench)).toBe(true);
  const theirs = JSON.parse(project.read('clean.ipynb')) as { cells: { source: string; metadata: object }[] };
  Object.assign(theirs.cells[1]!, { source: 'limit = 8', metadata: { tags: ['theirs'] } });
  project.write('clean.ipynb', JSON.stringify(theirs, null, 1));
  const choice = workbench.notebook.locator('.dagpy-conflict');
  await expect(choice).toBeVisible();
  await workbench.expectAccessible('.dagpy-conflict');
  // Both versions outlive a save and another look, and nothing is written meanwhile.
  await workbench.saveDocument();
  expect(project.sources('clean.ipynb')[1]).toBe('limit = 8');
  await page.reload();
  await workbench.kernelIdle();
  await choice.getByRole('button', { name: 'Compare…' }).click();
  const sides = page.locator('.dagpy-Compare-source');
  await expect(sides.nth(0)).toContainText('limit = 7');
  await expect(sides.nth(1)).toContainText('limit = 8');
  await workbench.expectAccessible('.dagpy-Compare');
  await page.getByRole('dialog').getByRole('button', { name: 'Later' }).click();
  await choice.getByRole('button', { name: 'Take this one' }).click();
  await expect(choice).toHaveCount(0);
  await expect.poll(() => project.sources('report.flow.ipynb')).not.toContain('limit = 7');
  expect(project.notebook('clean.ipynb').cells[1]).toMatchObject({
    source: 'limit = 8',
    metadata: { tags: ['theirs'] },
  });
  // Both were made of one edit, which is one step back.
  await workbench.execute('notebook:undo-cell-action');
  await expect(choice).toBeVisible();
  await choice.getByRole('button', { name: 'Keep mine' }).click();
  await expect.poll(() => project.sources('clean.ipynb')).toContain('limit = 7');
  expect(project.sources('clean.ipynb')).not.toContain('limit = 8');
  expect(project.read('report.ipynb')).toContain('print(0 + ');
});

test('moving, splitting, merging, cutting and pasting keep every cell with its block', async ({
  project,
  workbench,
  page,
}) => {
  await openFlow(workbench, project);
  const select = (at: number) =>
    page.evaluate(index => {
      const { content } = window.jupyterapp.shell.currentWidget as NotebookPanel;
      content.mode = 'command';
      content.deselectAll();
      content.activeCellIndex = index;
    }, at);
  // the second code cell of clean goes to the end of it already; the first one below it
  await select(6);
  await workbench.execute('notebook:move-cell-down');
  await workbench.saveDocument();
  await expect
    .poll(() => project.sources('clean.ipynb').map(text => text.split(' ')[0]))
    .toEqual(['#', 'kept', 'limit']);
  await select(6);
  await workbench.execute('notebook:cut-cell');
  await select(6);
  await workbench.execute('notebook:paste-cell-below');
  await workbench.saveDocument();
  await expect
    .poll(() => project.sources('clean.ipynb').map(text => text.split(' ')[0]))
    .toEqual(['#', 'limit', 'kept']);
  await select(6);
  await page.evaluate(() => {
    const { content } = window.jupyterapp.shell.currentWidget as NotebookPanel;
    content.select(content.widgets[7]!);
  });
  await workbench.execute('notebook:merge-cells');
  await workbench.saveDocument();
  await expect.poll(() => project.sources('clean.ipynb').length).toBe(2);
  expect(project.sources('clean.ipynb')[1]).toContain('limit = 10');
  await select(6);
  await workbench.execute('notebook:undo-cell-action');
  await workbench.saveDocument();
  await expect.poll(() => project.sources('clean.ipynb').length).toBe(3);
});

const SLOW = "import time\nfor turn in range(8):\n    print('turn', turn, flush=True)\n    time.sleep(1)";

/** Makes the first code cell of `load` slow. */
function slowDown(project: StoryProject): void {
  const text = JSON.parse(project.read('load.ipynb')) as { cells: { cell_type: string; source: unknown }[] };
  text.cells.find(({ cell_type }) => cell_type === 'code')!.source = `${SLOW}\nrows = [3, 1, 20, 2]`;
  project.write('load.ipynb', JSON.stringify(text));
}

const textsOf = (project: StoryProject, name: string): string =>
  JSON.stringify(project.notebook(name).cells.map(({ outputs }) => outputs ?? []));

test('outputs come live, and a page that is loaded again in the middle of a run shows its end', async ({
  project,
  workbench,
  page,
}) => {
  slowDown(project);
  await openFlow(workbench, project);
  const output = workbench.notebook.locator('.jp-OutputArea-output').first();
  await workbench.execute('dagpy:run-affected', {});
  await expect(output).toContainText('turn 1');
  await workbench.expectState('load', 'running', workbench.notebook);
  await expect(workbench.block('load', workbench.notebook)).toContainText(/cell 1 of 2 · 00:0\d/);
  await expect(
    workbench.notebook.locator('.jp-InputPrompt').filter({ hasText: '[*]' }).first(),
  ).toBeVisible();
  expect(textsOf(project, 'load.ipynb')).not.toContain('turn 7');
  expect(await isDirty(workbench)).toBe(false);
  // A save in the middle writes nothing half done into the block.
  await type(workbench, 6, 'limit = 9');
  await workbench.saveDocument();
  await expect.poll(() => project.sources('clean.ipynb')).toContain('limit = 9');
  expect(textsOf(project, 'load.ipynb')).not.toContain('turn');
  await page.reload();
  await workbench.kernelIdle();
  await workbench.expectState('load', 'fresh', workbench.notebook);
  await expect(output).toContainText('turn 0');
  await expect(output).toContainText('turn 7');
  expect(textsOf(project, 'load.ipynb')).toContain('turn 7');
  await expect.poll(() => isDirty(workbench)).toBe(false);
  await expect.poll(() => textsOf(project, 'report.flow.ipynb')).toContain('turn 7');
  await expect.poll(() => project.read('report.flow.ipynb').includes('"live"')).toBe(false);
});

test('two tabs on one flow and on a block of it stay in step', async ({ project, workbench, page, app }) => {
  await openFlow(workbench, project);
  const second = await page.context().newPage();
  const places = { lab: 'doc/tree', notebook: 'notebooks' };
  const { origin } = new URL(page.url());
  await second.goto(`${origin}/${places[app]}/${project.path}/clean.ipynb`);
  await expect(second.locator('.dagpy-bar[data-block="clean"]')).toBeVisible();
  await type(workbench, 6, 'limit = 3');
  await workbench.saveDocument();
  await expect(second.locator('.jp-Notebook')).toContainText('limit = 3');
  await workbench.execute('dagpy:run-affected', {});
  for (const place of [workbench.notebook, second.locator('.jp-Notebook')])
    await workbench.expectState('clean', 'fresh', place);
  expect(project.sources('clean.ipynb')).toContain('limit = 3');
  await second.locator('.jp-CodeCell .cm-content').first().click();
  await second.keyboard.press('Control+A');
  await second.keyboard.type('limit = 9');
  await second.keyboard.press('Control+S');
  await expect.poll(() => project.sources('clean.ipynb')).toContain('limit = 9');
  await expect.poll(async () => JSON.stringify(await outputsShown(workbench))).toContain('limit = 9');
  await expect(second.getByRole('dialog')).toHaveCount(0);
  await second.close();
});

test.describe('a long notebook of which only a part is drawn', () => {
  test.use({
    mockSettings: {
      ...galata.DEFAULT_SETTINGS,
      '@jupyterlab/notebook-extension:tracker': { windowingMode: 'full' },
    },
  });

  test('has its headers and marks wherever one scrolls, each once', async ({ project, workbench }) => {
    for (const name of ['load', 'clean', 'report']) {
      const content = JSON.parse(project.read(`${name}.ipynb`)) as { cells: object[] };
      const more = Array.from({ length: 60 }, (_, at) =>
        cell(`${name}${String(at)}`, `${name}_${String(at)} = 1`),
      );
      project.write(`${name}.ipynb`, JSON.stringify({ ...content, cells: [...content.cells, ...more] }));
    }
    await project.dagpy('flow', 'report');
    await workbench.open('report.flow.ipynb');
    const bar = (name: string) => workbench.block(name, workbench.notebook);
    await expect(bar('load')).toBeVisible();
    const scrollTo = (at: number) =>
      workbench.page.evaluate(async index => {
        const { content } = window.jupyterapp.shell.currentWidget as NotebookPanel;
        await content.scrollToItem(index, 'start');
      }, at);
    const header = (name: string) =>
      workbench.page.evaluate(
        wanted =>
          (window.jupyterapp.shell.currentWidget as NotebookPanel).context.model.sharedModel.cells.findIndex(
            each => each.getSource().startsWith(`## Block: ${wanted}`),
          ),
        name,
      );
    for (const name of ['report', 'load', 'clean', 'report', 'load']) {
      await scrollTo(await header(name));
      await expect(bar(name)).toBeVisible();
      await expect(bar(name)).toHaveCount(1);
    }
    await workbench.execute('dagpy:run-affected', {});
    await workbench.expectState('load', 'fresh', workbench.notebook);
    await scrollTo(await header('report'));
    await workbench.expectState('report', 'fresh', workbench.notebook);
    await expect.poll(() => textsOf(project, 'report.flow.ipynb')).toContain('best');
  });
});

test('cells outside any block, and a notebook of the project that shows none, are left alone', async ({
  project,
  workbench,
}) => {
  const text = notebook([cell('a', 'x = 1'), cell('b', 'y = 2')]);
  project.write('other.ipynb', text);
  await workbench.open('other.ipynb');
  await type(workbench, 0, 'x = 2');
  await workbench.saveDocument();
  await expect.poll(() => project.sources('other.ipynb')).toEqual(['x = 2', 'y = 2']);
  expect(project.read('other.ipynb')).not.toContain('dagpy');
  await expect(workbench.notebook.locator('.dagpy-bar, .dagpy-cell')).toHaveCount(0);
});
