/** Parameters that have no effect where a cell sets the name itself. */
import type { LoadedProject } from '../daemon/loadProject.js';
import type { Problem } from '../protocol/problem.js';
import { namesGiven } from './parameters.js';

/** A cell that binds the name before any reads it takes no notice of the value that was given. */
export function assignedParameters({ blocks }: LoadedProject, given: readonly string[]): readonly Problem[] {
  return [...new Set(namesGiven(given))].flatMap(name =>
    [...blocks.values()].flatMap(({ snapshot, notebook }): readonly Problem[] => {
      const first = snapshot.cells.findIndex(
        facts => facts.loads.includes(name) || facts.binds.includes(name),
      );
      const place = notebook.cells.filter(cell => cell.type === 'code')[first]?.place;
      if (place === undefined || snapshot.cells[first]?.loads.includes(name) === true) return [];
      return [
        {
          code: 'parameter-assigned',
          message: `block ${snapshot.declaration.id} sets ${name} itself, so -p has no effect there`,
          file: snapshot.declaration.notebook,
          cell: place,
          remedy: `take the line that sets ${name} out of the cell`,
        },
      ];
    }),
  );
}
