/** What a person does in the sidebar *Blocks*, and what comes of it on disk. */
import { expect, inBoth, test } from '../fixtures/index.js';
import type { StoryProject } from '../fixtures/project.js';
import type { Workbench } from '../fixtures/workbench.js';

interface BlockOnDisk {
  readonly notebook: string;
  readonly parents?: readonly string[];
  readonly filter?: readonly string[];
}

const blocksIn = (project: StoryProject): Partial<Record<string, BlockOnDisk>> =>
  (JSON.parse(project.read('dag.json')) as { readonly blocks: Record<string, BlockOnDisk> }).blocks;

const ALL_FRESH = { load: 'fresh', clean: 'fresh', report: 'fresh' } as const;

async function showBlocks(workbench: Workbench): Promise<void> {
  await workbench.execute('dagpy:show-blocks');
  await expect(workbench.sidebar).toBeVisible();
}

async function setTheme(workbench: Workbench, isLight: boolean): Promise<void> {
  await workbench.execute('apputils:change-theme', {
    theme: isLight ? 'JupyterLab Light' : 'JupyterLab Dark',
  });
  await expect(workbench.page.locator('body')).toHaveAttribute('data-jp-theme-light', String(isLight));
}

/** Opens the project with its sidebar and brings everything up to date by its button. */
async function runAll(workbench: Workbench): Promise<void> {
  await workbench.start();
  await showBlocks(workbench);
  await workbench.sidebar.getByRole('button', { name: 'Run affected' }).click();
  await workbench.expectStates(ALL_FRESH, workbench.sidebar);
}

test(
  'an edit on disk turns exactly its descendants; run affected makes them fresh again',
  inBoth,
  async ({ project, workbench }) => {
    await runAll(workbench);
    expect(await project.states()).toEqual(ALL_FRESH);
    await expect(workbench.sidebar.getByRole('status')).toHaveText('3 blocks · all fresh');
    const cleaned = project.read('clean.ipynb');

    project.edit('clean.ipynb', 'limit = 10', 'limit = 6');
    await workbench.expectStates({ load: 'fresh', clean: 'stale', report: 'affected' }, workbench.sidebar);
    await expect(workbench.block('clean', workbench.sidebar)).toHaveAttribute(
      'data-reason',
      /cell 2 changed/,
    );
    await expect(workbench.sidebar.getByRole('button', { name: 'Run affected · 2' })).toBeEnabled();

    project.write('clean.ipynb', cleaned);
    await workbench.expectStates(ALL_FRESH, workbench.sidebar);

    project.edit('clean.ipynb', 'limit = 10', 'limit = 6');
    await workbench.expectState('clean', 'stale', workbench.sidebar);
    await workbench.sidebar.getByRole('button', { name: 'Run affected' }).click();
    await workbench.expectStates(ALL_FRESH, workbench.sidebar);
    expect(await project.states()).toEqual(ALL_FRESH);
  },
);

