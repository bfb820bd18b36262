/** Lab tells its theme by an attribute of the body; what is drawn on a canvas does not follow style sheets by itself. */

/** @returns what ends it */
export function onThemeChange(act: () => void): () => void {
  const observer = new MutationObserver(() => {
    // The theme's style sheet is in force by the next frame.
    requestAnimationFrame(act);
  });
  observer.observe(document.body, { attributeFilter: ['data-jp-theme-light', 'data-jp-theme-name'] });
  return () => observer.disconnect();
}
