// A reporter for node's test runner: prints what fails, and leaves the counts in the file DAGPY_TEST_SUMMARY.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

export default async function* reporter(events) {
  const summary = { passed: 0, failed: 0, skipped: 0, failing: [] };
  const path = [];
  for await (const { type, data } of events) {
    if (type === 'test:start') path[data.nesting] = data.name;
    if (type === 'test:stderr' || type === 'test:stdout') yield data.message;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const error = data.details.error;
    const onlyParent = error?.failureType === 'subtestsFailed';
    if (data.details.type === 'suite' && (type === 'test:pass' || onlyParent)) continue;
    if (data.skip !== undefined || data.todo !== undefined) {
      summary.skipped += 1;
    } else if (type === 'test:pass') {
      summary.passed += 1;
    } else if (!onlyParent) {
      const file = data.file ? `${relative(process.cwd(), data.file)}: ` : '';
      const name = file + [...path.slice(0, data.nesting), data.name].join(' > ');
      summary.failed += 1;
      summary.failing.push(name);
      const cause = error?.cause ?? error;
      yield `\nFAILED ${name}\n${cause?.stack ?? String(cause)}\n`;
    }
  }
  if (process.env.DAGPY_TEST_SUMMARY) writeFileSync(process.env.DAGPY_TEST_SUMMARY, JSON.stringify(summary));
}
