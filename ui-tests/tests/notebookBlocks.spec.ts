/** Blocks out of notebooks and notebooks out of blocks: cut, taken out, opened together, failed, and without DAGpy. */
import type { NotebookPanel } from '@jupyterlab/notebook';
import { expect, inBoth, test } from '../fixtures/index.js';
import type { Workbench } from '../fixtures/workbench.js';

test.slow();

const code = (source: string) => ({
  cell_type: 'code',
  metadata: {},
  source,
  outputs: [],
  execution_count: null,
});
const prose = (source: string) => ({ cell_type: 'markdown', metadata: {}, source });

const sourcesShown = (workbench: Workbench): Promise<readonly string[]> =>
  workbench.page.evaluate(() =>
    (window.jupyterapp.shell.currentWidget as NotebookPanel).context.model.sharedModel.cells.map(each =>
      each.getSource(),
    ),
  );

async function select(workbench: Workbench, ...places: readonly number[]): Promise<void> {
  await workbench.page.evaluate(indexes => {
    const { content } = window.jupyterapp.shell.currentWidget as NotebookPanel;
    content.deselectAll();
    content.activeCellIndex = indexes[0]!;
    for (const at of indexes) content.select(content.widgets[at]!);
  }, places);
}

interface Dag {
  readonly blocks: Readonly<
    Record<string, { readonly notebook: string; readonly parents?: readonly string[] }>
  >;
}

