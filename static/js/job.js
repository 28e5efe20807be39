// The job page: live through server-sent events, by polling where these do not come, and for those
// who arrive late the events are replayed. Every event only says "look again": the server's page
// fragment is the one truth.
(() => {
  "use strict";
  const KINDS = ["status", "phase-started", "phase-ended", "pages-arrived", "note", "command", "done", "message"];
  const SOON_MS = 120, POLL_MS = 1500, SAFETY_MS = 5000;
  let view = "all";
  let stream = null;
  let pending = null;
  let looked = 0;

  const live = () => document.getElementById("job-live");
  const running = () => live()?.dataset.running === "yes";

  function look() {
    clearTimeout(pending);
    pending = null;
    looked = performance.now();
    if (live()) htmx.ajax("GET", live().dataset.live, { target: "#job-live", swap: "outerHTML" });
  }

  function lookSoon() {
    if (pending === null) pending = setTimeout(look, SOON_MS);
  }

  function listen() {
    stream = new EventSource(live().dataset.events);
    KINDS.forEach((kind) => stream.addEventListener(kind, (event) => {
      if (kind === "command") showCommand(event.data);
      lookSoon();
    }));
  }

  function showCommand(text) {
    const place = document.querySelector("[data-last-command]");
    try {
      const command = JSON.parse(text);
      if (place && command.argv) place.textContent = command.argv.join(" ");
    } catch {
      // an event without a body says "look again", no more
    }
  }

  function watch() {
    if (!running()) {
      stream?.close();
      return;
    }
    const quiet = performance.now() - looked;
    const heard = stream && stream.readyState === EventSource.OPEN;
    if (quiet > (heard ? SAFETY_MS : POLL_MS)) look();
    setTimeout(watch, 500);
  }

  function draw() {
    document.querySelectorAll("[data-view]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.view === view));
    });
    window.lab.showWaterfall(() => view);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-view]");
    if (!button) return;
    view = button.dataset.view;
    draw();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "job-live" || event.detail.target.id === "job-live") draw();
  });
  window.addEventListener("resize", draw);

  document.addEventListener("DOMContentLoaded", () => {
    draw();
    if (!running()) return;
    if (window.EventSource) listen();
    watch();
  });
})();
