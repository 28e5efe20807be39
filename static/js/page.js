// Small helps for every page: theme buttons, relative times, copying, forms that send themselves.
(() => {
  "use strict";
  const root = document.documentElement;
  const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60]];

  function markTheme() {
    document.querySelectorAll("[data-theme]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.theme === root.dataset.themeChoice));
    });
  }

  // Texts from the server go stale on a page left open; they are only replaced once they have.
  function updateTimes() {
    const words = new Intl.RelativeTimeFormat(root.lang, { numeric: "always" });
    document.querySelectorAll("time[data-ago]").forEach((element) => {
      const seconds = (Date.now() - Date.parse(element.dateTime)) / 1000;
      const step = STEPS.find(([, size]) => seconds >= size);
      if (step && seconds < 30 * 86400) {
        element.textContent = words.format(-Math.floor(seconds / step[1]), step[0]);
      }
    });
  }

  async function copy(button) {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
    button.dataset.done = "yes";
    setTimeout(() => delete button.dataset.done, 1500);
  }

  document.addEventListener("click", (event) => {
    const theme = event.target.closest("[data-theme]");
    if (theme) {
      window.lab.chooseTheme(theme.dataset.theme);
      markTheme();
    }
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
  // A session that has ended answers with the login page: go there, never show it inside another.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const landed = new URL(event.detail.xhr.responseURL || location.href).pathname;
    if (landed === document.body.dataset.login) {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-send]")) event.target.form.requestSubmit();
  });

  markTheme();
  updateTimes();
  setInterval(updateTimes, 30000);
})();
