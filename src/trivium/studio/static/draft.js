// <form data-draft="ADDRESS"> keeps what is typed: in this browser at once, on the server after a pause, and through a lost line.
// Sending goes by fetch, so that a gone connection is a notice and not a lost page: it is sent again by itself.
const form = document.querySelector('form[data-draft]');
const key = `draft:${form.dataset.draft}`;
const saved = document.getElementById('draft');
const lost = document.getElementById('lost');
const begun = Date.now();
let revision = Number(form.dataset.rev || 0);
let timer = null;
let waiting = null; // the submit that waits for the line
let sending = false;
let leaving = false; // the next page is on its way
let active = 0; // seconds of work since the last save that the server has
let total = Number(form.dataset.active || 0);
let pasted = 0;
let last = Date.now();

const values = () => {
  const found = {};
  for (const [name, value] of new FormData(form)) {
    if (name === 'csrf' || typeof value !== 'string') continue;
    if (name in found) found[name] = [].concat(found[name], value); else found[name] = value;
  }
  return found;
};

function put(found) {
  for (const field of form.elements) {
    if (!field.name || field.name === 'csrf' || field.type === 'hidden') continue;
    const value = found[field.name];
    if (field.type === 'radio' || field.type === 'checkbox') field.checked = [].concat(value ?? []).includes(field.value);
    else if (value !== undefined) field.value = value;
  }
  form.dispatchEvent(new Event('change', { bubbles: true }));
}

const local = {
  get() { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
  set(value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* private mode: the server's copy is the only one */ } },
  drop() { try { localStorage.removeItem(key); } catch { /* nothing was kept */ } },
};

function tell(text, is = 'ok') {
  saved.querySelector('use').setAttribute('href', `#i-${is}`);
  saved.querySelector('span').textContent = text;
}

// What the server said: JSON mostly, a plain sentence where something before the app refused; a proxy's error is a lost line.
async function heard(answer) {
  if ([502, 503, 504].includes(answer.status)) throw new Error(answer.statusText);
  const text = await answer.text();
  return (answer.headers.get('content-type') || '').includes('json') ? JSON.parse(text) : { message: text, fields: {} };
}

async function save() {
  timer = null;
  const told = active;
  const content = values();
  local.set({ content, at: Date.now(), sent: false });
  try {
    const answer = await fetch(form.dataset.draft, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': document.body.dataset.csrf, Accept: 'application/json' },
      body: JSON.stringify({ content, rev: revision, seconds: active }),
    });
    const said = await heard(answer);
    if (answer.status === 409) { ended(said.message); return; }
    if (!answer.ok) { tell(said.message, 'bad'); return; }
    revision = said.rev;
    active -= told;
    local.set({ content, at: Date.now(), sent: true });
    lost.hidden = true;
    tell(form.dataset.saved.replace('{time}', new Date().toLocaleTimeString(document.documentElement.lang, { hour: '2-digit', minute: '2-digit' })));
  } catch {
    gone();
  }
}

function ended(message) {
  const notice = document.getElementById('ended');
  notice.querySelector('span').textContent = message;
  notice.hidden = false;
}

function gone() {
  lost.hidden = false;
  setTimeout(again, 4000);
}

function again() {
  if (lost.hidden) return;
  if (waiting) send(waiting); else save();
}
addEventListener('online', again);

form.addEventListener('input', (event) => {
  const now = Date.now();
  const spent = Math.min(now - last, 30000) / 1000;
  active += spent;
  total += spent;
  last = now;
  if (event.inputType === 'insertFromPaste' && event.target.matches('textarea')) {
    pasted += (event.data || '').length || Math.max(0, event.target.value.length - (event.target.dataset.length || 0));
  }
  if (event.target.matches('textarea')) event.target.dataset.length = event.target.value.length;
  clearTimeout(timer);
  local.set({ content: values(), at: now, sent: false });
  timer = setTimeout(save, 900);
});
addEventListener('pagehide', () => { if (timer) { clearTimeout(timer); save(); } });

async function send(body) {
  if (sending) return; // pressed twice: once is enough
  sending = true;
  waiting = body;
  const button = document.querySelector('.act .btn.primary');
  button.setAttribute('aria-busy', 'true');
  try {
    const answer = await fetch(form.action, { method: 'POST', body, headers: { Accept: 'application/json' } });
    const said = await heard(answer);
    waiting = null;
    lost.hidden = true;
    if (answer.ok) { leaving = true; local.drop(); location.assign(said.next); return; }
    refused(said);
  } catch {
    gone();
  } finally {
    sending = leaving;
    button.removeAttribute('aria-busy');
  }
}

// The server's no: each message beside its field, the first one gets the focus, and the bar repeats it with a link.
function refused(said) {
  for (const old of form.querySelectorAll('.error.sent')) old.remove();
  const bar = document.getElementById('refused');
  bar.hidden = false;
  bar.querySelector('span').textContent = said.message;
  for (const [name, message] of Object.entries(said.fields || {})) {
    const field = form.elements[name];
    const node = field instanceof RadioNodeList ? field[0] : field;
    if (!node) continue;
    const place = node.closest('.field, fieldset, .sheet, .last') || form;
    place.classList.add('is-bad');
    place.append(Object.assign(document.createElement('p'), { className: 'error small sent', textContent: message }));
  }
  const first = form.querySelector('.is-bad :is(input, select, textarea)');
  if (first) first.focus();
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  clearTimeout(timer);
  const body = new FormData(form, event.submitter);
  body.set('active_seconds', String(Math.round(total || (Date.now() - begun) / 1000)));
  body.set('pasted', String(pasted));
  send(body);
});

// A copy in this browser that the server never saw is newer than the server's.
const kept = local.get();
if (kept && !kept.sent && JSON.stringify(kept.content) !== JSON.stringify(values())) {
  put(kept.content);
  timer = setTimeout(save, 900);
}
