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
  function show(k, keep) {
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
    if (!keep) svg.focus({preventScroll: true});
  }
  const stateOf = module => data.states.findIndex(s => s.module === module);
  function toggle(group) {
    const module = Number(group.dataset.module), open = group.classList.contains('cluster');
    const next = open ? stateOf(data.parents[module]) : stateOf(module);
    show(next < 0 ? 0 : next);
  }
  const act = node => node.dataset.module !== undefined && node.classList.contains('closed') ? toggle(node) : choose(node);

  function search() {
    const words = find.value.trim().toLowerCase();
    svg.querySelectorAll('.hit').forEach(e => e.classList.remove('hit'));
    found.replaceChildren();
    if (!words) return;
    const hits = data.names.filter(n => n[0].toLowerCase().includes(words));
    for (const [name, state] of hits.slice(0, 50)) {
      const item = document.createElement('button');
      item.textContent = name;
      item.addEventListener('click', () => { if (state !== now) show(state, true); mark(name); });
      found.append(item);
    }
    if (hits.length) { if (hits[0][1] !== now && ![...svg.querySelectorAll('[data-box]')].some(n => named(n, hits[0][0]))) show(hits[0][1], true); mark(hits[0][0]); }
    say.textContent = hits.length + ' found';
  }
  // "layer.0…11.fc" stands for layer.3.fc.
  function named(node, name) {
    const parts = node.getAttribute('aria-label').split(/, | /);
    return parts.some(p => {
      if (p === name) return true;
      const m = /^(.*?)(\d+)…(\d+)(.*)$/.exec(p);
      if (!m || !name.startsWith(m[1]) || !name.endsWith(m[4])) return false;
      const middle = name.slice(m[1].length, name.length - m[4].length);
      return /^\d+/.test(middle) && parseInt(middle, 10) >= Number(m[2]) && parseInt(middle, 10) <= Number(m[3]);
    });
  }
  function mark(name) {
    svg.querySelectorAll('.hit').forEach(e => e.classList.remove('hit'));
    const hits = [...svg.querySelectorAll('[data-box]')].filter(n => named(n, name));
    hits.forEach(n => n.classList.add('hit'));
    if (hits.length) info.textContent = hits[0].getAttribute('aria-label');
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
    if (e.target === find) { if (e.key === 'Escape') { find.value = ''; search(); stage.focus(); } return; }
    const node = e.target.closest ? e.target.closest('[data-box]') : null;
    const keys = {'+': () => zoom(1.25), '=': () => zoom(1.25), '-': () => zoom(0.8), '0': fit, 'ArrowLeft': () => move(-0.1, 0),
      'ArrowRight': () => move(0.1, 0), 'ArrowUp': () => move(0, -0.1), 'ArrowDown': () => move(0, 0.1), 'Escape': clear,
      '/': () => find.focus(), '[': () => show((now + states.length - 1) % states.length), ']': () => show((now + 1) % states.length)};
    if (e.ctrlKey || e.altKey || e.metaKey || e.target.tagName === 'SELECT') return;
    if ((e.key === 'Enter' || e.key === ' ') && node) { e.preventDefault(); act(node); }
    else if (keys[e.key]) { e.preventDefault(); keys[e.key](); }
  });
  find.addEventListener('input', search);
  $('state').addEventListener('change', () => show(Number($('state').value), true));
  $('in').addEventListener('click', () => zoom(1.25));
  $('out').addEventListener('click', () => zoom(0.8));
  $('fit').addEventListener('click', fit);
  $('dark').addEventListener('click', () => {
    const dark = document.documentElement.dataset.look
      ? document.documentElement.dataset.look === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    document.documentElement.dataset.look = dark ? 'light' : 'dark';
  });
  $('print').addEventListener('click', () => print());
  show(0, true);
})();
