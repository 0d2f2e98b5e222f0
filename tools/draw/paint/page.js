'use strict';
// One picture a state: which modules are open. A click, Enter or Space on a closed module opens it, on the name of an
// open one closes it. Nothing is loaded and nothing is sent.
(() => {
  const $ = id => document.getElementById(id);
  const data = JSON.parse($('data').textContent);
  const states = [...document.querySelectorAll('.state')];
  const stage = $('stage'), info = $('info'), find = $('find'), found = $('found'), say = $('say');
  let now = -1, svg = null, home = null, box = null, chosen = null;

  const view = b => { box = b; svg.setAttribute('viewBox', b.map(v => v.toFixed(2)).join(' ')); };
  const fit = () => view(home.slice());
  function zoom(by, x, y) {
    const r = svg.getBoundingClientRect(), p = x === undefined ? [0.5, 0.5] : [(x - r.left) / r.width, (y - r.top) / r.height];
    const w = box[2] / by, h = box[3] / by;
    if (w < home[2] / 80 || w > home[2] * 8) return;
    view([box[0] + (box[2] - w) * p[0], box[1] + (box[3] - h) * p[1], w, h]);
  }
  const move = (dx, dy) => view([box[0] + dx * box[2], box[1] + dy * box[3], box[2], box[3]]);

  function clear() {
    if (svg) svg.querySelectorAll('.near,.chosen,.hit').forEach(e => e.classList.remove('near', 'chosen', 'hit'));
    if (svg) svg.classList.remove('picked');
    chosen = null;
    info.textContent = '';
  }
  function closure(start, from, to) {
    const edges = [...svg.querySelectorAll('.edge')], seen = new Set([start]), queue = [start], wires = [];
    while (queue.length) {
      const at = queue.pop();
      for (const e of edges) if (e.dataset[from] === at) {
        wires.push(e);
        if (!seen.has(e.dataset[to])) { seen.add(e.dataset[to]); queue.push(e.dataset[to]); }
      }
    }
    seen.delete(start);
    return [seen, wires];
  }
  function choose(node) {
    clear();
    chosen = node;
    const [up, a] = closure(node.dataset.box, 'to', 'from'), [down, b] = closure(node.dataset.box, 'from', 'to');
    svg.classList.add('picked');
    node.classList.add('chosen', 'near');
    for (const e of a.concat(b)) e.classList.add('near');
    svg.querySelectorAll('[data-box]').forEach(n => { if (up.has(n.dataset.box) || down.has(n.dataset.box)) n.classList.add('near'); });
    const label = node.getAttribute('aria-label');
    info.textContent = label + '\n' + up.size + ' before it, ' + down.size + ' after it';
    say.textContent = label;
  }
  function show(k) {
    if (k < 0 || k >= states.length) return;
    if (now >= 0) states[now].hidden = true;
    clear();
    now = k;
    states[k].hidden = false;
    svg = states[k].querySelector('svg');
    home = svg.dataset.home ? JSON.parse(svg.dataset.home) : svg.getAttribute('viewBox').split(' ').map(Number);
    svg.dataset.home = JSON.stringify(home);
    fit();
    say.textContent = data.states[k].name;
    $('state').value = String(k);
  }
  const stateOf = module => data.states.findIndex(s => s.module === module);
  function toggle(group) {
    const module = Number(group.dataset.module), open = group.classList.contains('cluster');
    const next = open ? stateOf(data.parents[module]) : stateOf(module);
    show(next < 0 ? 0 : next);
    const same = svg.querySelector(`[data-module="${module}"]`); // the keyboard goes on from there
    if (same) same.focus({preventScroll: true});
  }
  const act = node => node.dataset.module !== undefined ? toggle(node) : choose(node);

  // Names as they were typed come first, then those that begin so.
  let hits = [], turn = 0;
  function search() {
    const words = find.value.trim().toLowerCase();
    unmark();
    found.replaceChildren();
    hits = [];
    turn = 0;
    if (!words) return;
    const rank = name => name === words ? 0 : name.startsWith(words) ? 1 : 2;
    hits = data.names.map(n => [n[0], n[1], n[0].toLowerCase()]).filter(n => n[2].includes(words));
    hits.sort((a, b) => rank(a[2]) - rank(b[2]));
    for (const hit of hits.slice(0, 50)) {
      const item = document.createElement('button');
      item.textContent = hit[0];
      item.addEventListener('click', () => goTo(hit));
      found.append(item);
    }
    if (hits.length) goTo(hits[0]);
    say.textContent = hits.length + ' found';
  }
  const plain = name => name.replace(/[\n\r\t]/g, ' ');
  const named = name => [...svg.querySelectorAll('[data-names]')].filter(n => n.dataset.names.split('\n').includes(plain(name)));
  function unmark() {
    if (svg) svg.querySelectorAll('.hit').forEach(e => e.classList.remove('hit'));
  }
  // Marks a name, in another state where this one does not show it, and moves the picture so that it is seen.
  function goTo([name, state]) {
    if (!named(name).length) show(state);
    unmark();
    const nodes = named(name);
    nodes.forEach(n => n.classList.add('hit'));
    if (!nodes.length) return;
    info.textContent = nodes[0].getAttribute('aria-label');
    reveal(nodes[0]);
  }
  function reveal(node) {
    const a = node.getBoundingClientRect(), b = stage.getBoundingClientRect();
    if (a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom) return;
    const r = node.getBBox(), large = Math.max(1, r.width / box[2], r.height / box[3]), w = box[2] * large, h = box[3] * large;
    view([r.x + (r.width - w) / 2, r.y + (r.height - h) / 2, w, h]);
  }

  stage.addEventListener('wheel', e => { e.preventDefault(); zoom(e.deltaY < 0 ? 1.15 : 1 / 1.15, e.clientX, e.clientY); }, {passive: false});
  let drag = null;
  stage.addEventListener('pointerdown', e => { drag = {x: e.clientX, y: e.clientY, moved: false}; });
  stage.addEventListener('pointermove', e => {
    if (!drag || !(e.buttons & 1)) return;
    const r = svg.getBoundingClientRect(), s = Math.max(box[2] / r.width, box[3] / r.height);
    if (Math.abs(e.clientX - drag.x) + Math.abs(e.clientY - drag.y) > 3) drag.moved = true;
    view([box[0] - (e.clientX - drag.x) * s, box[1] - (e.clientY - drag.y) * s, box[2], box[3]]);
    drag.x = e.clientX; drag.y = e.clientY;
  });
  stage.addEventListener('click', e => {
    if (drag && drag.moved) return;
    const node = e.target.closest('[data-box]'), group = e.target.closest('.cluster[data-module]');
    if (node) act(node);
    else if (group && e.target.tagName === 'text') toggle(group);
    else clear();
  });
  document.addEventListener('keydown', e => {
    if (e.target === find) {
      if (e.key === 'Escape') { find.value = ''; search(); stage.focus(); }
      if (e.key === 'Enter' && hits.length) goTo(hits[turn = (turn + (e.shiftKey ? hits.length - 1 : 1)) % hits.length]);
      return;
    }
    const node = e.target.closest ? e.target.closest('[data-box], .cluster[data-module]') : null;
    const keys = {'+': () => zoom(1.25), '=': () => zoom(1.25), '-': () => zoom(0.8), '0': fit, 'ArrowLeft': () => move(-0.1, 0),
      'ArrowRight': () => move(0.1, 0), 'ArrowUp': () => move(0, -0.1), 'ArrowDown': () => move(0, 0.1), 'Escape': clear,
      '/': () => find.focus(), '[': () => show((now + states.length - 1) % states.length), ']': () => show((now + 1) % states.length)};
    if (e.ctrlKey || e.altKey || e.metaKey || e.target.tagName === 'SELECT') return;
    if ((e.key === 'Enter' || e.key === ' ') && node) { e.preventDefault(); act(node); }
    else if (keys[e.key]) { e.preventDefault(); keys[e.key](); }
  });
  stage.addEventListener('focusin', e => { if (e.target.matches('[data-box], .cluster')) reveal(e.target); });
  find.addEventListener('input', search);
  $('state').addEventListener('change', () => show(Number($('state').value)));
  $('in').addEventListener('click', () => zoom(1.25));
  $('out').addEventListener('click', () => zoom(0.8));
  $('fit').addEventListener('click', fit);
  $('dark').addEventListener('click', () => {
    const dark = document.documentElement.dataset.look
      ? document.documentElement.dataset.look === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    document.documentElement.dataset.look = dark ? 'light' : 'dark';
  });
  $('print').addEventListener('click', () => print());
  show(0);
})();
