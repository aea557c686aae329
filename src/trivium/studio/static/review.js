// Review: a, f, r choose the verdict, d goes through the views, m takes the selection into the remark.
const bar = document.getElementById('says');
const buttons = document.getElementById('submit');
const board = document.getElementById('review');

function shown() {
  const verdict = board.querySelector('[name=verdict]:checked')?.value;
  for (const part of board.querySelectorAll('[data-when]')) part.hidden = part.dataset.when.split(' ').indexOf(verdict) < 0;
  const label = board.querySelector('[name=verdict]:checked')?.dataset.button;
  buttons.disabled = !verdict;
  if (label) buttons.firstChild.textContent = `${label} `;
  const reasons = board.querySelectorAll('[name=reason]:checked').length;
  bar.closest('.status').querySelector('use').setAttribute('href', { accept: '#i-ok', fix: '#i-pen', reject: '#i-prev' }[verdict] || '#i-wait');
  bar.textContent = verdict ? board.dataset[verdict].replace('{n}', reasons) : board.dataset.none;
}

function view(value) {
  for (const part of document.querySelectorAll('[data-view]')) part.hidden = part.dataset.view !== value;
}

board.addEventListener('change', shown);
for (const choice of document.querySelectorAll('[name=view]')) choice.addEventListener('change', () => view(choice.value));
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.body.dataset.keys === 'off') return;
  if (event.target.matches('textarea, select, [type=text]') || document.querySelector('dialog[open]')) return;
  const verdict = { a: 'accept', f: 'fix', r: 'reject' }[event.key];
  if (verdict) board.querySelector(`[name=verdict][value=${verdict}]`)?.click();
  else if (event.key === 's') document.getElementById('skip')?.click();
  else if (event.key === 'd') {
    const views = [...document.querySelectorAll('[name=view]')];
    views[(views.findIndex((one) => one.checked) + 1) % views.length]?.click();
  } else if (event.key === 'm') {
    const why = document.getElementById('why');
    const quoted = String(getSelection()).trim();
    if (quoted) why.value += `${why.value ? '\n' : ''}“${quoted}” `;
    document.getElementById('anchor').value = quoted;
    why.focus();
  } else return;
  event.preventDefault();
});
shown();
const first = document.querySelector('[name=view]:checked');
if (first) view(first.value);
