// <form data-draft="ADDRESS"> keeps what is typed: in this browser at once, on the server after a pause, and through a lost line.
// Sending goes by fetch, so that a gone connection is a notice and not a lost page: it is sent again by itself.
// A form with data-desk gets the parts of the next item as its answer, and goes on without loading the page anew.
let form, key, begun, revision, timer, waiting, sending, leaving, active, total, pasted, last;
const part = (id) => document.getElementById(id);

function begin() {
  form = document.querySelector('form[data-draft]');
  key = `draft:${form.dataset.draft}`;
  begun = last = Date.now();
  revision = Number(form.dataset.rev || 0);
  timer = null;
  waiting = null; // the submit that waits for the line
  sending = leaving = false; // leaving: the next page is on its way
  active = 0; // seconds of work since the last save that the server has
  total = Number(form.dataset.active || 0);
  pasted = 0;
  form.addEventListener('input', typed);
  form.addEventListener('submit', submitted);
  // A copy in this browser that the server never saw is newer than the server's.
  const kept = local.get();
  if (kept && !kept.sent && JSON.stringify(kept.content) !== JSON.stringify(values())) {
    put(kept.content);
    timer = setTimeout(save, 900);
  }
}

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

const sentence = (text) => text.charAt(0).toLocaleUpperCase(document.documentElement.lang) + text.slice(1);

function tell(text, is = 'ok') {
  const saved = part('draft');
  saved.querySelector('use').setAttribute('href', `#i-${is}`);
  saved.querySelector('span').textContent = text;
}

// What the server said: JSON mostly, the next item's parts, a plain sentence where something before the app refused; a proxy's
// error is a lost line.
async function heard(answer) {
  if ([502, 503, 504].includes(answer.status)) throw new Error(answer.statusText);
  const text = await answer.text();
  const kind = answer.headers.get('content-type') || '';
  if (kind.includes('json')) return JSON.parse(text);
  return answer.ok && kind.includes('html') ? { next: answer.headers.get('content-location'), parts: text } : { message: text, fields: {} };
}

async function save() {
  timer = null;
  const told = active;
  const content = values();
  const mine = form;
  local.set({ content, at: Date.now(), sent: false });
  try {
    const answer = await fetch(form.dataset.draft, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': document.body.dataset.csrf, Accept: 'application/json' },
      body: JSON.stringify({ content, rev: revision, seconds: active }),
    });
    const said = await heard(answer);
    if (form !== mine) return; // it was sent in meanwhile, and another item stands here
    if (answer.status === 409) { ended(said); return; }
    if (!answer.ok) { tell(said.message, 'bad'); return; }
    revision = said.rev;
    active -= told;
    local.set({ content, at: Date.now(), sent: true });
    part('lost').hidden = true;
    tell(form.dataset.saved.replace('{time}', new Date().toLocaleTimeString(document.documentElement.lang, { hour: '2-digit', minute: '2-digit' })));
  } catch {
    if (form === mine) gone();
  }
}

// The hold is over or the draft is older than another window's: why, and what the link beside it does.
function ended({ message, do: next }) {
  const notice = document.getElementById('ended');
  notice.querySelector('span').textContent = `${sentence(message)}.`;
  if (next) notice.querySelector('a').textContent = sentence(next);
  notice.hidden = false;
}

function gone() {
  part('lost').hidden = false;
  setTimeout(again, 4000);
}

function again() {
  if (part('lost').hidden) return;
  if (waiting) send(waiting); else save();
}
addEventListener('online', again);

function typed(event) {
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
}
addEventListener('pagehide', () => { if (timer) { clearTimeout(timer); save(); } });

async function send(body) {
  if (sending) return; // pressed twice: once is enough
  sending = true;
  waiting = body;
  const button = document.querySelector('.act .btn.primary');
  button.setAttribute('aria-busy', 'true');
  try {
    const headers = { Accept: 'application/json', ...(form.dataset.desk && { 'X-Desk': form.dataset.desk }) };
    const answer = await fetch(form.action, { method: 'POST', body, headers });
    const said = await heard(answer);
    waiting = null;
    part('lost').hidden = true;
    if (!answer.ok) { refused(said); return; }
    local.drop();
    leaving = true;
    if (said.parts) goOn(said); else location.assign(said.next);
  } catch {
    gone();
  } finally {
    sending = leaving;
    button.removeAttribute('aria-busy');
  }
}

// The next item takes the place of this one: each part by its id, and the address, so that loading it anew shows the same.
// The address is replaced and not added, because going back to what was sent in would show nothing else.
function goOn({ next, parts }) {
  for (const fresh of [...new DOMParser().parseFromString(parts, 'text/html').body.children]) part(fresh.id).replaceWith(fresh);
  history.replaceState(null, '', next);
  scrollTo(0, 0);
  begin();
  document.dispatchEvent(new Event('studio:shown'));
}

// The server's no: each message beside its field, the first one gets the focus, and the bar repeats it with a link.
function refused(said) {
  for (const old of form.querySelectorAll('.error.sent')) old.remove();
  const bar = document.getElementById('refused');
  bar.hidden = false;
  bar.querySelector('span').textContent = [said.message, said.do].filter(Boolean).join('; ');
  for (const [name, message] of Object.entries(said.fields || {})) {
    const field = form.elements[name];
    const node = field instanceof RadioNodeList ? field[0] : field;
    if (!node) continue;
    const place = node.closest('.field, fieldset, .sheet, .last') || form;
    place.classList.add('is-bad');
    place.append(Object.assign(document.createElement('p'), { className: 'error small sent', textContent: message }));
  }
  const first = form.querySelector('.is-bad :is(input, select, textarea)');
  if (first) first.focus(); else bar.scrollIntoView({ block: 'center' });
}

function submitted(event) {
  event.preventDefault();
  clearTimeout(timer);
  const body = new URLSearchParams(new FormData(form, event.submitter)); // no form of work holds a file
  body.set('active_seconds', String(Math.round(total || (Date.now() - begun) / 1000)));
  body.set('pasted', String(pasted));
  send(body);
}

begin();
