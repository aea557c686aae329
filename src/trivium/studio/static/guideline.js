// The guideline stands beside the work on a wide screen and lies over it on a narrow one; g opens and closes it.
const drawer = document.getElementById('guideline');
const opener = document.getElementById('open-guideline');
const narrow = matchMedia('(max-width: 64rem)');

function toggleGuideline(open) {
  const isOpen = narrow.matches ? drawer.classList.contains('open') : !drawer.hidden;
  const next = open ?? !isOpen;
  drawer.hidden = !next && !narrow.matches;
  drawer.classList.toggle('open', next);
  opener.setAttribute('aria-expanded', String(next));
  document.body.classList.toggle('guideline-closed', !next);
  if (next && narrow.matches) document.getElementById('close-guideline').focus();
}

if (drawer && opener) {
  const start = opener.dataset.start === 'open' && !narrow.matches;
  toggleGuideline(start);
  narrow.addEventListener('change', () => toggleGuideline(opener.dataset.start === 'open' && !narrow.matches));
  opener.addEventListener('click', () => toggleGuideline());
  document.getElementById('close-guideline').addEventListener('click', () => { toggleGuideline(false); opener.focus(); });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && narrow.matches && drawer.classList.contains('open')) { toggleGuideline(false); opener.focus(); }
    if (event.key.toLowerCase() !== 'g' || event.ctrlKey || event.metaKey) return;
    const inText = event.target.matches('textarea, select, input:not([type=radio]):not([type=checkbox])');
    if (inText ? !event.altKey : event.altKey || document.body.dataset.keys === 'off') return;
    event.preventDefault();
    toggleGuideline();
  });
}
