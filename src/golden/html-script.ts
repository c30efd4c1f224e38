/**
 * What the page does by itself: it filters. Words must all stand in a case's own text, or in that of one of its outputs; of the fates and
 * states that are ticked, one must apply. Plain text for a browser; it makes no request and reads nothing but the page.
 */
export const PAGE_SCRIPT = `
(() => {
  'use strict';
  const search = document.getElementById('search');
  const count = document.getElementById('count');
  const boxes = [...document.querySelectorAll('header input[type=checkbox]')];
  const cases = [...document.querySelectorAll('.case')].map((element) => ({
    element,
    text: element.dataset.search,
    state: element.dataset.state,
    outputs: [...element.querySelectorAll('.output')].map((output) => ({
      element: output, text: output.dataset.search, fates: output.dataset.fates.split(' '),
    })),
  }));
  const ticked = (name) => boxes.filter((box) => box.name === name && box.checked).map((box) => box.value);
  const apply = () => {
    const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
    const states = ticked('state');
    const fates = ticked('fate');
    let shown = 0;
    for (const { element, text, state, outputs } of cases) {
      let any = 0;
      for (const output of outputs) {
        const hit = words.every((word) => text.includes(word) || output.text.includes(word))
          && (fates.length === 0 || fates.some((fate) => output.fates.includes(fate)));
        output.element.hidden = !hit;
        if (hit) any++;
      }
      const itself = fates.length === 0 && words.every((word) => text.includes(word));
      const visible = (any > 0 || itself) && (states.length === 0 || states.includes(state));
      element.hidden = !visible;
      if (visible) shown++;
    }
    count.textContent = shown + ' of ' + cases.length + ' cases';
  };
  search.addEventListener('input', apply);
  for (const box of boxes) box.addEventListener('change', apply);
  document.addEventListener('keydown', (event) => {
    const typing = event.target instanceof HTMLInputElement && event.target.type === 'search';
    if (event.key === '/' && !typing) { event.preventDefault(); search.focus(); search.select(); }
    if (event.key === 'Escape' && typing) { search.value = ''; apply(); search.blur(); }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || (event.key !== 'n' && event.key !== 'p')) return;
    const heads = cases.filter(({ element, state }) => state === 'failed' && !element.hidden).map(({ element }) => element.querySelector('summary'));
    if (heads.length === 0) return;
    const step = event.key === 'n' ? 1 : -1;
    const here = heads.indexOf(document.activeElement);
    const next = heads[here < 0 ? (step > 0 ? 0 : heads.length - 1) : (here + step + heads.length) % heads.length];
    next.parentElement.open = true;
    next.focus();
  });
  apply();
})();
`.trim();
