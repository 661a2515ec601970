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

  document.addEventListener("DOMContentLoaded", start);
})();
