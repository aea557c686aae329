// <rank-board>: digits, arrows, clicks and drags become an order that is shown, spoken and posted as plain radios.
// Single keys never act in a text field, and data-keys="off" on <body> switches them off (WCAG 2.1.4).
class RankBoard extends HTMLElement {
  connectedCallback() {
    this.cards = [...this.querySelectorAll('.reply')];
    this.order = document.getElementById('order');
    this.places = [];
    this.past = []; // the orders before this one, for whoever takes a step back
    this.now = JSON.stringify(this.cards.map((card) => this.rankOf(card)));
    document.getElementById('undo').onclick = () => this.undo();
    this.addEventListener('focusin', (event) => this.settle(event.target.closest('.reply')));
    this.closest('form').addEventListener('change', () => this.show());
    this.pressed = (event) => this.press(event);
    document.addEventListener('keydown', this.pressed);
    this.show();
    this.cards[0]?.focus({ preventScroll: true });
  }

  // The next item comes with a board of its own.
  disconnectedCallback() {
    document.removeEventListener('keydown', this.pressed);
    this.clear();
  }

  rankOf(card) {
    const chosen = card.querySelector('.rank input:checked');
    return chosen ? Number(chosen.value) : null;
  }

  settle(card) {
    if (!card) return;
    for (const other of this.cards) {
      other.classList.toggle('here', other === card);
      other.tabIndex = other === card ? 0 : -1;
    }
  }

  press(event) {
    if ((event.ctrlKey || event.metaKey) && event.key === 'z' && !event.target.matches('textarea, [type=text]')) {
      event.preventDefault();
      return void this.undo();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || document.body.dataset.keys === 'off') return;
    if (event.target.matches('textarea, select, [type=text], [type=number]') || document.querySelector('dialog[open]')) return;
    const at = this.cards.indexOf(event.target.closest('.reply') || this.cards.find((card) => card.classList.contains('here')));
    if (this.dataset.ranked === 'no' && at >= 0 && /^[0-9]$/.test(event.key) && this.mark(this.cards[at], event)) return;
    const elsewhere = {
      n: () => document.getElementById('note').focus(),
      s: () => document.getElementById('skip').click(),
      z: () => this.undo(),
      0: () => document.querySelector('[name=none_acceptable]').click(),
    }[event.key];
    if (elsewhere) { event.preventDefault(); return void elsewhere(); }
    if (at < 0) return;
    if (/^[1-9]$/.test(event.key)) {
      const box = this.cards[at].querySelector(`.rank input[value="${event.key}"]`);
      if (!box) return;
      this.choose(box);
      this.say(this.cards[at]);
    } else if (event.target === this.cards[at] && ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp'].includes(event.key)) {
      const ahead = event.key === 'ArrowRight' || event.key === 'ArrowDown';
      const mirrored = getComputedStyle(this).direction === 'rtl' && /Left|Right/.test(event.key);
      this.cards[(at + (ahead !== mirrored ? 1 : this.cards.length - 1)) % this.cards.length].focus();
    } else if (event.key === 'u') {
      this.cards[at].querySelector('.flags input')?.focus();
    } else return;
    event.preventDefault();
  }

  choose(box) {
    box.checked = true;
    box.dispatchEvent(new Event('input', { bubbles: true }));
    box.dispatchEvent(new Event('change', { bubbles: true }));
  }

  // Where no order is asked, digits mark: the scale that has the focus, or else the reply's first that has no mark yet.
  // Of yes and no the first is 1. A digit that the scale lacks marks nothing, so that 0 is its own key there.
  mark(card, event) {
    const scales = [...card.querySelectorAll('.likert')].filter((scale) => scale.querySelector('[type=radio]'));
    const scale = event.target.closest('.likert') || scales.find((one) => !one.querySelector(':checked'));
    if (!scale) return false;
    const boxes = [...scale.querySelectorAll('[type=radio]')];
    const box = scale.querySelector('.scale') ? boxes.find((one) => one.value === event.key) : boxes[event.key - 1];
    if (!box) return false;
    event.preventDefault();
    this.choose(box);
    const said = [card.dataset.name, scale.querySelector('legend').textContent, box.getAttribute('aria-label') || box.closest('label').textContent];
    document.getElementById('say').textContent = said.join(', ');
    return true;
  }

