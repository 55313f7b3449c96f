"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const MOST_LINES = 8;
  const MEASURES = [
    ["evidence", "Evidence per object", `mean ${data.unit} of an object`],
    ["energy_in_box", "Energy in box", "mean share of an object's evidence in its box, %"],
    ["confidence", "Confidence", "mean confidence, %"],
    ["objects_per_frame", "Objects", "mean number of objects in a frame"],
  ];
  const inPercent = { energy_in_box: true, confidence: true };
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const make = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const number = (value) => {
    if (value === null || value === undefined) return "–";
    const size = Math.abs(value);
    return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
  };
  const clock = (s) => {
    const tenths = Math.round(Math.max(0, s) * 10), minutes = Math.floor(tenths / 600), rest = tenths % 600;
    const start = minutes >= 60 ? `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}` : `${minutes}`;
    return `${start}:${String(Math.floor(rest / 10)).padStart(2, "0")}.${rest % 10}`;
  };
  const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
  const isFilm = data.time.unit === "s";
  const when = (at) => (isFilm ? clock(at) : `picture ${Math.round(at)}`);
  const titleOf = (one) => (one.track ? `${one.name} ${one.track}` : one.name || "all objects");
  const charts = [];

  // A chart in its box: fits the width, tells its values at the pointer, and to the keyboard.
  function draw(box, label, makeOptions, values, tell) {
    const spoken = make("div", "spoken"), tip = make("div", "tip");
    spoken.setAttribute("aria-live", "polite");
    tip.hidden = true;
    box.textContent = "";
    box.tabIndex = 0;
    box.setAttribute("role", "application");
    box.setAttribute("aria-label", `${label}. Left and right arrows read the values, plus and minus zoom, Escape shows all.`);
    const wide = () => Math.max(240, Math.floor(box.clientWidth));
    const options = makeOptions(wide());
    options.hooks = { setCursor: [(u) => show(u)] };
    const chart = new uPlot(options, values, box);
    box.append(tip, spoken);
    function show(u) {
      const at = u.cursor.idx;
      if (at === null || at === undefined || u.cursor.left < 0) { tip.hidden = true; return; }
      const lines = tell(at);
      tip.textContent = "";
      tip.append(make("b", "", lines[0]));
      for (const [colour, name, value] of lines[1]) {
        const row = make("div"), left = make("span"), dot = make("i");
        dot.style.setProperty("--c", colour);
        left.append(dot, name);
        row.append(left, make("span", "", value));
        tip.append(row);
      }
      tip.hidden = false;
      const x = u.bbox.left / devicePixelRatio + u.cursor.left, right = x > box.clientWidth / 2;
      tip.style.left = right ? "" : `${x + 12}px`;
      tip.style.right = right ? `${box.clientWidth - x + 12}px` : "";
      tip.style.top = "8px";
      if (document.activeElement === box) spoken.textContent = [lines[0], ...lines[1].map((l) => `${l[1]} ${l[2]}`)].join(", ");
    }
    const all = values[0];
    box.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key], scale = chart.scales.x;
      const zoom = { "+": 0.5, "=": 0.5, "-": 2 }[event.key];
      if (step) {
        const at = Math.min(all.length - 1, Math.max(0, (chart.cursor.idx ?? (step > 0 ? -1 : all.length)) + step));
        chart.setCursor({ left: chart.valToPos(all[at], "x"), top: 10 });
      } else if (zoom && all.length > 1) {
        const middle = chart.cursor.idx === null || chart.cursor.idx === undefined ? (scale.min + scale.max) / 2 : all[chart.cursor.idx];
        const half = ((scale.max - scale.min) / 2) * zoom;
        chart.setScale("x", { min: Math.max(chart.whole[0], middle - half), max: Math.min(chart.whole[1], middle + half) });
      } else if (event.key === "Escape") {
        chart.setScale("x", { min: chart.whole[0], max: chart.whole[1] });
        chart.setCursor({ left: -10, top: -10 });
      } else return;
      event.preventDefault();
    };
    box.onblur = () => { tip.hidden = true; };
    chart.whole = [chart.scales.x.min ?? all[0], chart.scales.x.max ?? all[all.length - 1]];
    requestAnimationFrame(() => { chart.whole = [chart.scales.x.min, chart.scales.x.max]; });
    const entry = { chart, box, wide };
    charts.push(entry);
    new ResizeObserver(() => fit(entry)).observe(box);
    return chart;
  }
  function fit(entry, wide) {
    const width = wide || entry.wide();
    if (entry.chart.width !== width) entry.chart.setSize({ width, height: entry.chart.height });
  }
  const axis = (label, more) => ({
    stroke: () => css("--soft"), grid: { stroke: () => css("--line"), width: 1 }, ticks: { stroke: () => css("--line"), width: 1 },
    font: "12px system-ui, sans-serif", label, labelSize: 18, labelFont: "12px system-ui, sans-serif", ...more,
  });
  const scaleY = (u, low, high) => [0, high > 0 ? high * 1.06 : 1];
  const dashes = [[], [6, 4]];

  function course(host) {
    const all = data[host.dataset.of], shown = all.slice(0, MOST_LINES), x = data.time.at;
    const measures = MEASURES.filter(([key]) => shown.some((one) => one.over_time[key].some((v) => v !== null)));
    const off = new Set();
    let measure = measures[0][0], chart;
    const controls = make("div", "controls"), set = make("div", "set measures"), lines = make("div", "set lines"), box = make("div", "plot");
    set.setAttribute("role", "group");
    set.setAttribute("aria-label", "What is drawn");
    lines.setAttribute("role", "group");
    lines.setAttribute("aria-label", "Which lines are drawn");
    const value = (v) => (v === null ? "–" : inPercent[measure] ? `${(100 * v).toFixed(0)} %` : number(v));
    function redraw() {
      const [, title, unit] = MEASURES.find(([key]) => key === measure);
      for (let i = charts.length; i--; ) if (charts[i].box === box) { charts[i].chart.destroy(); charts.splice(i, 1); }
      const factor = inPercent[measure] ? 100 : 1;
      const ys = shown.map((one) => one.over_time[measure].map((v) => (v === null ? null : v * factor)));
      const points = x.length < 60;
      chart = draw(box, `${title} over time, ${unit}`, (width) => ({
        width, height: 280, legend: { show: false }, padding: [8, 8, 0, 0],
        cursor: { points: { size: 7 }, drag: { x: true, y: false }, y: false },
        scales: { x: { time: false }, y: { range: scaleY } },
        axes: [
          axis(isFilm ? "time, minutes:seconds" : "picture", { values: (u, at) => at.map((v) => (isFilm ? clock(v).replace(/\.0$/, "") : v)), space: 70, size: 34, incrs: isFilm ? STEPS : STEPS.slice(3) }),
          axis(unit, { size: 48 }),
        ],
        series: [{}, ...shown.map((one, n) => ({
          label: titleOf(one), show: !off.has(n), width: 1.8, dash: dashes[n >= 6 ? 1 : 0], stroke: () => css(`--c${n}`), spanGaps: false,
          paths: isFilm ? undefined : () => null, points: { show: points || !isFilm || undefined, size: isFilm ? 5 : 8, fill: () => css(`--c${n}`) },
        }))],
      }), [x, ...ys], (at) => [
        when(x[at]),
        shown.flatMap((one, n) => (off.has(n) ? [] : [[css(`--c${n}`), titleOf(one), value(one.over_time[measure][at])]])),
      ]);
    }
    for (const [key, title] of measures) {
      const button = make("button", "", title);
      button.type = "button";
      button.setAttribute("aria-pressed", String(key === measure));
      button.onclick = () => {
        measure = key;
        for (const other of set.children) other.setAttribute("aria-pressed", String(other === button));
        redraw();
      };
      set.append(button);
    }
    shown.forEach((one, n) => {
      const button = make("button"), mark = make("i");
      button.type = "button";
      mark.style.setProperty("--c", `var(--c${n})`);
      button.append(mark, titleOf(one));
      button.setAttribute("aria-pressed", "true");
      button.onclick = () => {
        off.has(n) ? off.delete(n) : off.add(n);
        button.setAttribute("aria-pressed", String(!off.has(n)));
        chart.setSeries(n + 1, { show: !off.has(n) });
      };
      lines.append(button);
    });
    if (all.length > shown.length) lines.append(make("span", "note", `and ${all.length - shown.length} more in the table`));
    controls.append(set, lines);
    host.append(controls, box);
    host.append(make("p", "note", "Drag to zoom in, double-click to see all; the names switch lines off and on."));
    redraw();
  }

  function histogram(host) {
    const edges = data.energy_edges, middles = edges.slice(1).map((edge, n) => 50 * (edge + edges[n]));
    const options = [data.all, ...(data.classes.length > 1 ? data.classes.slice(0, MOST_LINES - 1) : [])];
    let chosen = 0;
    const set = make("div", "set measures"), box = make("div", "plot");
    set.setAttribute("role", "group");
    set.setAttribute("aria-label", "Whose");
    function redraw() {
      for (let i = charts.length; i--; ) if (charts[i].box === box) { charts[i].chart.destroy(); charts.splice(i, 1); }
      const counts = options[chosen].energy_histogram;
      draw(box, `Energy in box of ${titleOf(options[chosen])}, number of detections`, (width) => ({
        width, height: 310, legend: { show: false }, padding: [8, 12, 0, 0], cursor: { points: { show: false }, drag: { x: false, y: false }, y: false },
        scales: { x: { time: false, range: [0, 100] }, y: { range: scaleY } },
        axes: [axis("share of the evidence inside the box, %", { size: 34 }), axis("detections", { size: 54, incrs: [1, 2, 5, ...[1, 2, 3, 4, 5, 6, 7, 8].flatMap((n) => [10 ** n, 2 * 10 ** n, 5 * 10 ** n])] })],
        series: [{}, {
          label: "detections", stroke: () => css("--accent"), fill: () => css("--accent"), width: 0, points: { show: false },
          paths: uPlot.paths.bars({ size: [0.86, 60, 1] }),
        }],
      }), [middles, counts], (at) => [
        `${(100 * edges[at]).toFixed(0)} to ${(100 * edges[at + 1]).toFixed(0)} %`,
        [[css("--accent"), titleOf(options[chosen]), `${counts[at]}`]],
      ]);
    }
    options.forEach((one, n) => {
      const button = make("button", "", titleOf(one));
      button.type = "button";
      button.setAttribute("aria-pressed", String(n === chosen));
      button.onclick = () => {
        chosen = n;
        for (const other of set.children) other.setAttribute("aria-pressed", String(other === button));
        redraw();
      };
      set.append(button);
    });
    if (options.length > 1) host.append(set);
    host.append(box);
    redraw();
  }

  function place(host) {
    const [columns, rows] = data.place.cells_wh, cell = host.querySelector(".cell"), read = document.getElementById("place-read");
    const before = read.textContent;
    let at = [Math.floor(data.place.centre_xy[0] * columns), Math.floor(data.place.centre_xy[1] * rows)];
    function show(column, row) {
      at = [Math.min(columns - 1, Math.max(0, column)), Math.min(rows - 1, Math.max(0, row))];
      const share = data.place.shares[at[1]][at[0]];
      cell.hidden = false;
      cell.style.left = `${(100 * at[0]) / columns}%`;
      cell.style.top = `${(100 * at[1]) / rows}%`;
      cell.style.width = `${100 / columns}%`;
      cell.style.height = `${100 / rows}%`;
      read.textContent = `${(100 * share).toFixed(2)} % of all heat, ${Math.round((100 * (at[0] + 0.5)) / columns)} % from the left, ` +
        `${Math.round((100 * (at[1] + 0.5)) / rows)} % from the top`;
    }
    const hide = () => { cell.hidden = true; read.textContent = before; };
    host.onpointermove = (event) => {
      const box = host.getBoundingClientRect();
      show(Math.floor(((event.clientX - box.left) / box.width) * columns), Math.floor(((event.clientY - box.top) / box.height) * rows));
    };
    host.onpointerleave = hide;
    host.onblur = hide;
    host.onkeydown = (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step) return;
      show(at[0] + step[0], at[1] + step[1]);
      event.preventDefault();
    };
  }

  document.querySelectorAll(".course").forEach(course);
  document.querySelectorAll(".histogram").forEach(histogram);
  document.querySelectorAll(".place").forEach(place);
  const again = () => charts.forEach(({ chart }) => chart.redraw(false, true));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  matchMedia("print").addEventListener("change", () => { charts.forEach((entry) => fit(entry)); again(); });
  document.documentElement.dataset.drawn = String(charts.length);
})();
