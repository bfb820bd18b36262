/** Notebooks that are edited while something else happens to them: nothing that anybody wrote is lost. */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { WebSocketRoute } from '@playwright/test';
import { expect, test, type IJupyterLabPageFixture } from '../fixtures/index.js';
import type { StoryProject } from '../fixtures/project.js';
import type { Workbench } from '../fixtures/workbench.js';

test.slow();

interface ShownCell {
  readonly source: string;
  readonly isTrusted: boolean;
  readonly outputs: unknown;
}

const shown = (page: IJupyterLabPageFixture): Promise<readonly ShownCell[]> =>
  page.evaluate(() => {
    const panel = window.jupyterapp.shell.currentWidget as NotebookPanel;
    return [...panel.context.model.cells].map(cell => ({
      source: cell.sharedModel.getSource(),
      isTrusted: cell.trusted,
      outputs: cell.type === 'code' ? cell.toJSON()['outputs'] : [],
    }));
  });

const sourcesShown = async (page: IJupyterLabPageFixture): Promise<readonly string[]> =>
  (await shown(page)).map(({ source }) => source);

const isDirty = (page: IJupyterLabPageFixture): Promise<boolean> =>
  page.evaluate(() => (window.jupyterapp.shell.currentWidget as NotebookPanel).context.model.dirty);

/** As the keyboard does, without waiting for focus. */
const setSource = (page: IJupyterLabPageFixture, at: number, text: string): Promise<void> =>
  page.evaluate(
    ([index, source]) => {
      const panel = window.jupyterapp.shell.currentWidget as NotebookPanel;
      panel.context.model.cells.get(index).sharedModel.setSource(source);
    },
    [at, text] as const,
  );

type Notebook = {
  cells: { id?: string; metadata: Record<string, unknown>; outputs?: unknown[]; source: unknown }[];
  metadata: Record<string, unknown>;
  nbformat_minor: number;
};

/** Changes a notebook on disk as another program would. */
function change(project: StoryProject, name: string, edit: (notebook: Notebook) => void): void {
  const notebook = JSON.parse(project.read(name)) as Notebook;
  edit(notebook);
  project.write(name, JSON.stringify(notebook, null, 1));
}

/** A page's connection to the daemon, which can be kept from opening, or slowed down. */
class Wire {
  isOpen = true;
  delay = 0;
  private readonly sockets: WebSocketRoute[] = [];

  static async of(page: IJupyterLabPageFixture): Promise<Wire> {
    const wire = new Wire();
    await page.routeWebSocket(/dagpy\/v1\/stream/, async socket => {
      if (!wire.isOpen) {
        await socket.close();
        return;
      }
      wire.sockets.push(socket);
      const server = socket.connectToServer();
      server.onMessage(message => {
        if (wire.delay === 0) socket.send(message);
        else setTimeout(() => socket.send(message), wire.delay);
      });
    });
    return wire;
  }
}

const bar = (workbench: Workbench, name: string) => workbench.block(name, workbench.notebook);

test('what is typed while a save is on its way stays', async ({ project, workbench, page }) => {
  await workbench.open('clean.ipynb');
  await expect(bar(workbench, 'clean')).toBeVisible();
  await setSource(page, 1, 'limit = 7');
  const saving = page.waitForRequest(request => request.method() === 'PUT');
  await page.route(/api\/contents\/.*clean\.ipynb/, async route => {
    if (route.request().method() === 'PUT') await new Promise(resolve => setTimeout(resolve, 800));
    await route.continue();
  });
  const saved = workbench.saveDocument();
  await saving;
  await setSource(page, 1, 'limit = 70');
  await saved;
  expect(project.sources('clean.ipynb')[1]).toBe('limit = 7');
  // The block's file is another now, and the notebook is held against it.
  await workbench.call('view', { project: project.path });
  project.edit('clean.ipynb', 'row < limit', 'row <= limit');
  await expect.poll(async () => (await sourcesShown(page)).join('\n')).toContain('row <= limit');
  expect(await sourcesShown(page)).toContain('limit = 70');
  expect(await isDirty(page)).toBe(true);
  await workbench.saveDocument();
  expect(project.sources('clean.ipynb')[1]).toBe('limit = 70');
});

test('what was edited before DAGpy could be asked stays, and what changed on disk meanwhile comes in', async ({
  project,
  workbench,
  page,
}) => {
  const wire = await Wire.of(page);
  wire.isOpen = false;
  await workbench.open('clean.ipynb');
  await setSource(page, 1, 'limit = 7');
  project.edit('clean.ipynb', 'row < limit', 'row <= limit');
  wire.isOpen = true;
  await expect.poll(async () => (await sourcesShown(page)).join('\n')).toContain('row <= limit');
  expect(await sourcesShown(page)).toContain('limit = 7');
  await workbench.saveDocument();
  expect(project.sources('clean.ipynb').join('\n')).toContain(
    'limit = 7\nkept = sorted(row for row in rows if row <= limit)',
  );
});

test('a notebook of a format without cell ids keeps each cell once', async ({ project, workbench, page }) => {
  for (const name of ['clean.ipynb', 'report.ipynb'])
    change(project, name, notebook => {
      for (const cell of notebook.cells) delete cell.id;
      notebook.nbformat_minor = 4;
    });
  await workbench.open('clean.ipynb');
  await expect(bar(workbench, 'clean')).toBeVisible();
  await setSource(page, 1, 'limit = 7');
  project.edit('clean.ipynb', 'row < limit', 'row <= limit');
  await expect
    .poll(() => sourcesShown(page))
    .toEqual(['# Clean', 'limit = 7', 'kept = sorted(row for row in rows if row <= limit)']);
  await workbench.saveDocument();
  expect(project.sources('clean.ipynb')).toEqual(await sourcesShown(page));
  await workbench.execute('dagpy:run-affected', {});
  await workbench.expectState('clean', 'fresh', workbench.notebook);
  expect(await sourcesShown(page)).toHaveLength(3);
});

