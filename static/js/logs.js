// Searching in the logs of a run: matching lines only, matches marked, folded files opened.
(() => {
  "use strict";

  function mark(line, text, wanted) {
    line.replaceChildren();
    const lower = text.toLowerCase();
    let at = 0;
    for (let hit = lower.indexOf(wanted); hit >= 0; hit = lower.indexOf(wanted, at)) {
      line.append(text.slice(at, hit));
      const found = document.createElement("mark");
      found.textContent = text.slice(hit, hit + wanted.length);
      line.append(found);
      at = hit + wanted.length;
    }
    line.append(text.slice(at));
  }

  function search(field) {
    const logs = field.closest("[data-logs]");
    const wanted = field.value.trim().toLowerCase();
    let count = 0;
    logs.querySelectorAll("details").forEach((file) => {
      let hits = 0;
      file.querySelectorAll(".log-line").forEach((line) => {
        const text = line.textContent;
        const fits = !wanted || text.toLowerCase().includes(wanted);
        line.hidden = !fits;
        if (wanted && fits) mark(line, text, wanted);
        else line.textContent = text;
        if (wanted && fits) hits += 1;
      });
      if (wanted) file.open = hits > 0;
      count += hits;
    });
    const words = logs.querySelector("[data-log-found]");
    words.textContent = !wanted ? "" : count === 1 ? words.dataset.one
      : words.dataset.many.replace("#", count);
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-log-search]")) search(event.target);
  });
})();
