/* The editor of rules: checks the condition while it is typed, marks problems at their place, tries it on events,
   counts its hits, and lists the names that it may use. */
"use strict";

(() => {
  const CHECK_AFTER_MS = 300;
  const TRY_AFTER_MS = 350;

  const element = (tag, text, className) => {
    const made = document.createElement(tag);
    made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  // Sends the form with an action; a later request of the same action cancels this one. Null if that happened.
  const sender = (form) => {
    const underWay = new Map();
    return async (action, more = {}) => {
      underWay.get(action)?.abort();
      const control = new AbortController();
      underWay.set(action, control);
      const body = new FormData(form);
      for (const [name, value] of Object.entries({ ...more, action })) body.set(name, value);
      const token = document.querySelector("[name=csrfmiddlewaretoken]"); // a form that is sent by GET has none
      if (token) body.set(token.name, token.value);
      try {
        const answer = await fetch(location.pathname, { method: "POST", body, signal: control.signal, redirect: "error" });
        if (!answer.ok) throw new Error(`The server answered with an error (${answer.status}). Reload the page.`);
        return answer;
      } catch (error) {
        if (error.name === "AbortError") return null;
        throw error.name === "TypeError" ? new Error("The server cannot be reached, or you are signed out.") : error;
      }
    };
  };

  const offsetOf = (text, line, column) => {
    const lines = text.split("\n").slice(0, line - 1);
    const start = lines.reduce((sum, each) => sum + each.length + 1, 0);
    return start + [...text.slice(start)].slice(0, column - 1).join("").length;
  };

  const endOfToken = (text, start) => {
    const token = /^(?:[A-Za-z_][A-Za-z0-9_.]*|[0-9][0-9.]*|&&|\|\||[<>=!]=|"[^"\n]*"?|'[^'\n]*'?|\S)/.exec(text.slice(start));
    return start + (token ? token[0].length : 0);
  };

  /* The marks below the text: the same text in the same place, of which only the marks are seen */

  const drawMarks = (marks, text, problems) => {
    const places = problems
      .map((each) => offsetOf(text, each.line, each.column))
      .sort((a, b) => a - b);
    const parts = [];
    let end = 0;
    for (const start of places) {
      if (start < end) continue;
      parts.push(document.createTextNode(text.slice(end, start)));
      end = endOfToken(text, start);
      parts.push(element("mark", end > start ? text.slice(start, end) : " "));
    }
    marks.replaceChildren(...parts, document.createTextNode(`${text.slice(Math.min(end, text.length))}\n`));
  };

  // Where a character stands, in pixels from the corner of the box.
  const placeIn = (marks, offset) => {
    const walker = document.createTreeWalker(marks, NodeFilter.SHOW_TEXT);
    let left = offset;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (left <= node.length) {
        const range = document.createRange();
        range.setStart(node, Math.min(left, node.length));
        const at = range.getBoundingClientRect(), box = marks.parentElement.getBoundingClientRect();
        const lineHeight = parseFloat(getComputedStyle(marks).lineHeight);
        return { left: at.left - box.left, top: at.top - box.top + lineHeight + 2 };
      }
      left -= node.length;
    }
    return { left: 0, top: 0 };
  };

  /* Problems, each with a button that goes to its place */

  const drawProblems = (list, area, problems) => {
    list.replaceChildren(...problems.map((problem) => {
      const row = element("p", "", "ws-field__error");
      const place = element("button", `Line ${problem.line}, column ${problem.column}`, "rl-place");
      place.type = "button";
      place.addEventListener("click", () => {
        const start = offsetOf(area.value, problem.line, problem.column);
        area.focus();
        area.setSelectionRange(start, endOfToken(area.value, start));
      });
      row.append(place, `: ${problem.message.replaceAll("`", "")}`);
      if (problem.allowed) row.append(` Allowed: ${problem.allowed.replaceAll("`", "")}.`);
      return row;
    }));
  };

  /* The names that may be used */

  const listNames = (data, { search, list, count, insert }) => {
    const rows = [
      ...data.names.map((each) => ({
        name: each.name, insert: each.name, text: each.description,
        note: [each.kind, each.personal ? "personal: ask has or listed" : each.type, each.unit].filter(Boolean).join(", "),
      })),
      ...data.functions.map((each) => ({
        name: each.signature, insert: each.method ? `.${each.name}(` : `${each.name}(`, text: each.description,
        note: `for example ${each.example}`,
      })),
      ...data.lists.map((each) => ({
        name: `"${each.name}"`, insert: `"${each.name}"`, text: `A ${each.function === "tagged" ? "tag" : "list"} of ${each.kind} values`,
        note: `for ${each.function}(...)`,
      })),
      ...data.banks.map((name) => ({
        name: `"${name}"`, insert: `"${name}"`, text: "A hash bank, which matches files of the event", note: "for banked(...)",
      })),
    ];
    const draw = () => {
      const asked = search.value.trim().toLowerCase();
      const found = rows.filter((row) => `${row.name} ${row.text}`.toLowerCase().includes(asked));
      count.textContent = found.length ? `${found.length} of ${rows.length}; click to insert` : "No name fits. Try a part of it, such as card.";
      list.replaceChildren(...found.map((row) => {
        const item = document.createElement("li");
        const button = document.createElement("button");
        button.type = "button";
        button.append(element("code", row.name), element("span", row.text), element("small", row.note));
        button.addEventListener("click", () => insert(row.insert));
        item.append(button);
        return item;
      }));
    };
    search.addEventListener("input", draw);
    search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    draw();
  };

  const fail = (part, error) => part.replaceChildren(element("p", error.message, "ws-note ws-note--warn"));

  /* The condition of a form: #expression with its marks, completions and problems. It is checked while it is typed;
     `checked` is called afterwards. */

  const attachEditor = ({ form, data, send = sender(form), checked = () => {} }) => {
    const find = (id) => document.getElementById(id);
    const area = find("expression"), marks = form.querySelector(".rl-code__marks"), problems = find("expression-problems");
    let found = [], checkTimer = 0;

    const fit = () => {
      area.style.height = "auto";
      area.style.height = `${area.scrollHeight + 2}px`;
    };
    const draw = () => { drawMarks(marks, area.value, found); fit(); };

    const check = async () => {
      const asked = area.value;
      if (!asked.trim()) {
        found = [];
        problems.replaceChildren();
      } else {
        try {
          const answer = await send("check");
          if (!answer) return;
          const { problems: wrong } = await answer.json();
          if (area.value !== asked) return;
          found = wrong;
          drawProblems(problems, area, found);
          if (!found.length) problems.replaceChildren(element("p", "The condition is valid.", "rl-valid"));
        } catch (error) {
          fail(problems, error);
        }
      }
      area.toggleAttribute("aria-invalid", false);
      if (found.length) area.setAttribute("aria-invalid", "true");
      draw();
      checked();
    };

    const changed = () => {
      found = [];
      draw();
      clearTimeout(checkTimer);
      checkTimer = setTimeout(check, CHECK_AFTER_MS);
    };

    area.addEventListener("input", changed);
    ruleEditor.attachCompletion({ area, box: find("completions"), data, changed, placeOf: (offset) => placeIn(marks, offset) });
    window.addEventListener("resize", draw);
    draw();
    return { area, check, changed };
  };

  const start = () => {
    const form = document.getElementById("rule-form");
    if (!form) return;
    const find = (id) => document.getElementById(id);
    const data = JSON.parse(find("completion-data").textContent);
    const send = sender(form);
    let tryTimer = 0;

    const fill = async (part, action, more) => {
      part.setAttribute("aria-busy", "true");
      try {
        const answer = await send(action, more);
        if (!answer) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        part.replaceChildren(...page.body.childNodes);
      } catch (error) {
        fail(part, error);
      }
      part.removeAttribute("aria-busy");
    };

    const tryOut = () => {
      clearTimeout(tryTimer);
      if (area.value.trim()) fill(find("tried"), "try", { event: find("try-event").value });
      else find("tried").replaceChildren(element("p", "Write a condition to see which of the latest events meet it.", "ws-empty"));
    };

    const count = () => {
      const part = find("preview");
      part.replaceChildren(element("p", "Counting …", "ws-empty"));
      fill(part, "preview");
    };

    const { area, check, changed } = attachEditor({ form, data, send, checked: tryOut });
    listNames(data, {
      search: find("find-name"), list: find("names"), count: find("names-count"),
      insert: (text) => { area.focus(); area.setRangeText(text, area.selectionStart, area.selectionEnd, "end"); changed(); },
    });
    find("try-event").addEventListener("input", () => { clearTimeout(tryTimer); tryTimer = setTimeout(tryOut, TRY_AFTER_MS); });
    find("try-event").addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); tryOut(); } });
    find("run-preview").addEventListener("click", count);
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); count(); }
    });
    check(); // also says again why the server refused to save a condition
  };

  Object.assign(ruleEditor, { attachEditor });
  document.addEventListener("DOMContentLoaded", start);
})();