const HOSTILE = [
  {
    output_type: 'display_data',
    metadata: {},
    data: {
      'text/html': ['<img src="x:" onerror="window.wasRun = true"><script>window.wasRun = true</script>'],
      'application/javascript': ['window.wasRun = true'],
    },
  },
];

test('outputs that come from a file that nobody trusts are not trusted', async ({
  project,
  workbench,
  page,
}) => {
  await project.dagpy('flow', 'report');
  await workbench.open('report.flow.ipynb');
  await expect(page.locator('.dagpy-bar')).toHaveCount(3);
  const hostile = (notebook: Notebook): void => {
    const cell = notebook.cells[2]!;
    cell.outputs = HOSTILE;
    cell.metadata = { trusted: true };
  };
  change(project, 'clean.ipynb', hostile);
  const found = async (): Promise<ShownCell | undefined> =>
    (await shown(page)).find(({ source }) => source.startsWith('kept'));
  await expect.poll(async () => JSON.stringify((await found())?.outputs)).toContain('wasRun');
  expect((await found())?.isTrusted).toBe(false);
  await workbench.saveDocument();
  await page.reload();
  await workbench.kernelIdle();
  await expect.poll(async () => JSON.stringify((await found())?.outputs)).toContain('wasRun');
  expect((await found())?.isTrusted).toBe(false);
  expect(await page.evaluate(() => 'wasRun' in window)).toBe(false);
  // What the block shows of a run of one's own is.
  await workbench.execute('dagpy:run-affected', {});
  await workbench.expectState('report', 'fresh', workbench.notebook);
  await expect.poll(async () => (await shown(page)).at(-1)?.isTrusted).toBe(true);
});

test('a cell that is typed in while its other version is on the way: both stand there', async ({
  project,
  workbench,
  page,
}) => {
  const wire = await Wire.of(page);
  await workbench.open('clean.ipynb');
  await expect(bar(workbench, 'clean')).toBeVisible();
  wire.delay = 1000;
  change(project, 'clean.ipynb', ({ cells, metadata }) => {
    cells[1]!.source = 'limit = 8';
    metadata['authors'] = [{ name: 'A. Colleague' }];
  });
  const asked = page.waitForResponse(/api\/contents\/.*clean\.ipynb/).catch(() => null);
  await page.waitForTimeout(1500);
  await setSource(page, 1, 'limit = 7');
  await asked;
  await expect(workbench.notebook.locator('.dagpy-conflict')).toBeVisible();
  expect(await sourcesShown(page)).toEqual(expect.arrayContaining(['limit = 7', 'limit = 8']));
  wire.delay = 0;
  // A block with the code of both would be neither's.
  await page.evaluate(async () => {
    const panel = window.jupyterapp.shell.currentWidget as NotebookPanel;
    await panel.context.save().catch(() => undefined);
  });
  expect(project.sources('clean.ipynb')).toHaveLength(3);
  expect(project.sources('clean.ipynb')[1]).toBe('limit = 8');
  await workbench.notebook.getByRole('button', { name: 'Keep mine' }).click();
  await expect.poll(() => project.sources('clean.ipynb')[1]).toBe('limit = 7');
  expect(project.sources('clean.ipynb')).toHaveLength(3);
  // What only the other side wrote into the notebook as a whole is there still.
  expect(project.notebook('clean.ipynb').metadata['authors']).toEqual([{ name: 'A. Colleague' }]);
});

test('two pages on one flow: what each writes, also outside of blocks, reaches the other', async ({
  project,
  workbench,
  page,
}) => {
  await project.dagpy('flow', 'report');
  change(project, 'report.flow.ipynb', ({ cells }) => {
    cells.push({
      id: 'scratch',
      metadata: { dagpy: { outside: true } },
      outputs: [],
      source: '1 + 1',
      ...{ cell_type: 'code', execution_count: null },
    });
  });
  await workbench.open('report.flow.ipynb');
  await expect(page.locator('.dagpy-bar')).toHaveCount(3);
  const second = await page.context().newPage();
  await second.goto(`${new URL(page.url()).origin}/doc/tree/${project.path}/report.flow.ipynb`);
  await expect(second.locator('.dagpy-bar')).toHaveCount(3);
  const last = (await sourcesShown(page)).length - 1;
  await setSource(page, last, '2 + 2');
  await setSource(page, 6, 'limit = 3');
  await workbench.saveDocument();
  await expect(second.locator('.jp-Notebook')).toContainText('limit = 3');
  await workbench.execute('dagpy:run-affected', {});
  await workbench.expectState('report', 'fresh', workbench.notebook);
  await workbench.expectState('report', 'fresh', second.locator('.jp-Notebook'));
  await expect(second.locator('.jp-Notebook')).toContainText('2 + 2');
  await second.waitForTimeout(2000);
  for (const each of [page, second]) await expect(each.getByRole('dialog')).toHaveCount(0);
  expect(project.sources('report.flow.ipynb').at(-1)).toBe('2 + 2');
  await second.close();
});
