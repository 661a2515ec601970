/* Keyboard shortcuts: an element with data-key="n t" is clicked by n or t, or focused if it is a field.
   Also: renewing the lease of a case, the tabs of its history, and checking a verdict before it is sent. */
"use strict";

(() => {
  const KEEP_EVERY_MS = 60e3; // how often an active page renews its lease
  const visible = (element) => element.checkVisibility() || element.classList.contains("ws-hidden");
  const isField = (element) => element.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=hidden])");

  /* Keys */

  const byKey = (key) => [...document.querySelectorAll("[data-key]")]
    .find((element) => element.dataset.key.split(" ").includes(key) && !element.disabled && visible(element));

  const step = (by) => {
    const rows = [...document.querySelectorAll("a[data-row]")].filter(visible);
    if (!rows.length) return false;
    const at = rows.indexOf(document.activeElement);
    rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)].focus();
    return true;
  };

  const act = (key) => {
    if (key === "j" || key === "k") return step(key === "j" ? 1 : -1);
    const element = byKey(key);
    if (!element) return false;
    if (isField(element)) {
      element.focus();
    } else {
      element.click();
    }
    return true;
  };

  const onKey = (event) => {
    if (event.defaultPrevented || event.altKey || event.isComposing) return;
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey) {
      if (key === "Enter" && act("Enter")) event.preventDefault();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    if (isField(target)) {
      if (key === "Escape") target.blur();
      return;
    }
    // Enter on a link or a button activates that one.
    if (key === "Enter" && target.closest("a, button, summary")) return;
    if (!event.repeat && act(key)) event.preventDefault();
    else if ("jk".includes(key) && event.repeat) step(key === "j" ? 1 : -1);
  };

  /* Parts of the page */

  // Replaces the element of this id by the one at the address, or goes there if it has none (a sign-in page).
  const swapPart = async (address, id) => {
    const { page } = await adminKit.fetchPage(address);
    const fresh = page?.getElementById(id);
    return fresh ? adminKit.replacePart(document.getElementById(id), fresh) : location.assign(address);
  };

  const toggle = (button) => {
    const part = document.getElementById(button.dataset.toggle);
    part.hidden = !part.hidden;
    button.setAttribute("aria-expanded", String(!part.hidden));
  };

  const tickAll = (box) => {
    for (const other of document.querySelectorAll(`[name="${box.dataset.tickAll}"]`)) other.checked = box.checked;
  };

  // Blurs a picture again that the server did not give, and says why.
  const refuseMedia = async (picture, button) => {
    picture.onerror = null;
    picture.classList.add("rv-blurred");
    picture.src = picture.dataset.blurred;
    button.disabled = true;
    const answer = await fetch(picture.dataset.still);
    const why = answer.status === 429 ? await answer.text() : "Not shown: there is no preview.";
    const note = document.createElement("p");
    note.className = "rv-small rv-refused";
    note.setAttribute("role", "status");
    note.textContent = why;
    button.replaceWith(note);
  };

  // Shows the picture itself, or blurs it again. The server records each request for it.
  const toggleMedia = (button) => {
    const picture = button.closest("figure").querySelector("[data-still]");
    const shown = picture.classList.toggle("rv-blurred");
    picture.dataset.blurred ??= picture.getAttribute("src");
    picture.src = shown ? picture.dataset.blurred : picture.dataset.still;
    picture.onerror = shown ? null : () => refuseMedia(picture, button);
    button.firstChild.textContent = shown ? "Show " : "Blur ";
  };

  const onClick = (event) => {
    const { target } = event;
    const shower = target.closest("[data-show-media]");
    if (shower) toggleMedia(shower);
    if (target.matches("[data-tick-all]")) tickAll(target);
    const link = target.closest("a[data-swap]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      // A key may have changed a part that is off the screen.
      swapPart(link.href, link.dataset.swap)
        .then((drawn) => drawn?.scrollIntoView({ block: "nearest" }))
        .catch(() => location.assign(link.href));
    }
    const opener = target.closest("[data-open]");
    if (opener) document.getElementById(opener.dataset.open).showModal();
    if (target.closest("[data-close]")) target.closest("dialog").close();
    const toggler = target.closest("[data-toggle]");
    if (toggler) toggle(toggler);
  };

  /* The verdict */

  const showSide = (form) => {
    const chosen = form.querySelector("[name=verdict]:checked")?.value;
    for (const codes of form.querySelectorAll("[data-side]")) {
      codes.hidden = chosen ? codes.dataset.side !== chosen : !("unlessChosen" in codes.dataset);
      codes.disabled = codes.hidden;
      if (codes.hidden) codes.querySelectorAll("input:not([name=outcome], [name=remains])").forEach((input) => { input.checked = false; });
    }
    form.querySelector("[data-hint]").hidden = Boolean(chosen);
  };

  // The inputs of each field of a verdict, by the name that the server calls it in a problem.
  const INPUTS = {
    verdict: "[name=verdict]",
    reason_code: "[name=reason_code], .rv-policy:has(input:checked) select",
    policies: "[name=policy]",
    action: "[name=outcome], [name=remains]",
    strike: "[name=strike]",
    confidence: "[name=confidence]",
    note: "[name=note]",
  };

  // What is missing, as [field, text]; null if nothing is.
  const problemOf = (form, submitter) => {
    const chosen = (name) => form.querySelector(`[name=${name}]:checked`);
    const hasNote = form.elements.note.value.trim();
    if (submitter?.value === "escalate") {
      return hasNote ? null : ["note", "Write a note first: say what is to be decided."];
    }
    if (!chosen("verdict")) return ["verdict", "Choose a verdict first."];
    const policies = form.querySelector("[data-side]:not([hidden]) [name=policy]");
    if (policies && !chosen("policy")) return ["policies", "Tick a policy first."];
    if (!policies && !chosen("reason_code")) return ["reason_code", "Choose a reason first."];
    if (needsNote(form) && !hasNote) return ["note", "Write a note first: say what you found."];
    return null;
  };

  // Moves the problem below the field that it concerns, and the focus into that field.
  const showAt = (form, field) => {
    const problem = form.querySelector(".rv-problem");
    for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    const input = [...form.querySelectorAll(INPUTS[field] ?? INPUTS.note)].find((each) => !each.disabled && visible(each));
    if (problem.hidden || !input) return;
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", problem.id);
    input.closest("fieldset, .ws-field").after(problem);
    input.focus();
  };

  const needsNote = (form) => Boolean(form.querySelector("input[data-needs-note]:checked"))
    || [...form.querySelectorAll(".rv-policy:has(input:checked) select")].some((select) => "needsNote" in select.selectedOptions[0].dataset);

  // Ticking a policy or a strike chooses the verdict that it belongs to.
  const chooseVerdictOf = (input) => {
    if (!input.dataset.verdict || !input.checked) return;
    input.form.querySelector(`[name=verdict][value="${CSS.escape(input.dataset.verdict)}"]`).checked = true;
  };

  const watchVerdict = (form) => {
    const problem = form.querySelector(".rv-problem");
    let sent = false;
    const showNote = () => {
      form.elements.note.placeholder = `What did you find? ${needsNote(form) ? "Required." : "Optional."}`;
    };
    form.addEventListener("change", (event) => {
      chooseVerdictOf(event.target);
      showSide(form);
      showNote();
      problem.hidden = true;
    });
    form.addEventListener("submit", (event) => {
      const [field, text] = problemOf(form, event.submitter) ?? ["", ""];
      problem.textContent = text;
      problem.hidden = !text;
      if (text || sent) event.preventDefault();
      else sent = true;
      if (text) showAt(form, field);
    });
    window.addEventListener("pageshow", () => {
      sent = false;
      showSide(form);
      showNote();
      if (form.dataset.problemField) showAt(form, form.dataset.problemField);
    });
  };

  /* Lists: only those that hold entities of the chosen kind */

  const showFittingLists = (form) => {
    const { kind } = form.querySelector("[name=entity]:checked").dataset;
    const select = form.elements.list;
    for (const option of select.options) {
      option.hidden = option.dataset.kind !== kind;
      option.disabled = option.hidden;
    }
    if (select.selectedOptions[0]?.disabled) select.value = [...select.options].find((option) => !option.disabled)?.value;
  };

  const watchLists = (form) => {
    form.addEventListener("change", () => showFittingLists(form));
    showFittingLists(form);
  };

  /* The lease */

  const watchLease = (clock, form) => {
    let until = Date.parse(clock.dataset.lease);
    let kept = Date.now();
    const keep = async () => {
      kept = Date.now();
      const body = new FormData(form);
      body.set("action", "keep");
      const answer = await (await fetch(location.href, { method: "POST", body, redirect: "error" })).json();
      if (answer.held) until = Date.parse(answer.until);
      else tell(answer.why);
    };
    const tell = (why) => {
      const problem = form.querySelector(".rv-problem");
      problem.textContent = why;
      problem.hidden = false;
    };
    const onActivity = () => {
      if (Date.now() - kept > KEEP_EVERY_MS) keep().catch(() => {}); // tried again on the next activity
    };
    for (const kind of ["keydown", "pointermove", "scroll"]) document.addEventListener(kind, onActivity, { passive: true });
    const show = () => {
      const left = Math.max(0, Math.floor((until - Date.now()) / 1000));
      clock.textContent = left ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : "0:00, expired";
      clock.classList.toggle("rv-late", left < 60);
    };
    show();
    setInterval(show, 1000);
  };

  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector("[autofocus]:not(dialog *)")?.focus(); // the browser tried while the page was still hidden
    document.querySelectorAll("[data-list-form]").forEach(watchLists);
    const form = document.getElementById("verdict");
    if (!form) return;
    watchVerdict(form);
    watchLease(document.querySelector("[data-lease]"), form);
  });
})();