test('the preview says what will run and why, and runs it', async ({ page, project, workbench }) => {
  await runAll(workbench);
  project.edit('clean.ipynb', 'limit = 10', 'limit = 6');
  await workbench.expectState('clean', 'stale', workbench.sidebar);
  await workbench.sidebar.getByRole('button', { name: 'Preview' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Up to 2 blocks will run, 1 is kept');
  await expect(dialog.locator('[data-preview=clean]')).toContainText('cell 2 changed');
  await expect(dialog.locator('[data-preview=report]')).toContainText(
    'only if its inputs come out different',
  );
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect((await project.states())['clean']).toBe('stale');

  await workbench.sidebar.getByRole('button', { name: 'Preview' }).click();
  await dialog.getByRole('button', { name: 'Run', exact: true }).click();
  await workbench.expectStates(ALL_FRESH, workbench.sidebar);
  expect(await project.states()).toEqual(ALL_FRESH);
});

test('a block is added, what is typed is checked, and it is dragged to where it is to stand', async ({
  page,
  project,
  workbench,
}) => {
  await workbench.start();
  await showBlocks(workbench);
  await workbench.sidebar.getByRole('button', { name: 'Add', exact: true }).click();
  const dialog = page.getByRole('dialog');
  const add = dialog.getByRole('button', { name: 'Add' });
  const name = dialog.getByLabel('Name');
  await name.fill('load');
  await expect(dialog).toContainText('There is a block load already.');
  await expect(add).toBeDisabled();
  await name.fill('no spaces');
  await expect(dialog).toContainText('may hold letters');
  await dialog.getByText('Whole session').click();
  await expect(add).toBeDisabled();
  await name.fill('figures');
  await dialog.getByLabel('Another block').fill('clean');
  await expect(dialog.locator('[data-parent=clean]')).toBeChecked();
  await add.click();
  await expect(workbench.block('figures', workbench.sidebar)).toBeVisible();
  const { figures } = blocksIn(project);
  expect(figures?.parents).toEqual(['clean']);
  expect(project.exists(figures?.notebook ?? '?')).toBe(true);

  expect(Object.keys(blocksIn(project))).toEqual(['load', 'clean', 'figures', 'report']);
  await workbench
    .block('report', workbench.sidebar)
    .dragTo(workbench.block('figures', workbench.sidebar), { targetPosition: { x: 120, y: 3 } });
  await expect.poll(() => Object.keys(blocksIn(project))).toEqual(['load', 'clean', 'report', 'figures']);
  expect(blocksIn(project)['report']?.parents).toEqual(['clean']);
});

test('keyboard alone: choose, rename, remove, undo', async ({ page, project, workbench }) => {
  await runAll(workbench);
  const tree = workbench.sidebar.getByRole('tree');
  await tree.focus();
  await page.keyboard.press('End');
  await expect(workbench.block('report', workbench.sidebar)).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.type('cl');
  await expect(workbench.block('clean', workbench.sidebar)).toHaveAttribute('aria-selected', 'true');

  await page.keyboard.press('F2');
  const field = workbench.sidebar.getByRole('textbox', { name: 'New name of clean' });
  await expect(field).toBeFocused();
  await page.keyboard.type('tidy');
  await page.keyboard.press('Enter');
  await workbench.expectStates({ load: 'fresh', tidy: 'fresh', report: 'fresh' }, workbench.sidebar);
  await expect(tree).toBeFocused();
  expect(Object.keys(blocksIn(project))).toEqual(['load', 'tidy', 'report']);
  expect(blocksIn(project)['report']?.parents).toEqual(['tidy']);

  const before = project.read('dag.json');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(workbench.block('report', workbench.sidebar)).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Delete');
  await expect(workbench.block('report', workbench.sidebar)).toHaveCount(0);
  expect(project.read('dag.json')).not.toContain('report');
  expect(project.exists('report.ipynb')).toBe(true);

  await page.getByRole('button', { name: 'Undo' }).click();
  await workbench.expectState('report', 'fresh', workbench.sidebar);
  expect(project.read('dag.json')).toBe(before);

  await tree.focus();
  await page.keyboard.press('Shift+F10');
  const menu = page.getByRole('menu').filter({ hasText: 'Remove Block' });
  await expect(menu).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(tree).toBeFocused();
  await page.keyboard.press('Shift+F10');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await expect(menu).toHaveCount(0);
  await expect(workbench.block('report', workbench.sidebar)).toHaveCount(0);
  expect(project.read('dag.json')).not.toContain('report');
  await expect(tree).toBeFocused();
});

test('what a block hands on is chosen from the variables that it makes', async ({
  page,
  project,
  workbench,
}) => {
  await runAll(workbench);
  await workbench.block('load', workbench.sidebar).click();
  await workbench.sidebar.getByRole('button', { name: 'Choose What It Hands On…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Chosen variables').click();
  await expect(dialog.locator('[data-variable=rows]')).toBeChecked();
  await expect(dialog).toContainText('read by clean');
  await dialog.getByLabel('Further names and patterns').fill('stats_*');
  await dialog.getByRole('button', { name: 'Set filter' }).click();
  await expect(dialog).toHaveCount(0);
  await expect.poll(() => blocksIn(project)['load']?.filter).toContain('rows');
  expect(blocksIn(project)['load']?.filter).toContain('stats_*');
});

test(
  'a block that fails says why and is told, with the way to it',
  inBoth,
  async ({ app, page, project, workbench }) => {
    project.edit('report.ipynb', 'best = kept[-1]', "best = {}['age']");
    // From its list of files Notebook 7 opens notebooks in a page of their own.
    if (app === 'notebook') await workbench.open('report.ipynb');
    else await workbench.start();
    await showBlocks(workbench);
    await workbench.sidebar.getByRole('button', { name: 'Run affected' }).click();
    await workbench.expectStates({ load: 'fresh', clean: 'fresh', report: 'failed' }, workbench.sidebar);
    await expect(workbench.block('report', workbench.sidebar)).toHaveAttribute(
      'data-reason',
      'KeyError in cell 2',
    );
    await expect(workbench.sidebar.getByRole('status')).toContainText('1 failed');
    const notice = page.locator('.Toastify__toast', { hasText: 'report failed: KeyError in cell 2' });
    await notice.getByRole('button', { name: 'Show' }).click();
    await expect(workbench.notebook.getByText("best = {}['age']").first()).toBeVisible();
    expect((await project.states())['report']).toBe('failed');
  },
);

test('a run is cancelled, and what was done stays', async ({ project, workbench }) => {
  project.edit('report.ipynb', 'best = kept[-1]', 'import time\\ntime.sleep(120)');
  await workbench.start();
  await showBlocks(workbench);
  await workbench.sidebar.getByRole('button', { name: 'Run affected' }).click();
  await workbench.expectState('report', 'running', workbench.sidebar);
  await workbench.sidebar.getByRole('button', { name: 'Cancel', exact: true }).click();
  await expect(workbench.sidebar.getByRole('button', { name: 'Run affected' })).toBeEnabled();
  await workbench.expectStates({ load: 'fresh', clean: 'fresh' }, workbench.sidebar);
  const states = await project.states();
  expect(states['clean']).toBe('fresh');
  expect(states['report']).not.toBe('fresh');
});

test('what is being edited is saved before it is run', async ({ page, project, workbench }) => {
  await project.dagpy('run');
  await workbench.open('clean.ipynb');
  await showBlocks(workbench);
  await workbench.expectStates(ALL_FRESH, workbench.sidebar);
  await workbench.notebook.getByText('limit = 10').click();
  await page.keyboard.press('End');
  await page.keyboard.type('0');
  await workbench.sidebar.getByRole('button', { name: 'Run affected' }).click();
  await expect.poll(() => project.sources('clean.ipynb')).toContain('limit = 100');
  await expect.poll(() => project.states()).toEqual(ALL_FRESH);
  await workbench.expectStates(ALL_FRESH, workbench.sidebar);
  expect(JSON.stringify(project.notebook('report.ipynb').cells)).toContain('best 20');
});

test('a link that makes a cycle is refused with its path', async ({ page, project, workbench }) => {
  await workbench.start();
  await showBlocks(workbench);
  const before = project.read('dag.json');
  const { sidebar } = workbench;
  await workbench.block('report', sidebar).dragTo(workbench.block('load', sidebar));
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Could not link');
  for (const id of ['load', 'clean', 'report']) await expect(dialog).toContainText(id);
  await dialog.getByRole('button', { name: 'Close' }).click();
  expect(project.read('dag.json')).toBe(before);

  await workbench.block('load', sidebar).dragTo(workbench.block('report', sidebar));
  await expect.poll(() => blocksIn(project)['report']?.parents).toEqual(['clean', 'load']);
});

test('a dag.json that can not be read is told with its place, and nothing runs', async ({
  app,
  page,
  project,
  workbench,
}) => {
  await workbench.start();
  await showBlocks(workbench);
  await expect(workbench.block('clean', workbench.sidebar)).toBeVisible();
  const good = project.read('dag.json');
  project.write('dag.json', good.replace('"kernel": "python3",', '"kernel": "python3"'));
  await expect(workbench.sidebar.getByRole('alert')).toContainText('dag.json, line');
  await expect(workbench.sidebar.getByRole('button', { name: 'Run affected' })).toBeDisabled();
  await workbench.expectAccessible('.dagpy-Sidebar');
  await workbench.sidebar.getByRole('button', { name: 'Open dag.json' }).click();
  // The comma is missed where the next entry begins.
  if (app === 'lab') await expect(page.locator('#jp-main-statusbar')).toContainText('Ln 5');
  project.write('dag.json', good);
  await expect(workbench.sidebar.getByRole('alert')).toHaveCount(0);
  await expect(workbench.block('clean', workbench.sidebar)).toBeVisible();
});

test('a daemon that is killed is told of, and comes back', async ({ project, workbench }) => {
  await runAll(workbench);
  const { body } = await workbench.call('hello');
  process.kill((body as { readonly pid: number }).pid, 'SIGKILL');
  await expect(workbench.sidebar.getByRole('alert')).toContainText('DAGpy is not running');
  const retry = workbench.sidebar.getByRole('button', { name: 'Retry' });
  await retry.click({ timeout: 5000 }).catch(() => undefined);
  await expect(workbench.sidebar.getByRole('alert')).toHaveCount(0, { timeout: 30_000 });
  project.edit('clean.ipynb', 'limit = 10', 'limit = 6');
  await workbench.expectState('clean', 'stale', workbench.sidebar);
  await workbench.sidebar.getByRole('button', { name: 'Run affected' }).click();
  await workbench.expectStates(ALL_FRESH, workbench.sidebar);
  expect(await project.states()).toEqual(ALL_FRESH);
});

test('nothing keeps people with a screen reader from the sidebar', async ({ page, project, workbench }) => {
  project.edit('report.ipynb', 'best = kept[-1]', "best = {}['age']");
  await workbench.start();
  await showBlocks(workbench);
  await workbench.sidebar.getByRole('button', { name: 'Run affected' }).click();
  await workbench.expectState('report', 'failed', workbench.sidebar);
  await workbench.block('report', workbench.sidebar).click();
  await expect(
    workbench.sidebar.getByRole('treeitem', { name: 'report, failed: KeyError in cell 2' }),
  ).toBeVisible();
  for (const isLight of [true, false]) {
    await setTheme(workbench, isLight);
    await workbench.expectAccessible('.dagpy-Sidebar');
    await page.keyboard.press('Control+Shift+a');
    await page.getByRole('dialog').getByText('Chosen variables').click();
    await workbench.expectAccessible('.dagpy-Form');
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  }
  await setTheme(workbench, true);
});

test('settings take effect at once', async ({ app, page, project, workbench }) => {
  test.skip(app === 'notebook', 'a notebook and the DAG are not in front at once');
  const set = (values: Record<string, string | number | boolean>): Promise<void> =>
    page.evaluate(async values => {
      const registry = await window.galata.getPlugin('@jupyterlab/apputils-extension:settings');
      for (const [key, value] of Object.entries(values))
        await registry?.set('jupyterlab-dagpy:plugin', key, value);
    }, values);
  const run = workbench.sidebar.getByRole('button', { name: 'Run affected' });
  await workbench.open('clean.ipynb');
  await showBlocks(workbench);

  await set({ notifyAfterSeconds: 0 });
  await run.click();
  await workbench.expectStates(ALL_FRESH, workbench.sidebar);
  await expect(page.locator('.Toastify__toast', { hasText: 'chain: 3 blocks ran in' })).toBeVisible();

  project.edit('clean.ipynb', 'limit = 10', 'limit = 6');
  await workbench.expectState('clean', 'stale', workbench.sidebar);
  const dialog = page.getByRole('dialog');
  for (const values of [{ confirmRun: 'always' }, { confirmRun: 'many', confirmAbove: 1 }]) {
    await set(values);
    await run.click();
    await expect(dialog).toContainText('Up to 2 blocks will run');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  }
  expect((await project.states())['clean']).toBe('stale');
  await set({ confirmAbove: 2 });
  await run.click();
  await workbench.expectStates(ALL_FRESH, workbench.sidebar);

  const header = workbench.block('clean', workbench.notebook);
  await expect(header).toBeVisible();
  await workbench.expectAccessible('.dagpy-bar');
  await set({ showBlockHeaders: false });
  await expect(header).toHaveCount(0);
  await expect(workbench.notebook.locator('.dagpy-cell')).toHaveCount(0);
  await set({ showBlockHeaders: true });
  await expect(header).toBeVisible();

  await workbench.execute('dagpy:show-dag');
  const place = async (id: string): Promise<{ readonly x: number; readonly y: number }> =>
    (await workbench.block(id, workbench.panel).boundingBox()) ?? { x: NaN, y: NaN };
  for (const [dagDirection, along, across] of [
    ['right', 'x', 'y'],
    ['down', 'y', 'x'],
  ] as const) {
    await set({ dagDirection });
    await expect(async () => {
      const [load, clean] = [await place('load'), await place('clean')];
      expect(clean[along]).toBeGreaterThan(load[along] + 20);
      expect(Math.abs(clean[across] - load[across])).toBeLessThan(5);
    }).toPass({ timeout: 10_000 });
  }
});

test.describe('where there is no project', () => {
  test.use({ template: 'notes' });

  test('the folder becomes one', async ({ app, page, project, workbench }) => {
    test.skip(app === 'notebook', 'its list of files has no sidebar');
    await workbench.openPath(`${project.path}/without.ipynb`);
    await showBlocks(workbench);
    await expect(workbench.sidebar).toContainText('No project here yet');
    expect(project.exists('dag.json')).toBe(false);
    await workbench.sidebar.getByRole('button', { name: 'Make this folder a project' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('diary');
    await page.getByRole('dialog').getByRole('button', { name: 'Make project' }).click();
    await expect(workbench.sidebar).toContainText('No blocks yet');
    expect(JSON.parse(project.read('dag.json'))).toMatchObject({ name: 'diary' });
  });
});
