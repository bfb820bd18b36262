// Counts and failing names in a JUnit report as pytest writes it.
export function readJunit(xml) {
  const attribute = (text, name) => new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1] ?? '';
  const cases = [...xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)];
  const failing = cases
    .filter(([, , body = '']) => /<(failure|error)\b/.test(body))
    .map(([, head]) => `${attribute(head, 'classname')}::${attribute(head, 'name')}`);
  const skipped = cases.filter(([, , body = '']) => /<skipped\b/.test(body)).length;
  return { passed: cases.length - failing.length - skipped, failed: failing.length, skipped, failing };
}
