/** The DAG panel: live states, edits by hand and by keys, thousands of blocks. */
import type { Locator } from '@playwright/test';
import { expect, inBoth, test } from '../fixtures/index.js';
import type { StoryProject } from '../fixtures/project.js';
import type { Workbench } from '../fixtures/workbench.js';

/** More than are drawn as cards. */
const MANY = 300;

/** Opens the panel as a person does in each application; the project's blocks are drawn when it resolves. */
async function openPanel({ app, page }: Workbench, project: StoryProject, first = 'load'): Promise<void> {
  if (app === 'lab') {
    await page.goto(`tree/${project.path}`);
    await page.getByRole('listitem', { name: /dag\.json/ }).dblclick();
  } else await page.goto(`notebooks/${project.path}/load.ipynb`);
  if (app === 'notebook') {
    await page.locator('.jp-Notebook').waitFor();
    await page.evaluate(() => window.jupyterapp.commands.execute('dagpy:show-dag'));
  }
  await expect(
    page.getByRole('region', { name: 'DAG', exact: true }).locator(`[data-block="${first}"]`),
  ).toBeVisible();
}

interface DagOnDisk {
  readonly blocks: Readonly<Record<string, { readonly parents?: readonly unknown[] }>>;
}
const dagOf = (project: StoryProject): DagOnDisk => JSON.parse(project.read('dag.json')) as DagOnDisk;
const parentsOf = (project: StoryProject, block: string): readonly unknown[] =>
  dagOf(project).blocks[block]?.parents ?? [];

async function centreOf(locator: Locator): Promise<{ readonly x: number; readonly y: number }> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error('it is not drawn');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** Drags from the port of one block to another, and stays there until `look` has looked. */
async function dragLink(
  { page, panel }: Workbench,
  from: string,
  to: string,
  look: () => Promise<void>,
): Promise<void> {
  const source = panel.locator(`[data-block="${from}"]`);
  await source.hover();
  const start = await centreOf(source.locator('.dagpy-node-port'));
  const end = await centreOf(panel.locator(`[data-block="${to}"] .dagpy-node-box`));
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  await page.mouse.move((start.x + end.x) / 2 + 60, (start.y + end.y) / 2, { steps: 4 });
  await page.mouse.move(end.x, end.y, { steps: 4 });
  await look();
  await page.mouse.up();
}

test('dag.json opens as its DAG, whose states follow a run', inBoth, async ({ project, workbench }) => {
  await openPanel(workbench, project);
  await workbench.expectStates({ load: 'never', clean: 'never', report: 'never' }, workbench.panel);
  await workbench.execute('dagpy:run-affected');
  await workbench.expectStates({ load: 'fresh', clean: 'fresh', report: 'fresh' }, workbench.panel);
  project.edit('numbers.txt', '20', '5');
  await workbench.expectState('load', 'stale', workbench.panel);
  await workbench.expectState('report', 'affected', workbench.panel);
  await expect(workbench.panel.locator('.dagpy-edge.is-lit')).toHaveCount(2);
  expect(await project.states()).toMatchObject({ load: 'stale' });
});

test('a link drawn by hand is an edge of dag.json; one that would close a cycle is refused before it is dropped', async ({
  project,
  workbench,
}) => {
  await openPanel(workbench, project);
  const before = project.read('dag.json');
  await dragLink(workbench, 'report', 'load', async () => {
    await expect(workbench.panel.locator('[data-block="load"]')).toHaveClass(/is-refused/);
    await expect(workbench.panel.locator('.dagpy-dag-hint')).toHaveText(
      'Would close a cycle: report → load → clean → report',
    );
  });
  await expect(workbench.panel.locator('[role="status"]').filter({ hasText: 'cycle' })).toHaveCount(1);
  expect(project.read('dag.json')).toBe(before);

  await dragLink(workbench, 'load', 'report', async () => {
    await expect(workbench.panel.locator('[data-block="report"]')).toHaveClass(/is-target/);
  });
  await expect.poll(() => parentsOf(project, 'report')).toEqual(['clean', 'load']);
  await expect(workbench.panel.locator('.dagpy-edge[data-from="load"][data-to="report"]')).toHaveCount(1);
});

test('an edge and a block are deleted, and undo brings them back as they were', async ({
  page,
  project,
  workbench,
}) => {
  await openPanel(workbench, project);
  const { panel } = workbench;
  const before = project.read('dag.json');
  const edge = panel.locator('.dagpy-edge[data-from="clean"][data-to="report"]');
  // The names of what crosses it stand there, and stand for it.
  const { x, y } = await centreOf(edge.locator('.dagpy-edge-target'));
  await page.mouse.click(x, y);
  await expect(edge).toHaveClass(/is-selected/);
  await page.keyboard.press('Delete');
  await expect.poll(() => parentsOf(project, 'report')).toEqual([]);
  await expect(edge).toHaveCount(0);
  await page.keyboard.press('Control+z');
  await expect(edge).toHaveCount(1);
  await expect.poll(() => project.read('dag.json')).toBe(before);

  const clean = panel.locator('[data-block="clean"]');
  await clean.click();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Delete');
  await expect(clean).toHaveCount(0);
  await expect.poll(() => Object.keys(dagOf(project).blocks)).toEqual(['load', 'report']);
  await panel.locator('[data-block="load"]').focus();
  await page.keyboard.press('Control+z');
  await expect(clean).toHaveCount(1);
  await expect.poll(() => project.read('dag.json')).toBe(before);
});

