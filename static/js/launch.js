// The launch form: what the chosen step can't do is off and says why, the first choice follows the
// step, rules for rounds are shown for strategies that have some, and open connections of a workload
// that has clients come along by the strategies that can take them. Without this file everything
// is shown, with the steps that a reason is about, and the server refuses what can't be.
(() => {
  "use strict";
  const form = document.querySelector("[data-launch]");
  if (!form) return;
  const chosen = (name) => form.querySelector(`input[name="${name}"]:checked`);
  const words = (text) => text.split(" ").filter(Boolean);
  const impossible = new Set();
  form.querySelectorAll("[name=strategy]:disabled").forEach((radio) => impossible.add(radio));

  function refusals(radio) {
    return [...radio.closest(".choice").querySelectorAll("[data-refused]")];
  }

  function fitStrategies() {
    const step = chosen("step");
    if (!step) return;
    form.querySelectorAll("[name=strategy]").forEach((radio) => {
      let refused = impossible.has(radio);
      refusals(radio).forEach((reason) => {
        const concerns = words(reason.dataset.refused).includes(step.value);
        reason.hidden = !concerns;
        refused ||= concerns;
      });
      radio.disabled = refused;
      if (refused) radio.checked = false;
    });
    if (!chosen("strategy")) {
      form.querySelector(`[name=strategy][value="${step.dataset.strategy}"]`).checked = true;
    }
  }

  function fitRules() {
    const strategy = chosen("strategy")?.value;
    form.querySelectorAll("[data-rounds]").forEach((rules) => {
      const apply = words(rules.dataset.rounds).includes(strategy);
      rules.hidden = !apply;
      rules.disabled = !apply; // neither checked by the browser nor sent
    });
  }

  // Until somebody ticks it by hand.
  const connections = form.querySelector("[data-connections]");
  const tick = form.querySelector("[name=tcp_established]");
  let byHand = false;

  function fitConnections() {
    const strategy = chosen("strategy")?.value;
    if (!connections || byHand || !strategy) return;
    tick.checked = words(connections.dataset.connections).includes(strategy);
  }

  function fit() {
    fitStrategies();
    fitRules();
    fitConnections();
  }

  // A number that the browser refuses must be seen, also below a fold.
  form.addEventListener("invalid", (event) => {
    const fold = event.target.closest("details");
    if (fold) fold.open = true;
  }, true);
  form.querySelectorAll("[data-places]").forEach((places) => { places.hidden = true; });
  form.addEventListener("change", (event) => {
    if (event.target === tick) byHand = true;
    if (["step", "strategy"].includes(event.target.name)) fit();
  });
  fit();
})();