test.describe('a whole notebook', () => {
  test.use({ template: '' });

  test('is split into blocks with a preview, each cell once', async ({ project, workbench, page }) => {
    // Of a format in which cells have no ids.
    project.write(
      'long.ipynb',
      JSON.stringify({
        cells: [
          prose('# Load'),
          code('rows = [3, 1, 2]'),
          prose('# Clean'),
          code('kept = sorted(rows)'),
          code('print(kept)'),
        ],
        metadata: { kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' } },
        nbformat: 4,
        nbformat_minor: 4,
      }),
    );
    await workbench.open('long.ipynb');
    const asked = workbench.execute('dagpy:split-notebook', {});
    const dialog = page.getByRole('dialog');
    await expect(dialog.locator('[data-proposed]')).toHaveCount(2);
    await expect(dialog.locator('[data-proposed="clean"]')).toContainText('needs load');
    expect(project.exists('dag.json')).toBe(false);
    await workbench.expectAccessible('.dagpy-Split');
    await dialog.getByText('Every cell').click();
    await expect(dialog.locator('[data-proposed]')).toHaveCount(3);
    await dialog.getByText('At headings').click();
    await expect(dialog.locator('[data-proposed]')).toHaveCount(2);
    await dialog.getByRole('button', { name: 'Split' }).click();
    await asked;
    await workbench.expectStates({ load: 'never', clean: 'never' }, workbench.notebook);
    expect((await sourcesShown(workbench)).filter(source => !source.startsWith('## Block'))).toEqual([
      '# Load',
      'rows = [3, 1, 2]',
      '# Clean',
      'kept = sorted(rows)',
      'print(kept)',
    ]);
    const { blocks } = JSON.parse(project.read('dag.json')) as Dag;
    expect(project.sources(blocks['clean']!.notebook)).toEqual([
      '# Clean',
      'kept = sorted(rows)',
      'print(kept)',
    ]);
    expect(project.sources('long.ipynb')).toHaveLength(7);
    await workbench.execute('dagpy:run-affected', {});
    await workbench.expectStates({ load: 'fresh', clean: 'fresh' }, workbench.notebook);
    await expect.poll(() => project.read('long.ipynb')).toContain('[1, 2, 3]');
  });
});

test('cells of a block, in its own notebook, become a block of their own', async ({
  project,
  workbench,
  page,
}) => {
  await workbench.open('load.ipynb');
  await expect(workbench.block('load', workbench.notebook)).toBeVisible();
  // What is not saved yet goes along.
  await page.evaluate(() => {
    const { model } = (window.jupyterapp.shell.currentWidget as NotebookPanel).context;
    model.cells.get(1).sharedModel.setSource('rows = [5, 4]');
  });
  await select(workbench, 0, 1);
  const asked = workbench.execute('dagpy:add-block', { fromCells: true });
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').first().fill('numbers');
  await dialog.getByRole('button', { name: /^Add/ }).click();
  await asked;
  await expect.poll(() => sourcesShown(workbench)).toEqual(['print(rows)']);
  const { blocks } = JSON.parse(project.read('dag.json')) as Dag;
  expect(project.sources('numbers.ipynb')).toEqual(['# Load', 'rows = [5, 4]']);
  expect(project.sources('load.ipynb')).toEqual(['print(rows)']);
  expect([blocks['load']?.parents, blocks['clean']?.parents]).toEqual([['numbers'], ['numbers']]);
  await workbench.execute('dagpy:run-affected', {});
  await workbench.expectState('load', 'fresh', workbench.notebook);
  await expect
    .poll(() => project.states())
    .toMatchObject({ numbers: 'fresh', clean: 'fresh', report: 'fresh' });
});

test('blocks are opened as one notebook, and a click leads to the cell that failed', async ({
  project,
  workbench,
  page,
}) => {
  project.edit('clean.ipynb', 'limit = 10', 'limit = 1 / 0');
  await workbench.open('load.ipynb');
  await expect(workbench.block('load', workbench.notebook)).toBeVisible();
  await workbench.execute('dagpy:open-flow', { block: 'report' });
  if (workbench.app === 'notebook') await workbench.open('report.flow.ipynb');
  await expect(workbench.notebook.locator('.dagpy-bar')).toHaveCount(3);
  expect(project.sources('report.flow.ipynb')).toContain('limit = 1 / 0');
  await workbench.execute('dagpy:run-affected', {});
  await workbench.expectStates({ load: 'fresh', clean: 'failed' }, workbench.notebook);
  await select(workbench, 0);
  await workbench
    .block('clean', workbench.notebook)
    .getByRole('button', { name: /ZeroDivisionError/ })
    .click();
  const active = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell.jp-mod-active');
  await expect(active.locator('.cm-content')).toContainText('limit = 1 / 0');
  await expect(active.locator('.jp-OutputArea-output')).toContainText('division by zero');
  await expect(active.locator('.jp-OutputArea-output').last()).toBeInViewport();
  expect(JSON.stringify(project.notebook('clean.ipynb').cells[1]?.outputs)).toContain('ZeroDivisionError');
});

test(
  'a click leads to the cell that failed in a notebook that is not open yet',
  inBoth,
  async ({ app, project, workbench, page }) => {
    project.edit('clean.ipynb', 'limit = 10', 'limit = 1 / 0');
    await project.dagpy('run').catch(() => undefined);
    await workbench.open('load.ipynb');
    await workbench.expectState('load', 'fresh', workbench.notebook);
    const opened = app === 'notebook' ? page.waitForEvent('popup') : Promise.resolve(page);
    await workbench.execute('dagpy:show-failure', { block: 'clean' });
    const place = await opened;
    const active = place.locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell.jp-mod-active');
    await expect(active.locator('.cm-content')).toContainText('limit = 1 / 0', { timeout: 40_000 });
    await expect(active.locator('.jp-OutputArea-output').last()).toContainText('division by zero');
    await expect(active.locator('.jp-OutputArea-output').last()).toBeInViewport();
    expect(place.url()).not.toContain('#');
  },
);

test('DAGpy is killed while one works: notebooks are saved as ever, and the blocks follow', async ({
  project,
  workbench,
  page,
}) => {
  await project.dagpy('flow', 'report');
  await workbench.open('report.flow.ipynb');
  await expect(workbench.notebook.locator('.dagpy-bar')).toHaveCount(3);
  const edit = (text: string) =>
    page.evaluate(source => {
      const { model } = (window.jupyterapp.shell.currentWidget as NotebookPanel).context;
      model.cells.get(6).sharedModel.setSource(source);
    }, text);
  const { body } = await workbench.call('hello');
  await edit('limit = 6');
  process.kill((body as { readonly pid: number }).pid, 'SIGKILL');
  await workbench.saveDocument();
  expect(project.sources('report.flow.ipynb')).toContain('limit = 6');
  await edit('limit = 7');
  await workbench.saveDocument();
  expect(project.sources('report.flow.ipynb')).toContain('limit = 7');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect.poll(() => project.sources('clean.ipynb'), { timeout: 40_000 }).toContain('limit = 7');
  await workbench.execute('dagpy:run-affected', {});
  await workbench.expectState('report', 'fresh', workbench.notebook);
  await expect.poll(() => project.read('report.flow.ipynb')).toContain('best 3');
});
