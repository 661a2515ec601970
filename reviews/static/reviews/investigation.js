/* The investigation console: completes and checks the condition, and offers the comparisons that fit a name. */
"use strict";

(() => {
  const start = () => {
    const form = document.getElementById("query-form");
    if (!form) return;
    const find = (id) => document.getElementById(id);
    const data = JSON.parse(find("completion-data").textContent);
    const comparisons = JSON.parse(find("comparison-data").textContent);
    ruleEditor.attachEditor({ form, data });

    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
    });
    const period = find("period");
    const showTimes = () => form.querySelectorAll("[data-custom]").forEach((field) => { field.hidden = period.value !== "custom"; });
    period.addEventListener("change", showTimes);
    showTimes();

    const name = find("add-field"), comparison = find("add-comparison"), value = find("add-value");
    const fit = () => {
      const fitting = comparisons[name.value];
      if (!fitting) return;
      const chosen = comparison.value;
      comparison.replaceChildren(...Object.entries(fitting).map(([key, words]) => new Option(words, key)));
      if (chosen in fitting) comparison.value = chosen;
      const operand = data.names.find((each) => each.name === name.value);
      find("values-of-operand").replaceChildren(...operand.values.map((each) => new Option(each)));
      needValue();
    };
    const needValue = () => { value.disabled = ["present", "missing", "true", "false"].includes(comparison.value); };
    name.addEventListener("input", fit);
    comparison.addEventListener("change", needValue);
  };

  /* A query runs while this page is still shown: it is cancelled when the page is left, or by the button. */
  const watchRuns = () => {
    const bar = document.getElementById("running");
    if (!bar) return;
    const address = location.pathname;
    const words = bar.querySelector("span"), button = bar.querySelector("button");
    let run = "";
    const show = (text, running) => {
      words.textContent = text;
      button.hidden = !running;
      bar.hidden = false;
    };
    const begin = () => {
      run = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
      document.cookie = `investigation_run=${run}; path=${address}; max-age=120; samesite=strict`;
      show("The query is running.", true);
    };
    const cancel = () => {
      if (!run) return;
      const sent = new FormData();
      sent.set("action", "cancel");
      sent.set("investigation_run", run);
      sent.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
      navigator.sendBeacon(address, sent);
      run = "";
      show("The query was cancelled. The page shows the one before it.", false);
    };
    document.addEventListener("submit", (event) => {
      if (!event.defaultPrevented && event.target.method === "get" && new URL(event.target.action, location).pathname === address) begin();
    });
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href]");
      const plain = !event.defaultPrevented && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
      if (link && plain && link.pathname === address && link.search && link.search !== location.search) begin();
    });
    button.addEventListener("click", () => { window.stop(); cancel(); });
    window.addEventListener("pagehide", cancel);
    window.addEventListener("pageshow", () => { bar.hidden = true; });
  };

  document.addEventListener("DOMContentLoaded", start);
  document.addEventListener("DOMContentLoaded", watchRuns);
})();
