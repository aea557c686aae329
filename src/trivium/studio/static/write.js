// Live counts beside the sheets: words as the requirement counts them, the bucket, and whether it is what the cell asks.
const counts = document.querySelectorAll('.count[data-for]');
// Letters of scripts without spaces, as core/words.py names them: there the browser's dictionary counts, ICU's as well.
const unspaced = /[\u0e00-\u0eff\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f\u1780-\u17ff\u19e0-\u19ff\u3005-\u3007\u3041-\u309f\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/u;
const dictionary = new Intl.Segmenter(undefined, { granularity: 'word' });
const found = (piece) => [...dictionary.segment(piece)].filter((part) => /[\p{L}\p{N}]/u.test(part.segment)).length;
const words = (text) => text.split(/\s+/u).filter(Boolean).reduce((sum, piece) => sum + (unspaced.test(piece) ? Math.max(found(piece), 1) : 1), 0);
const plurals = new Intl.PluralRules(document.documentElement.lang);
const bucketOf = (count) => (count < 100 ? 'short' : count <= 500 ? 'medium' : 'long');

function cell() {
  const chosen = document.querySelector('input[name=cell]:checked');
  return chosen ? JSON.parse(chosen.dataset.where) : {};
}

function recount() {
  for (const count of counts) {
    const number = words(document.getElementById(count.dataset.for).value);
    const forms = JSON.parse(count.dataset.words);
    count.querySelector('.num').textContent = (forms[plurals.select(number)] || forms.other).replace('{n}', number.toLocaleString(document.documentElement.lang));
    const buckets = count.querySelector('.buckets');
    if (!buckets) continue;
    const bucket = bucketOf(number);
    const changed = buckets.dataset.now !== bucket;
    buckets.dataset.now = bucket;
    for (const one of buckets.children) {
      if (one.dataset.bucket === bucket) one.setAttribute('aria-current', 'true'); else one.removeAttribute('aria-current');
    }
    const wanted = cell().prompt_length;
    const fit = count.querySelector('.fit');
    fit.hidden = !wanted || number === 0;
    if (!fit.hidden) {
      const fits = wanted === bucket;
      fit.querySelector('.status').dataset.is = fits ? 'ok' : 'warn';
      fit.querySelector('use').setAttribute('href', fits ? '#i-ok' : '#i-warn');
      fit.querySelector('b').textContent = fits ? fit.dataset.fits : fit.dataset.misses;
    }
    if (changed) document.getElementById('announce').textContent = `${count.querySelector('.num').textContent}`;
  }
}

// Choosing a cell sets the marks that it fixes, and frees those that only the one before it fixed; what the person chose stays.
let fixed = cell();
const free = JSON.parse(document.querySelector('.cells')?.dataset.free || '{}');
function adopt(event) {
  const freed = Object.entries(free).filter(([name]) => name in fixed);
  fixed = cell();
  for (const [name, value] of [...freed, ...Object.entries(fixed)]) {
    const box = document.querySelector(`[type=radio][name="${name}"][value="${value}"]`);
    const tick = document.querySelector(`[type=checkbox][name="${name}"]`);
    const select = document.querySelector(`select[name="${name}"]`);
    if (box) box.checked = true;
    if (tick) tick.checked = String(value) === 'yes';
    if (select) select.value = value;
  }
  for (const area of document.querySelectorAll('#prompt, #reply')) area.lang = document.getElementById('language').value;
  tellTask();
  if (event) recount();
}

// What the chosen task asks for, below the list.
const taskHint = document.getElementById('task-hint');
function tellTask() {
  taskHint.textContent = JSON.parse(taskHint.dataset.hints)[document.getElementById('task_type').value] || '';
  taskHint.hidden = !taskHint.textContent;
}

for (const area of document.querySelectorAll('#prompt, #reply')) area.addEventListener('input', recount);
document.getElementById('task_type').addEventListener('change', tellTask);
for (const choice of document.querySelectorAll('input[name=cell]')) choice.addEventListener('change', adopt);
document.getElementById('language')?.addEventListener('change', (event) => {
  for (const area of document.querySelectorAll('#prompt, #reply')) area.lang = event.target.value;
});
recount();
tellTask();
