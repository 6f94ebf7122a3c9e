"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const [ID, WHO, TEXT, START, END, BEFORE, AFTER, GAIN, LIMITED, MASTER, OVER, REASON, CACHED, TAKE, VOICE, CLIP, VERDICT, HEARD, FOUND, WORDS] = Array(20).keys();
  const audio = $("audio"), head = $("head"), rows = $("rows");
  const turns = data.turns.map((turn, n) => ({ turn, n, start: turn[START] / data.rate, end: turn[END] / data.rate }));
  const overMusic = turns.some(({ turn }) => turn[OVER] !== null);
  if (!overMusic) document.querySelector("[data-sort=over]").remove();
  const PAGE = 150, FULL_GAIN = 12;

  // Playing: one clip at a time, and never under the episode.
  const clip = new Audio();
  let pressed = null;
  const release = () => { if (pressed) { pressed.setAttribute("aria-pressed", "false"); pressed.textContent = "▶"; } pressed = null; };
  clip.addEventListener("ended", release);
  clip.addEventListener("error", () => { if (pressed) pressed.title = "the clip is not there"; release(); });
  const toggle = (button, source) => {
    const again = pressed === button;
    clip.pause(); release();
    if (again) return;
    audio.pause();
    pressed = button;
    button.setAttribute("aria-pressed", "true"); button.textContent = "■";
    clip.src = source;
    clip.play().catch(() => {});
  };
  const seek = (seconds, play) => {
    audio.currentTime = Math.max(0, Math.min(data.duration, seconds));
    if (play) { clip.pause(); release(); audio.play().catch(() => {}); }
    place();
  };

  for (const link of document.querySelectorAll("[data-seek]")) {
    link.addEventListener("click", (event) => { event.preventDefault(); seek(Number(link.dataset.seek), true); });
  }

  // The table draws a page of rows at a time, as far as it has been scrolled.
  let shown = turns, drawn = 0, order = { by: "n", down: false };
  const keys = {
    n: (t) => t.n, start: (t) => t.start, speaker: (t) => data.speakers[t.turn[WHO]], before: (t) => t.turn[BEFORE],
    after: (t) => t.turn[AFTER], gain: (t) => t.turn[GAIN], limited: (t) => t.turn[LIMITED], over: (t) => t.turn[OVER], length: (t) => t.end - t.start, take: (t) => t.turn[TAKE], cached: (t) => t.turn[CACHED],
  };
  const chapterAt = new Map();
  for (const [at, title] of data.chapters) {
    let first = null;
    for (const item of turns) if (item.turn[START] >= at) { first = item; break; }
    if (first) chapterAt.set(first.n, title);
  }
  const cell = (row, name, label, text) => {
    const td = make("td", name, text);
    if (label) td.dataset.label = label;
    row.append(td);
    return td;
  };
  const draw = ({ turn, n, start, end }) => {
    const row = make("tr");
    row.id = "turn-" + n;
    cell(row, "num n", "", String(n + 1));
    const player = cell(row, "clip", "");
    if (turn[CLIP]) {
      const button = make("button", "play", "▶");
      button.type = "button";
      button.setAttribute("aria-label", "Play the clip of turn " + (n + 1));
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => toggle(button, turn[CLIP]));
      player.append(button);
    }
    const link = make("a", "at", clock(start, true));
    link.href = "#turn-" + n;
    link.title = "Play the episode from here";
    link.addEventListener("click", (event) => { event.preventDefault(); seek(start, true); });
    cell(row, "when", "").append(link);
    const who = make("th", "who", data.speakers[turn[WHO]]);
    who.scope = "row";
    who.style.setProperty("--hue", `var(--s${turn[WHO] % data.hues})`);
    row.append(who);
    const text = cell(row, "text", ""), words = make("span", "", turn[TEXT]);
    words.lang = data.language;
    text.append(words, make("small", "", turn[ID]), make("span", "reason", turn[REASON].replace(/-(?=\d)/g, "−")));
    if (turn[FOUND].length) {
      const told = make("span", "heard " + turn[VERDICT], turn[VERDICT] + ": " + turn[FOUND].join("; "));
      const as = make("span", "", turn[HEARD]);
      as.lang = data.language;
      told.append(make("br"), "heard: ", as);
      text.append(told);
    }
    cell(row, "num", "Before", figure(turn[BEFORE], 1));
    const gain = cell(row, "num", "Gain"), bar = make("span", "gain"), fill = make("i");
    const size = Math.min(1, Math.abs(turn[GAIN]) / FULL_GAIN) * 50;
    fill.style.width = size + "%";
    fill.style.left = (turn[GAIN] < 0 ? 50 - size : 50) + "%";
    bar.append(fill);
    gain.append(bar, figure(turn[GAIN], 1, true));
    const peaks = cell(row, "num", "Peaks", figure(-turn[LIMITED], 1));
    peaks.title = "by how much its own peaks were turned down";
    if (turn[MASTER] >= 0.05) peaks.append(make("small", "", "master " + figure(-turn[MASTER], 1)));
    cell(row, "num", "After", figure(turn[AFTER], 1));
    if (overMusic) cell(row, "num", "Over music", figure(turn[OVER], 1));
    cell(row, "num", "Length", (end - start).toFixed(2));
    cell(row, "num", "Take", String(turn[TAKE]));
    const source = cell(row, "source" + (turn[CACHED] ? "" : " new"), "Source", turn[CACHED] ? "stored" : "rendered");
    source.append(make("small", "", turn[VOICE]));
    return row;
  };
  const grow = (until) => {
    const page = document.createDocumentFragment();
    const stop = Math.min(shown.length, Math.max(drawn + PAGE, until || 0));
    for (; drawn < stop; drawn++) {
      const item = shown[drawn];
      if (order.by === "n" && !order.down && chapterAt.has(item.n)) {
        const row = make("tr", "chapter"), title = make("th", "", chapterAt.get(item.n));
        title.colSpan = 13; title.scope = "rowgroup";
        row.append(title); page.append(row);
      }
      page.append(draw(item));
    }
    rows.append(page);
    $("more").textContent = drawn < shown.length ? `${shown.length - drawn} more: scroll` : "";
  };
  const refresh = () => {
    const who = $("speaker").value, find = $("find").value.trim().toLowerCase();
    shown = turns.filter(({ turn }) => (!who || data.speakers[turn[WHO]] === who) &&
      (!find || (turn[TEXT] + "\n" + turn[ID] + "\n" + turn[VOICE] + "\n" + turn[REASON]).toLowerCase().includes(find)));
    const key = keys[order.by], way = order.down ? -1 : 1;
    // What was not measured comes last either way.
    shown.sort((a, b) => {
      const x = key(a), y = key(b);
      if (x === null || y === null) return (x === null) - (y === null) || a.n - b.n;
      return x < y ? -way : x > y ? way : a.n - b.n;
    });
    $("count").textContent = shown.length === turns.length ? String(turns.length) : `${shown.length} of ${turns.length}`;
    for (const th of document.querySelectorAll("[data-sort]")) {
      if (th.dataset.sort === order.by) th.setAttribute("aria-sort", order.down ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
    }
    clip.pause(); release();
    rows.replaceChildren(); drawn = 0; marked = null;
    grow();
  };
  for (const th of document.querySelectorAll("[data-sort]")) {
    th.firstElementChild.addEventListener("click", () => {
      order = { by: th.dataset.sort, down: order.by === th.dataset.sort && !order.down };
      refresh();
    });
  }
  $("speaker").addEventListener("change", refresh);
  $("find").addEventListener("input", refresh);
  new IntersectionObserver((seen) => { if (seen[0].isIntersecting && drawn < shown.length) grow(); }, { rootMargin: "800px" }).observe($("more"));

  let marked = null;
  const spoken = (turn, at) => {
    if (!turn[WORDS].length) return [turn[TEXT]];
    let said = -1;
    turn[WORDS].forEach(([, start], n) => { if (start <= at) said = n; });
    return turn[WORDS].flatMap(([word], n) => [n ? " " : "", n === said ? make("mark", "", word) : word]);
  };
  const place = () => {
    const at = audio.currentTime || 0;
    line.place(at);
    let now = null;
    // The last to have started among those that still speak.
    for (const item of turns) if (item.start <= at && at < item.end) now = item;
    head.setAttribute("aria-valuetext", clock(at) + (now ? ", " + data.speakers[now.turn[WHO]] : ""));
    const row = now && $("turn-" + now.n);
    if (marked !== row) { if (marked) marked.classList.remove("now"); if (row) row.classList.add("now"); marked = row; }
    const text = $("now");
    text.replaceChildren();
    if (now) text.append(make("b", "", data.speakers[now.turn[WHO]]), ...spoken(now.turn, at * data.rate));
  };
  const line = timeline($("timeline"), {
    duration: () => data.duration, time: () => audio.currentTime || 0, seek, redrawn: () => place(),
    toggle: () => { if (audio.paused) seek(audio.currentTime || 0, true); else audio.pause(); },
  });
  const follow = () => { place(); if (!audio.paused) requestAnimationFrame(follow); };
  audio.addEventListener("play", () => { clip.pause(); release(); follow(); });
  audio.addEventListener("seeked", place);

  refresh();
  line.redraw();
})();
