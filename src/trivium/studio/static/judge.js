// Judge: one letter a verdict; s skips.
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.body.dataset.keys === 'off') return;
  if (event.target.matches('textarea, select, [type=text]') || document.querySelector('dialog[open]')) return;
  const choice = document.querySelector(`[name=verdict][data-key="${CSS.escape(event.key)}"]`);
  if (choice) { event.preventDefault(); choice.click(); }
  if (event.key === 's') document.getElementById('skip').click();
});
