// Draws every [data-chart] from the figure beside it, in the page's own colours; saves pictures and data.
(() => {
  "use strict";
  const CONFIG = { displayModeBar: false, responsive: false };
  const LIGHT = { text: "#161d29", muted: "#161d29", line: "#dde1e8", surface: "#ffffff" };
  const LETTER = 7.5; // pixels, about
  const NARROW = 560; // pixels: below that a legend's names and labels are broken into short lines

  function pageColours() {
    const style = getComputedStyle(document.documentElement);
    const value = (name) => style.getPropertyValue(`--lab-${name}`).trim();
    return { text: value("text"), muted: value("muted"), line: value("line"), surface: value("surface") };
  }

  const figureOf = (box) => JSON.parse(document.getElementById(box.dataset.chart).textContent);

  // A text broken into lines of at most so many letters, at its own spaces. Chinese has none: its letters are wider, and are cut.
  function broken(text, most) {
    const lines = [""];
    for (const word of text.replaceAll("<br>", " ").split(/ +/)) {
      const last = lines[lines.length - 1];
      if (last && last.length + word.length + 1 > most) lines.push(word);
      else lines[lines.length - 1] = last ? `${last} ${word}` : word;
    }
    return lines.join("<br>");
  }

  const roomOf = (axis, width) => (width - 96) / axis.tickvals.length;

  // Labels of narrow columns stand on their side; those of lines are broken more often.
  function labels(axis, meta, width) {
    if (!axis.ticktext) return axis;
    if (meta.rows) return width < NARROW ? { ...axis, ticktext: axis.ticktext.map((text) => broken(text, 14)) } : axis;
    const room = roomOf(axis, width);
    if (room > 96) return { ...axis, ticktext: axis.ticktext.map((text) => broken(text, Math.floor(room / LETTER))) };
    return { ...axis, tickangle: -90, ticktext: axis.ticktext.map((text) => text.replaceAll("<br>", " ")) };
  }

  function axisFor(axis, colours, meta, width, log) {
    const { muted, line } = colours;
    const look = { gridcolor: line, linecolor: line, tickcolor: line, tickfont: { color: muted } };
    const title = { ...axis.title, font: { size: 13 } };
    return { ...labels(axis, meta, width), ...look, title, automargin: true, ...(log ? { type: "log" } : {}) };
  }

  // Pixels that labels on their side need below the picture: as many as the longest has letters.
  const LONGEST = 320;
  const sideways = (axis) => Math.min(LONGEST, LETTER * Math.max(...axis.ticktext.map((text) => text.length)));

  function layoutFor(figure, box, colours, width) {
    const { layout } = figure;
    const family = getComputedStyle(document.body).fontFamily;
    const meta = layout.meta || {};
    const logs = box.dataset.log || "";
    const narrow = width < NARROW;
    const turned = meta.columns && roomOf(layout.xaxis, width) <= 96;
    const legend = narrow && !meta.columns ? 22 * inLegend(figure).length : 0;
    return {
      ...layout,
      width,
      // Room for labels on their side, and for a legend that has a line for each name.
      height: layout.height + (turned ? sideways(layout.xaxis) : legend),
      margin: narrow ? { ...layout.margin, l: 48, r: 8 } : layout.margin,
      font: { family, color: colours.text, size: narrow ? 12 : 13 },
      xaxis: axisFor(layout.xaxis, colours, meta, width, logs.includes("x")),
      yaxis: axisFor(layout.yaxis, colours, meta, width, logs.includes("y")),
      hoverlabel: { bgcolor: colours.surface, bordercolor: colours.muted, font: { color: colours.text, family } },
    };
  }

  const inLegend = ({ data, layout }) =>
    layout.showlegend === false ? [] : data.filter((trace) => trace.showlegend !== false && trace.name);

  function dataFor(figure, width) {
    if (width >= NARROW) return figure.data;
    return figure.data.map((trace) => ({
      ...trace,
      ...(trace.mode ? { mode: trace.mode.replace("+text", "") } : {}),
      ...(trace.name ? { name: broken(trace.name, 36) } : {}),
    }));
  }

  function draw(box) {
    const figure = figureOf(box);
    const width = box.clientWidth - 16;
    return Plotly.react(box, dataFor(figure, width), layoutFor(figure, box, pageColours(), width), CONFIG);
  }

  function drawAll() {
    document.querySelectorAll("[data-chart]").forEach(draw);
  }

  // Saved pictures are for reports: dark on white with their title, whatever the page's theme.
  function savePicture(figure, box, format) {
    const width = 1200;
    const layout = layoutFor(figure, box, LIGHT, width);
    const title = figure.layout.title || { text: box.dataset.title, x: 0.01, font: { size: 16 } };
    const picture = { ...layout, title, paper_bgcolor: LIGHT.surface, plot_bgcolor: LIGHT.surface };
    picture.height = Math.max(600, figure.layout.height);
    picture.margin = { ...layout.margin, t: 56 };
    const options = { format, filename: box.dataset.name, width, height: picture.height, scale: format === "png" ? 2 : 1 };
    return Plotly.downloadImage({ data: figure.data, layout: picture }, options);
  }

  // A spreadsheet must not take a name for a formula; numbers may be negative.
  function csvCell(cell) {
    const value = cell.dataset.value ?? cell.textContent.trim();
    const safe = /^[=+\-@\t\r]/.test(value) && Number.isNaN(Number(value)) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  function saveData(table, name) {
    const lines = [...table.rows].map((row) => [...row.cells].map(csvCell).join(","));
    // The mark at the start tells Excel that it is UTF-8.
    const file = new Blob([`\ufeff${lines.join("\r\n")}\r\n`], { type: "text/csv;charset=utf-8" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = `${name}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function save(box, chart, format) {
    if (format === "csv") saveData(chart.querySelector("[data-csv]"), box.dataset.name);
    else savePicture(figureOf(box), box, format);
  }

  function switchScale(button, box) {
    const axis = button.dataset.scale;
    const logs = box.dataset.log || "";
    const log = !logs.includes(axis);
    box.dataset.log = log ? logs + axis : logs.replace(axis, "");
    button.setAttribute("aria-pressed", String(log));
    draw(box);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-save], [data-scale]");
    const chart = button?.closest(".chart");
    const box = chart?.querySelector("[data-chart]");
    if (!box) return;
    if (button.dataset.save) save(box, chart, button.dataset.save);
    else switchScale(button, box);
  });
  document.addEventListener("lab:theme", drawAll);
  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("htmx:afterSwap", (event) => event.target.querySelectorAll("[data-chart]").forEach(draw));
  let resized = null;
  window.addEventListener("resize", () => {
    clearTimeout(resized);
    resized = setTimeout(drawAll, 150);
  });
})();
