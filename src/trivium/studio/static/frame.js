// Every page: the dialog of keys, the switch for single keys, Ctrl+Enter on the primary button, copying, the token that htmx sends.
const typing = (target) => target.matches('textarea, select, input:not([type=radio]):not([type=checkbox])');
const keysOff = () => document.body.dataset.keys === 'off';

function rememberKeys() {
  try { return localStorage.getItem('single-keys') !== 'off'; } catch { return true; }
}
const keysSwitch = document.getElementById('single-keys');
keysSwitch.checked = rememberKeys();
if (!keysSwitch.checked) document.body.dataset.keys = 'off';
keysSwitch.addEventListener('change', () => {
  document.body.dataset.keys = keysSwitch.checked ? 'on' : 'off';
  try { localStorage.setItem('single-keys', document.body.dataset.keys); } catch { /* private mode: the switch lasts for this page */ }
});

document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === 'Enter') {
    const button = document.querySelector('.act .btn.primary:not(:disabled), main .btn.primary:not(:disabled)');
    if (button) { event.preventDefault(); button.click(); }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target) || keysOff()) return;
  if (event.key === '?') { event.preventDefault(); document.getElementById('all-keys').showModal(); }
  if (event.key === 'Enter' && event.target === document.body) document.querySelector('[data-begin]')?.click();
});

document.addEventListener('click', async (event) => {
  const copy = event.target.closest('[data-copy]');
  if (copy) {
    await navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).textContent.replaceAll(' ', copy.dataset.tight ? '' : ' '));
    document.getElementById('announce').textContent = copy.dataset.said;
    copy.lastElementChild.textContent = copy.dataset.said;
  }
  const opener = event.target.closest('[data-open]');
  if (opener) document.getElementById(opener.dataset.open).showModal();
  if (event.target.closest('[data-close]')) event.target.closest('dialog').close();
});

// A form that asks first: its button opens the dialog named in data-open, and that holds the form. Selects that show at once:
document.addEventListener('change', (event) => {
  if (event.target.closest('form[data-now]')) event.target.closest('form').requestSubmit();
});
document.addEventListener('htmx:configRequest', (event) => { event.detail.headers['X-CSRF-Token'] = document.body.dataset.csrf; });

// A narrow screen scrolls the navigation to where one is.
document.querySelector('.top nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });

// What is shown, with the page or in the place of a part of it: times of the server in the reader's own; and what is said after an
// action is read out even where the focus is elsewhere.
function setOut() {
  for (const time of document.querySelectorAll('time[datetime]')) {
    time.textContent = new Date(time.dateTime).toLocaleTimeString(document.documentElement.lang, { hour: '2-digit', minute: '2-digit' });
  }
  // A text, code or table larger than its place is scrolled by keys, too.
  for (const part of document.querySelectorAll('.reply > .words, :is(.words, .guide) :is(pre, table)')) {
    if (part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight) part.tabIndex = 0;
  }
  const said = document.querySelector('.flash');
  const announce = document.getElementById('announce');
  announce.textContent = ''; // the same words said once more are news
  if (said) requestAnimationFrame(() => { announce.textContent = said.textContent.trim(); });
}
document.addEventListener('studio:shown', setOut);
setOut();
