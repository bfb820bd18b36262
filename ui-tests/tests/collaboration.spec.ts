/** Beside jupyter-collaboration: pages share one notebook, and what DAGpy does in it is there once. */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/index.js';
import type { StoryProject } from '../fixtures/project.js';

// Two pages of JupyterLab on one machine.
test.setTimeout(300_000);

interface ShownCell {
  readonly id: string;
  readonly source: string;
  readonly outputs: readonly { readonly text?: string }[];
}

const cellsIn = (page: Page): Promise<readonly ShownCell[]> =>
  page.evaluate(() => {
    const { model } = (window.jupyterapp.shell.currentWidget as NotebookPanel).context;
    return [...model.cells].map(cell => ({
      id: cell.id,
      source: cell.sharedModel.getSource(),
      outputs: (cell.toJSON()['outputs'] ?? []) as { text?: string }[],
    }));
  });

const sourcesIn = async (page: Page): Promise<readonly string[]> =>
  (await cellsIn(page)).map(({ source }) => source);

/** What code prints, cell by cell. */
const printedIn = async (page: Page): Promise<readonly string[]> =>
  (await cellsIn(page)).flatMap(({ outputs }) => outputs.map(({ text }) => text ?? ''));

const printedOnDisk = (project: StoryProject, name: string): readonly string[] =>
  project
    .notebook(name)
    .cells.flatMap(({ outputs }) => (outputs ?? []) as { text?: readonly string[] }[])
    .map(({ text }) => text?.join('') ?? '');

const isShared = (page: Page): Promise<boolean> =>
  page.evaluate(
    () =>
      (window.jupyterapp.shell.currentWidget as NotebookPanel | null)?.context?.model?.collaborative === true,
  );

/** With the keyboard, behind what the cell holds. */
async function typeBehind(page: Page, id: string, text: string): Promise<void> {
  await page.evaluate(cell => {
    const { content } = window.jupyterapp.shell.currentWidget as NotebookPanel;
    content.activeCellIndex = content.widgets.findIndex(({ model }) => model.id === cell);
    content.mode = 'edit';
    content.activeCell?.editor?.focus();
  }, id);
  await page.keyboard.press('Control+End');
  await page.keyboard.type(text, { delay: 40 });
}

const FLOW = 'report.flow.ipynb';

test('two pages on one shared flow: what people and DAGpy do there is there once', async ({
  page,
  project,
  workbench,
}) => {
  await project.dagpy('flow', 'report');
  await workbench.open(FLOW);
  await expect.poll(() => isShared(page)).toBe(true);
  await expect(workbench.notebook.locator('.dagpy-bar')).toHaveCount(3);
  const second = await page.context().newPage();
  await second.goto(page.url());
  await expect(second.locator('.dagpy-bar')).toHaveCount(3, { timeout: 40_000 });
  const run = (from: Page, command: string, args = {}): Promise<unknown> =>
    from.evaluate(([id, given]) => window.jupyterapp.commands.execute(id, given), [command, args] as const);
  const expectSame = async (): Promise<void> => {
    await expect
      .poll(async () => {
        const all = [await sourcesIn(page), await sourcesIn(second), project.sources(FLOW)];
        return new Set(all.map(sources => sources.join('\n---\n'))).size;
      })
      .toBe(1);
    const ids = (await cellsIn(page)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  };

  // Two people type at once, and a colleague adds a cell to a block meanwhile.
  const colleague = (): void => {
    const load = JSON.parse(project.read('load.ipynb')) as { cells: object[] };
    const added = { id: 'added', cell_type: 'code', metadata: {}, source: 'rows.append(8)' };
    load.cells.splice(2, 0, { ...added, outputs: [], execution_count: null });
    project.write('load.ipynb', JSON.stringify(load, null, 1));
  };
  await Promise.all([
    typeBehind(page, 'report-best', '  # typed in one page'),
    typeBehind(second, 'clean-limit', '  # typed in the other page'),
    page.waitForTimeout(300).then(colleague),
  ]);
  await expect.poll(() => project.sources('report.ipynb')).toContain('best = kept[-1]  # typed in one page');
  await expect.poll(() => project.sources('clean.ipynb')).toContain('limit = 10  # typed in the other page');
  for (const each of [page, second])
    await expect
      .poll(async () => (await sourcesIn(each)).filter(source => source === 'rows.append(8)'))
      .toHaveLength(1);
  await expectSame();

  // A run from either page takes what was typed a moment before, and shows what it prints once.
  for (const [from, text, printed] of [
    [second, '\nlimit = 9', '[3, 1, 20, 2, 8]\n|best 8\n'],
    [page, '\nlimit = 3', '[3, 1, 20, 2, 8]\n|best 2\n'],
  ] as const) {
    await typeBehind(from, 'clean-limit', text);
    await run(from, 'dagpy:run-affected');
    for (const place of [workbench.notebook, second.locator('.jp-Notebook')])
      for (const block of ['report', 'clean', 'load'])
        await workbench.expectState(block, 'fresh', place, 60_000);
    for (const each of [page, second])
      await expect.poll(async () => (await printedIn(each)).join('|')).toBe(printed);
    await expect.poll(() => printedOnDisk(project, FLOW).join('|')).toBe(printed);
    expect(printedOnDisk(project, 'report.ipynb').join('')).toBe(printed.split('|')[1]);
    expect(project.sources('clean.ipynb')[1]).toContain(text);
  }

  // A block that is made in the page that does not act.
  await typeBehind(second, 'report-best', '\nworst = kept[0]');
  await second.evaluate(() => {
    const { content } = window.jupyterapp.shell.currentWidget as NotebookPanel;
    content.mode = 'command';
    content.deselectAll();
    content.activeCellIndex = content.widgets.findIndex(({ model }) => model.id === 'report-show');
  });
  const asked = run(second, 'dagpy:add-block', { fromCells: true });
  const dialog = second.getByRole('dialog');
  await dialog.getByRole('textbox').first().fill('tell');
  await dialog.getByRole('button', { name: /^Add/ }).click();
  await asked;
  for (const each of [page, second]) await expect(each.locator('.dagpy-bar')).toHaveCount(4);
  await expect.poll(() => project.exists('tell.ipynb'), { timeout: 30_000 }).toBe(true);
  await expect.poll(() => project.sources('tell.ipynb')).toEqual(['print("best", best)']);
  expect(project.sources('report.ipynb')).toEqual([
    '# Report',
    'best = kept[-1]  # typed in one page\nworst = kept[0]',
  ]);
  const { blocks } = JSON.parse(project.read('dag.json')) as {
    blocks: Record<string, { parents?: string[] }>;
  };
  expect([Object.keys(blocks), blocks['tell']?.parents]).toEqual([
    ['load', 'clean', 'report', 'tell'],
    ['report'],
  ]);
  await expectSame();

  // The page that acted is closed: the other one goes on.
  await page.goto('about:blank');
  await typeBehind(second, 'load-show', '  # typed alone');
  await expect
    .poll(() => project.sources('load.ipynb'), { timeout: 45_000 })
    .toContain('print(rows)  # typed alone');
  project.edit('clean.ipynb', 'row < limit', 'row <= limit');
  await expect
    .poll(async () => (await sourcesIn(second)).filter(source => source.includes('row <= limit')))
    .toHaveLength(1);
  await expect.poll(() => project.sources(FLOW)).toEqual(await sourcesIn(second));
  await second.close();
});
