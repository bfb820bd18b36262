/** What every command shares: where it runs, how it tells things, and the project it opened. */
import type { Problem } from '../protocol/problem.js';
import type { Surroundings } from './environment.js';
import { openGround, type Ground } from './ground.js';
import type { OpenProject } from './openProject.js';
import { projectFolder } from './projectFolder.js';
import { describe, describeWarning } from './report.js';
import { styleFor, type Style } from './terminal/style.js';

export interface Session {
  readonly around: Surroundings;
  readonly outStyle: Style;
  readonly errorStyle: Style;
  /** The answer of the command. */
  print(text: string): void;
  /** The one document of `--json`. */
  printJson(value: unknown): void;
  /** Remarks for people beside the answer. */
  note(text: string): void;
  warn(problem: Problem): void;
  complain(problem: Problem): void;
  /** How many remarks, warnings and complaints were made so far. */
  remarks(): number;
  /** Folder of the project. @param near where to look from, if the call does not say (default: the working folder) */
  folder(near?: string): string;
  /** What commands on the project stand on; the same at every call. */
  ground(): Promise<Ground>;
  /** Opens the project, and closes it whatever `use` does. */
  withProject<Value>(use: (project: OpenProject) => Promise<Value>): Promise<Value>;
}

export function createSession(around: Surroundings, directory: string | undefined): Session {
  const outStyle = styleFor(around.stdout, around.environment);
  const errorStyle = styleFor(around.stderr, around.environment);
  let remarks = 0;
  const remark = (text: string): void => {
    remarks += 1;
    around.stderr.write(text);
  };
  const note = (text: string): void => remark(`${text}\n`);
  const folder = (near = around.cwd): string => projectFolder(around, directory, near);
  let opened: Promise<Ground> | undefined;
  const ground = (): Promise<Ground> => (opened ??= openGround(around, folder()));
  return {
    around,
    outStyle,
    errorStyle,
    print: text => void around.stdout.write(text),
    printJson: value => void around.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    note,
    warn: problem => remark(describeWarning(problem, errorStyle)),
    complain: problem => remark(describe(problem, errorStyle)),
    remarks: () => remarks,
    folder,
    ground,
    async withProject(use) {
      const { openProject } = await import('./openProject.js');
      const project = await openProject(around, await ground(), note);
      for (const warning of project.dag.warnings) remark(describeWarning(warning, errorStyle));
      try {
        return await use(project);
      } finally {
        await project.close();
      }
    },
  };
}
