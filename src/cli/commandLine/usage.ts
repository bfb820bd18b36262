/** How a command is written, in one line. */
import type { ArgumentSpec } from './spec.js';
import { commandNames, groups, specOf, type CommandName, type GroupName } from './table.js';

/** `run [targets...]`, without options. */
export function formOf(command: CommandName): string {
  return [command, ...specOf(command).arguments.map(shown)].join(' ');
}

/** `dagpy run [options] [targets...]`. */
export function usageOf(command: CommandName): string {
  const { arguments: taken, options } = specOf(command);
  const hasOptions = Object.keys(options).length > 0;
  return ['dagpy', command, ...(hasOptions ? ['[options]'] : []), ...taken.map(shown)].join(' ');
}

/** `cache [list|gc|verify|clear]`. */
export function groupForm(group: GroupName): string {
  return `${group} [${membersOf(group)
    .map(name => name.slice(group.length + 1))
    .join('|')}]`;
}

export const membersOf = (group: GroupName): readonly CommandName[] =>
  commandNames.filter(name => name.startsWith(`${group} `));

/** Commands and groups in the order of the table. */
export function listed(): readonly { readonly form: string; readonly summary: string }[] {
  const alone = commandNames.filter(name => !name.includes(' '));
  return [
    ...alone.map(name => ({ form: formOf(name), summary: specOf(name).summary })),
    ...(Object.keys(groups) as GroupName[]).map(name => ({
      form: groupForm(name),
      summary: groups[name].summary,
    })),
  ];
}

function shown({ name, takes }: ArgumentSpec): string {
  switch (takes) {
    case 'one':
      return `<${name}>`;
    case 'optional':
      return `[${name}]`;
    case 'some':
      return `<${name}...>`;
    case 'many':
      return `[${name}...]`;
  }
}
