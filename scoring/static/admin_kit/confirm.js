/* A form or button with data-confirm="..." asks for confirmation before it is submitted. */
"use strict";

(() => {
  const ask = (words, button) => new Promise((answer) => {
    const dialog = document.createElement("dialog");
    dialog.className = "ws-confirm";
    dialog.setAttribute("aria-labelledby", "confirm-words");
    dialog.innerHTML = `<form method="dialog"><p id="confirm-words"></p><div class="ws-row">
      <button class="ws-btn ws-btn--primary" value="yes"></button><button class="ws-btn" value="no" autofocus>Cancel</button></div></form>`;
    dialog.querySelector("p").textContent = words;
    dialog.querySelector("[value=yes]").textContent = button;
    dialog.addEventListener("close", () => { dialog.remove(); answer(dialog.returnValue === "yes"); });
    document.body.append(dialog);
    dialog.showModal();
  });

  document.addEventListener("submit", async (event) => {
    const { target: form, submitter } = event;
    const words = submitter?.dataset.confirm || form.dataset.confirm;
    if (!words || form.dataset.confirmed) return;
    event.preventDefault();
    if (!(await ask(words, submitter?.textContent.trim() || "Continue"))) return;
    form.dataset.confirmed = "1";
    form.requestSubmit(submitter);
    delete form.dataset.confirmed;
  });
})();
