/* Changing a selection submits the form; changing the event type resets the model. */
"use strict";

for (const button of document.querySelectorAll("[data-submit-on-change] button")) button.hidden = true;

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-submit-on-change]");
  if (!form) return;
  const model = form.elements.namedItem("model");
  if (event.target.name === "type" && model) model.disabled = true;
  form.submit();
});