test('by keyboard alone: go, why, run, search, link', inBoth, async ({ page, project, workbench }) => {
  await openPanel(workbench, project);
  const block = (id: string): Locator => workbench.panel.locator(`[data-block="${id}"]`);
  await block('load').focus();
  await page.keyboard.press('ArrowDown');
  await expect(block('clean')).toBeFocused();
  await page.keyboard.press('w');
  const why = page.getByRole('dialog', { name: 'Why clean stands as it does' });
  await expect(why).toContainText('clean: never run');
  await expect(why).toContainText('Will run: load and clean');
  await page.keyboard.press('Escape');
  await expect(why).toBeHidden();
  await page.keyboard.press('Space');
  await expect(block('clean')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('r');
  await workbench.expectStates({ load: 'fresh', clean: 'fresh' }, workbench.panel);
  await expect(workbench.panel.getByRole('status').filter({ hasText: 'Run finished' })).toHaveText(
    /2 blocks ran/,
  );
  expect(await project.states()).toMatchObject({ clean: 'fresh', report: 'never' });

  await page.keyboard.press('/');
  await page.keyboard.type('rep');
  await page.keyboard.press('Enter');
  await expect(block('report')).toHaveClass(/is-found/);
  await page.keyboard.press('Escape');
  await expect(block('report')).toBeFocused();

  await page.keyboard.press('Home');
  await page.keyboard.press('l');
  await page.keyboard.press('End');
  await expect(workbench.panel.locator('.dagpy-dag-hint')).toHaveText('report will read what load hands on');
  await page.keyboard.press('Enter');
  await expect.poll(() => parentsOf(project, 'report')).toEqual(['clean', 'load']);
});

test('the panel keeps nobody out', async ({ page, project, workbench }) => {
  await openPanel(workbench, project);
  await workbench.panel.locator('[data-block="clean"]').click();
  await expect(page.locator('.dagpy-dag-popover')).toContainText('never run');
  await workbench.expectAccessible('.dagpy-dag-panel');
  await workbench.execute('apputils:change-theme', { theme: 'JupyterLab Dark' });
  await expect(page.locator('body')).toHaveAttribute('data-jp-theme-light', 'false');
  await workbench.expectAccessible('.dagpy-dag-panel');
});

test.describe('a broken dag.json', () => {
  test('says where it is broken, and opens as text', async ({ app, page, project, workbench }) => {
    test.skip(app === 'notebook', 'files open in tabs of their own');
    project.write('dag.json', '{\n  "version": 1,\n  "blocks": oops\n}\n');
    await page.goto(`tree/${project.path}`);
    await page.getByRole('listitem', { name: /dag\.json/ }).dblclick();
    await expect(workbench.panel).toContainText(/line 3/);
    await workbench.panel.getByRole('button', { name: 'Open dag.json as text' }).click();
    await expect(page.locator('.jp-FileEditor')).toBeVisible();
  });
});

test('hundreds of blocks are drawn at once, and a change of one touches only that one', async ({
  page,
  project,
  workbench,
}) => {
  const blocks: Record<string, object> = {};
  for (let place = 0; place < MANY; place += 1) {
    const parents = [place - 1 - (place % 7), place - 1 - ((place * 31) % 60)].filter(each => each >= 0);
    blocks[`b${String(place)}`] = {
      notebook: 'load.ipynb',
      ...(place === 0 ? {} : { parents: [...new Set(parents)].map(each => `b${String(each)}`) }),
    };
  }
  for (const id of Object.keys(blocks)) {
    project.write(`${id}.ipynb`, project.read('load.ipynb'));
    Object.assign(blocks[id]!, { notebook: `${id}.ipynb` });
  }
  project.write('dag.json', JSON.stringify({ version: 1, name: 'large', kernel: 'python3', blocks }));
  await openPanel(workbench, project, 'b0');
  const drawn = workbench.panel.locator('[data-block]');
  await expect(drawn).toHaveCount(MANY, { timeout: 30_000 });
  // Elements are counted, never seconds.
  expect(await workbench.panel.locator('*').count()).toBeLessThan(6 * MANY);
  await page.evaluate(() => {
    const nodes = document.querySelector('.dagpy-dag-view');
    const counted = { added: 0 };
    Object.assign(window, { counted });
    new MutationObserver(records => {
      for (const { addedNodes } of records) counted.added += addedNodes.length;
    }).observe(nodes!, { childList: true, subtree: true });
  });
  const target = { kind: 'ids', selectors: ['b0'], reach: 'needs' };
  await workbench.call('run', { project: project.path, target });
  await workbench.expectState('b0', 'fresh', workbench.panel);
  const { added } = await page.evaluate(() => (window as unknown as { counted: { added: number } }).counted);
  expect(added).toBeLessThan(40);
});