  say(card) {
    const tied = card.querySelector('.tied').textContent;
    document.getElementById('say').textContent = `${card.dataset.name}, ${this.rankOf(card)}${tied && `, ${tied}`}`;
  }

  undo() {
    if (!this.past.length) return;
    this.now = this.past.pop();
    JSON.parse(this.now).forEach((rank, at) => this.give(this.cards[at], rank));
    this.dispatchEvent(new Event('input', { bubbles: true }));
    this.show();
    document.getElementById('say').textContent = this.dataset.undone;
  }

  give(card, rank) {
    for (const box of card.querySelectorAll('.rank input')) box.checked = Number(box.value) === rank;
  }

  // Groups by digit, best first; competition ranks are given out here so that 1, 3, 3 reads as 1, 2 = 2.
  groups() {
    const found = new Map();
    for (const card of this.cards) {
      const rank = this.rankOf(card);
      if (rank) found.set(rank, [...(found.get(rank) || []), card.dataset.slot]);
    }
    return [...found].sort(([a], [b]) => a - b).map(([, slots]) => slots);
  }

  show() {
    const now = JSON.stringify(this.cards.map((card) => this.rankOf(card)));
    if (now !== this.now) this.past.push(this.now);
    this.now = now;
    document.getElementById('undo').disabled = !this.past.length;
    const groups = this.groups();
    const missing = this.dataset.ranked === 'no' ? [] : this.cards.filter((card) => !this.rankOf(card)).map((card) => card.dataset.slot);
    this.draw(groups, missing);
    for (const card of this.cards) {
      const mates = (groups.find((slots) => slots.includes(card.dataset.slot)) || []).filter((slot) => slot !== card.dataset.slot);
      card.querySelector('.tied').textContent = mates.length ? this.dataset.tie.replace('{slots}', mates.join(', ')) : '';
    }
    const ready = document.getElementById('ready');
    ready.dataset.is = missing.length ? 'wait' : 'ok';
    ready.querySelector('use').setAttribute('href', missing.length ? '#i-wait' : '#i-ok');
    ready.hidden = this.dataset.ranked === 'no';
    ready.querySelector('span').textContent = missing.length ? this.dataset.missing.replace('{slots}', missing.join(', ')) : this.dataset.ready;
    document.getElementById('submit').disabled = missing.length > 0;
  }

  // The bar: what is not ranked yet, then the places. Between the places lie gaps that open while something is dragged.
  draw(groups, missing) {
    this.clear();
    this.order.replaceChildren();
    if (missing.length) this.place('tray', null, missing);
    let next = 1;
    for (const slots of groups) {
      this.place('gap', null, []);
      this.place('group', next, slots);
      next += slots.length;
    }
    this.place('gap', null, []);
  }

  // Sortable keeps what it was made for until it is told to let go.
  clear() {
    for (const made of this.places.splice(0)) made.destroy();
  }

  place(kind, digit, slots) {
    const row = document.createElement('li');
    row.className = kind;
    if (digit) row.append(Object.assign(document.createElement('b'), { textContent: digit }));
    const list = Object.assign(document.createElement('span'), { className: 'slots' });
    for (const slot of slots) list.append(Object.assign(document.createElement('span'), { className: 'chip-slot', textContent: slot }));
    row.append(list);
    this.order.append(row);
    this.places.push(Sortable.create(list, {
      group: 'order', forceFallback: true, fallbackTolerance: 4, animation: 0, draggable: '.chip-slot',
      onStart: () => this.order.classList.add('dragging'),
      onEnd: () => { this.order.classList.remove('dragging'); this.take(); },
    }));
  }

  // A drop: the places from start to end give new digits; one place is one rank, however many lie in it.
  take() {
    let next = 1;
    for (const row of this.order.children) {
      const slots = [...row.querySelectorAll('.chip-slot')].map((chip) => chip.textContent);
      const rank = row.className === 'tray' ? null : next;
      for (const slot of slots) this.give(this.querySelector(`.reply[data-slot="${slot}"]`), rank);
      if (rank) next += slots.length;
    }
    this.dispatchEvent(new Event('input', { bubbles: true }));
    this.show();
  }
}
customElements.define('rank-board', RankBoard);
