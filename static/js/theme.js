// Runs before the first paint: "as the system" can only be known here, not on the server.
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function show(choice) {
    const theme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
    root.dataset.themeChoice = choice;
    if (root.dataset.bsTheme === theme) return;
    root.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("lab:theme"));
  }

  function choose(choice) {
    document.cookie = `theme=${choice}; path=/; max-age=31536000; samesite=lax`;
    show(choice);
  }

  show(root.dataset.themeChoice || "auto");
  dark.addEventListener("change", () => show(root.dataset.themeChoice));
  window.lab = { chooseTheme: choose };
})();
