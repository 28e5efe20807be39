// Draws a run: hosts as tracks, the workload as a line that changes track, phases as bars below.
// The data comes from migrations_app/waterfall.py; this file knows geometry only.
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const TOP = 40, AXIS = 24, TRACK = 60, GAP = 16, CAPTION = 28, EDGE = 16;
  const LIVE_MIN_MS = 3000;

  function node(tag, attributes, text) {
    const element = document.createElementNS(SVG, tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    if (text !== undefined) element.textContent = text;
    return element;
  }

  // As metrics.py writes durations: three digits, seconds from a tenth of one on.
  function duration(ms) {
    const [value, unit] = ms < 100 ? [ms, "ms"] : [ms / 1000, "s"];
    const digits = value < 1 ? 3 : Math.max(0, 2 - Math.floor(Math.log10(value)));
    return `${value.toFixed(unit === "ms" ? Math.min(digits, 1) : digits)}\u00a0${unit}`;
  }

  function niceStep(span, count) {
    const raw = span / count;
    const power = 10 ** Math.floor(Math.log10(raw));
    return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= raw);
  }

  // Which stretch of time is shown: all of it, or the stop window with some air.
  function domain(data, view, now) {
    const stop = data.stop;
    if (view === "stop" && stop) {
      const end = stop.end ?? now;
      const air = Math.max(20, (end - stop.start) * 0.2);
      return [Math.max(0, stop.start - air), end + air];
    }
    return [0, data.running ? Math.max(LIVE_MIN_MS, now * 1.25) : Math.max(1, data.end_ms) * 1.015];
  }

  class Picture {
    constructor(box, data, view, now) {
      this.data = data;
      this.now = now;
      this.width = Math.max(280, box.clientWidth);
      this.narrow = this.width < 640;
      this.left = this.narrow ? 8 : 160;
      this.right = this.width - EDGE;
      this.row = this.narrow ? 36 : 26;
      [this.from, this.to] = domain(data, view, now);
      this.svg = node("svg", { class: "wf", role: "img", "aria-label": data.texts.summary });
    }

    x(ms) {
      const place = this.left + ((ms - this.from) / (this.to - this.from)) * (this.right - this.left);
      return Math.min(Math.max(place, this.left), this.right);
    }

    shows(start, end) {
      return end >= this.from && start <= this.to;
    }

    add(tag, attributes, text) {
      return this.svg.appendChild(node(tag, attributes, text));
    }

    text(x, y, cls, anchor, words) {
      return this.add("text", { x, y, class: cls, "text-anchor": anchor }, words);
    }

    draw() {
      const tracks = TOP + AXIS;
      const rows = tracks + this.data.lanes.length * this.trackHeight() + GAP;
      const height = rows + this.rowsHeight();
      this.svg.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
      this.svg.setAttribute("width", this.width);
      this.svg.setAttribute("height", height);
      this.drawStopShade(height);
      this.drawAxis(height);
      this.drawTracks(tracks);
      this.drawLanes(rows);
      this.drawStopPill();
      return this.svg;
    }

    trackHeight() {
      return this.narrow ? TRACK + 16 : TRACK;
    }

    rowsHeight() {
      const heights = this.data.lanes.map((lane) => lane.rows.length
        ? CAPTION + lane.rows.length * this.row + 8 : 0);
      return heights.reduce((sum, height) => sum + height, 8);
    }

    drawAxis(height) {
      const step = niceStep(this.to - this.from, Math.max(2, (this.right - this.left) / 110));
      const decimals = Math.max(0, -Math.floor(Math.log10(step / 1000) + 1e-9));
      for (let at = Math.ceil(this.from / step) * step; at <= this.to; at += step) {
        const x = this.x(at);
        this.add("line", { x1: x, x2: x, y1: TOP + AXIS - 4, y2: height, class: "wf-grid" });
        const anchor = x > this.right - 20 ? "end" : x < this.left + 12 ? "start" : "middle";
        this.text(x, TOP + 14, "wf-tick", anchor, `${(at / 1000).toFixed(decimals)}\u00a0s`);
      }
    }

    stopEnd() {
      return this.data.stop.end ?? this.now;
    }

    drawStopShade(height) {
      const stop = this.data.stop;
      if (!stop) return;
      const x = this.x(stop.start);
      const width = Math.max(2, this.x(this.stopEnd()) - x);
      this.add("rect", { x, y: TOP - 8, width, height: height - TOP + 8, class: "wf-stop" });
      [x, x + width].forEach((edge) => this.add("line",
        { x1: edge, x2: edge, y1: TOP - 8, y2: height, class: "wf-stop-edge" }));
    }

    drawStopPill() {
      const stop = this.data.stop;
      if (!stop) return;
      const open = stop.end === null && this.data.running;
      if (!open && !stop.text) return;
      const words = open ? `${this.data.texts.standing} ${duration(Math.max(0, this.now - stop.start))}`
        : stop.text;
      const width = [...words].reduce((sum, sign) => sum + (sign > "\u2e80" ? 15 : 8), 28);
      const middle = (this.x(stop.start) + this.x(this.stopEnd())) / 2;
      const x = Math.min(Math.max(middle - width / 2, 2), this.width - width - 2);
      this.add("rect", { x, y: 0, width, height: 30, rx: 15, class: "wf-pill" });
      this.text(x + width / 2, 20, "wf-pill-text", "middle", words);
    }

    drawTracks(top) {
      this.ys = {};
      this.data.lanes.forEach((lane, index) => {
        const y = top + index * this.trackHeight();
        const line = y + (this.narrow ? 52 : 34);
        this.ys[lane.key] = line;
        this.text(this.narrow ? this.left : 0, y + (this.narrow ? 18 : 30), "wf-host", "start", lane.title);
        this.text(this.narrow ? this.width - EDGE : 0, y + (this.narrow ? 18 : 47), "wf-role",
          this.narrow ? "end" : "start", lane.role);
        this.add("line", { x1: this.left, x2: this.right, y1: line, y2: line, class: "wf-rail" });
      });
      this.drawCrossing();
      this.data.line.forEach((stretch) => this.drawStretch(stretch));
    }

    // Between the stretches the workload exists as an image only.
    drawCrossing() {
      const [before, after] = this.data.line;
      if (!this.data.stop) return;
      const x1 = this.x(before.end), y1 = this.ys[before.lane];
      const x2 = this.x(this.stopEnd());
      const goal = after ? this.ys[after.lane] : y1;
      const middle = (x1 + x2) / 2;
      this.add("path", { d: `M${x1} ${y1} C${middle} ${y1} ${middle} ${goal} ${x2} ${goal}`, class: "wf-crossing" });
    }

    drawStretch(stretch) {
      const end = stretch.end ?? this.now;
      if (!this.shows(stretch.start, end)) return;
      const y = this.ys[stretch.lane];
      const [x1, x2] = [this.x(stretch.start), this.x(end)];
      this.add("line", { x1, x2: Math.max(x2, x1 + 1), y1: y, y2: y, class: "wf-alive" });
      if (stretch.start > this.from) this.add("circle", { cx: x1, cy: y, r: 8, class: "wf-stop-dot" });
      if (this.data.stop && stretch.end === this.data.stop.start) {
        this.add("circle", { cx: x2, cy: y, r: 8, class: "wf-stop-dot" });
      }
      if (stretch.end_text) {
        this.text(x2 - 14, y - 13, "wf-said", "end", `… ${stretch.end_text}`);
      }
      if (stretch.start_text) this.text(x1 + 14, y - 13, "wf-said", "start", `${stretch.start_text} …`);
    }

    drawLanes(top) {
      let y = top;
      this.data.lanes.filter((lane) => lane.rows.length).forEach((lane) => {
        this.add("line", { x1: 0, x2: this.width, y1: y, y2: y, class: "wf-divide" });
        this.text(this.narrow ? this.left : 0, y + 19, "wf-caption", "start", `${lane.title} · ${lane.role}`);
        y += CAPTION;
        lane.rows.forEach((row) => {
          this.drawRow(row, y);
          y += this.row;
        });
        y += 8;
      });
    }

    drawRow(row, y) {
      this.text(this.narrow ? this.left : 12, y + (this.narrow ? 13 : 17), "wf-label", "start", row.title);
      row.bars.forEach((bar) => this.drawBar(row, bar, y));
    }

    drawBar(row, bar, y) {
      const end = bar.start + (bar.duration ?? Math.max(0, this.now - bar.start));
      if (!this.shows(bar.start, end)) return;
      const x = this.x(bar.start);
      const width = Math.max(3, this.x(end) - x);
      const state = `${bar.duration === null ? " wf-running" : ""}${bar.failed ? " wf-failed" : ""}`;
      const shape = this.narrow ? { y: y + 19, height: 10 } : { y: y + 6, height: 14 };
      this.add("rect", { x, width, rx: 3, ...shape, class: `wf-bar wf-${row.name}${state}` });
      if (!bar.labelled) return; // rounds share a row: what they took stands beside the last
      const counted = duration(end - bar.start);
      const words = bar.text || (bar.so_far ? `${counted} · ${bar.so_far}` : counted);
      if (this.narrow) this.text(this.right, y + 13, "wf-value", "end", words);
      else this.besideBar(x, width, y, words);
    }

    besideBar(x, width, y, words) {
      const room = words.length * 7 + 12;
      if (x + width + room < this.width) this.text(x + width + 6, y + 17, "wf-value", "start", words);
      else if (x - room > this.left) this.text(x - 6, y + 17, "wf-value", "end", words);
      else this.text(x + width - 6, y + 17, "wf-value", "end", words);
    }
  }

  let timer = null;

  // Draws into [data-waterfall] from the JSON beside it, again and again while the run is on.
  function show(view) {
    const box = document.querySelector("[data-waterfall]");
    const source = document.getElementById("waterfall-data");
    cancelAnimationFrame(timer);
    if (!box || !source) return;
    const data = JSON.parse(source.textContent);
    const began = performance.now();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : 50;
    let last = 0;
    const frame = (time) => {
      if (!box.isConnected) return;
      if (time - last >= calm || !last) {
        last = time;
        const now = data.end_ms + (data.running ? performance.now() - began : 0);
        box.replaceChildren(new Picture(box, data, view(), now).draw());
        countStop(data, now);
      }
      if (data.running) timer = requestAnimationFrame(frame);
    };
    frame(performance.now());
  }

  // The big figure runs along while the workload stands still.
  function countStop(data, now) {
    const place = document.querySelector("[data-live-stop]");
    if (place && data.stop && (data.running || data.stop.end !== null)) {
      place.textContent = duration(Math.max(0, (data.stop.end ?? now) - data.stop.start));
    }
  }

  window.lab.showWaterfall = show;
})();
