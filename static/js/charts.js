// Draws every [data-chart] from the figure beside it, in the page's own colours, and saves pictures.
(() => {
  "use strict";
  const CONFIG = { displayModeBar: false, responsive: true };

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const value = (name) => style.getPropertyValue(`--lab-${name}`).trim();
    return { text: value("text"), muted: value("muted"), line: value("line"), surface: value("surface") };
  }

  // Labels of columns stand below each other's lines; where columns are narrow, on their side.
  function labels(axis, box) {
    const room = (box.clientWidth - 96) / axis.tickvals.length;
    if (room > 96) return axis;
    return { ...axis, tickangle: -90, ticktext: axis.ticktext.map((text) => text.replaceAll("<br>", " · ")) };
  }

  const isNarrow = (box) => box.clientWidth < 560;

  function themed(layout, box) {
    const { text, muted, line, surface } = colours();
    const font = { family: getComputedStyle(document.body).fontFamily, color: text, size: 13 };
    const axis = { gridcolor: line, linecolor: line, tickcolor: line, tickfont: { color: muted } };
    return {
      ...layout,
      font,
      width: box.clientWidth - 16,
      // On a telephone the columns' labels, on their side, say what the legend would.
      ...(isNarrow(box) ? { showlegend: false, height: 560 } : {}),
      xaxis: { ...labels(layout.xaxis, box), ...axis },
      yaxis: { ...layout.yaxis, ...axis, type: box.dataset.type || "linear" },
      hoverlabel: { bgcolor: surface, bordercolor: muted, font: { color: text, family: font.family } },
    };
  }

  function draw(box) {
    const figure = JSON.parse(document.getElementById(box.dataset.chart).textContent);
    const unlabelled = (trace) => ({ ...trace, mode: trace.mode.replace("+text", "") });
    const data = isNarrow(box) ? figure.data.map(unlabelled) : figure.data;
    return Plotly.react(box, data, themed(figure.layout, box), CONFIG);
  }

  function drawAll() {
    document.querySelectorAll("[data-chart]").forEach(draw);
  }

  // Saved pictures are for reports: always dark on white, whatever the page's theme.
  async function save(box, format) {
    const light = { paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff", "font.color": "#161d29",
      "xaxis.tickfont.color": "#161d29", "yaxis.tickfont.color": "#161d29",
      "xaxis.gridcolor": "#dde1e8", "yaxis.gridcolor": "#dde1e8" };
    await Plotly.relayout(box, light);
    await Plotly.downloadImage(box, { format, filename: box.dataset.name, width: 1200, height: 600,
      scale: format === "png" ? 2 : 1 });
    await draw(box);
  }

  function switchScale(button, box) {
    const log = box.dataset.type !== "log";
    box.dataset.type = log ? "log" : "linear";
    button.setAttribute("aria-pressed", String(log));
    draw(box);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-save], [data-scale]");
    const box = button?.closest(".chart")?.querySelector("[data-chart]");
    if (!box) return;
    if (button.dataset.save) save(box, button.dataset.save);
    else switchScale(button, box);
  });
  document.addEventListener("lab:theme", drawAll);
  document.addEventListener("DOMContentLoaded", drawAll);
  let resized = null;
  window.addEventListener("resize", () => {
    clearTimeout(resized);
    resized = setTimeout(drawAll, 150);
  });
})();
