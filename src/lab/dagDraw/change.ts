/** To set an attribute to what it is costs a browser as much as to another value: all that depends on it is measured again. */
export function change(element: Element, name: string, value: string | null): void {
  if (element.getAttribute(name) === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}
