/** `completion`: scripts for shells, and the answers that they ask for. */
import { findProject } from '../../adapters/dagFile/find.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import { readNotebook } from '../../adapters/notebooks/read.js';
import { join, resolve } from 'node:path';
import { derivedUid } from '../../engine/identity.js';
import type { DagFile } from '../../protocol/dagFile.js';
import type { Uid } from '../../protocol/ids.js';
import { ProblemError } from '../../protocol/problem.js';
import { complete, SHELLS, type Candidate, type Offers } from '../commandLine/complete.js';
import { surroundings } from '../environment.js';
import { openGround } from '../ground.js';
import type { Session } from '../session.js';

const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], string>> = {
  bash: `# Completion of dagpy for bash: dagpy completion bash >> ~/.bashrc
_dagpy() {
  local answer
  COMPREPLY=()
  while IFS=$'\\t' read -r answer _; do
    [[ -n $answer ]] && COMPREPLY+=("$answer")
  done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [[ \${#COMPREPLY[@]} -eq 0 ]]; then
    compopt -o default
  elif [[ \${COMPREPLY[0]} == *= ]]; then
    compopt -o nospace
  fi
}
complete -F _dagpy dagpy
`,
  zsh: `# Completion of dagpy for zsh: dagpy completion zsh >> ~/.zshrc
_dagpy() {
  local -a answers
  local line word
  for line in "\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    word=\${line%%$'\\t'*}
    [[ -n $word ]] && answers+=("\${word//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#answers} )); then
    _describe 'dagpy' answers
  else
    _files
  fi
}
compdef _dagpy dagpy
`,
  fish: `# Completion of dagpy for fish: dagpy completion fish > ~/.config/fish/completions/dagpy.fish
function __dagpy_complete
    set -l words (commandline -opc)
    set -l answers (command $words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null)
    if test (count $answers) -eq 0
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $answers
    end
end
complete -c dagpy -f -a '(__dagpy_complete)'
`,
};

export function completion(session: Session, shell: string): Promise<number> {
  const known = SHELLS.find(each => each === shell);
  if (known === undefined) {
    throw new ProblemError([
      {
        code: 'call',
        message: `there is no completion for ${JSON.stringify(shell)}`,
        remedy: `name one of: ${SHELLS.join(', ')}`,
      },
    ]);
  }
  session.print(SCRIPTS[known]);
  return Promise.resolve(0);
}

/**
 * Answers a shell: one candidate a line, with what it is about behind a tab. Silent where anything is wrong, since
 * nobody reads messages in the middle of a line.
 * @param words after the name of the program; the last one is being typed
 */
export async function answerShell(words: readonly string[], bundleFolder: string): Promise<string> {
  const around = surroundings(bundleFolder);
  const before = words.slice(0, -1);
  const at = before.findIndex(word => word === '-C' || word === '--directory');
  const near = at >= 0 ? resolve(around.cwd, before[at + 1] ?? '.') : around.cwd;
  const found = findProject(near);
  const loaded = found.ok ? loadDagFile(found.value) : undefined;
  const dag: DagFile | undefined = loaded?.ok === true ? loaded.value.dag : undefined;
  const ground = found.ok && wantsExports(before) ? await openGround(around, found.value) : undefined;
  const offers: Offers = {
    blocks: () => dag?.blocks.map(({ id, notebook }) => ({ word: id, summary: notebook })) ?? [],
    parameters: () => [...(dag?.parameters.keys() ?? [])],
    tags: () => [
      ...new Set(
        (dag?.blocks ?? []).flatMap(({ tags }) => [...tags].map(([key, value]) => `${key}=${value}`)),
      ),
    ],
    exports: id => {
      const block = dag?.blocks.find(each => each.id === id);
      if (block === undefined || ground === undefined || !found.ok) return [];
      const read = readNotebook(join(found.value, block.notebook), block.notebook);
      const uid = (read.ok ? read.value.uid : undefined) ?? derivedUid(id, ground.hasher.digest);
      const last = ground.store.memory.read(uid as Uid).last;
      return (
        last?.exports
          .flatMap(({ variables }) => variables)
          .map(({ name, type }): Candidate => ({ word: name, summary: type })) ?? []
      );
    },
  };
  return complete(before, words.at(-1) ?? '', offers)
    .map(({ word, summary }) => `${word}\t${summary}\n`)
    .join('');
}

const wantsExports = (before: readonly string[]): boolean => before.includes('value');
