// <form data-keep="name" data-kept-at="seconds" data-restored="…">: what is typed also stays on this device, so that
// a lost connection loses nothing.  The server keeps the draft as well; the newer of the two is shown.
const PREFIX = "bitgoeul-keep:";
const secret = (name) => name === "csrfmiddlewaretoken" || name === "once";

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name));
  } catch {
    return null;
  }
}

function typed(form) {
  return [...form.elements].filter((field) => field.name && !secret(field.name) && "value" in field && field.type !== "submit");
}

for (const form of document.querySelectorAll("form[data-keep]")) {
  const kept = read(form.dataset.keep);
  if (kept && kept.at > Number(form.dataset.keptAt || 0)) {
    let changed = false;
    for (const field of typed(form)) {
      const value = kept.values[field.name];
      if (value === undefined || value === field.value) continue;
      field.value = value;
      changed = true;
    }
    if (changed) {
      const told = document.createElement("p");
      told.className = "notice";
      told.setAttribute("role", "status");
      told.textContent = form.dataset.restored;
      form.prepend(told);
    }
  }
  form.addEventListener("input", () => {
    const values = Object.fromEntries(typed(form).map((field) => [field.name, field.value]));
    try {
      localStorage.setItem(PREFIX + form.dataset.keep, JSON.stringify({ at: Date.now() / 1000, values }));
    } catch {
      // A full or forbidden storage: the server still keeps the draft.
    }
  });
}
// <… data-kept-done="name">: it arrived, so this device forgets it.
for (const done of document.querySelectorAll("[data-kept-done]")) localStorage.removeItem(PREFIX + done.dataset.keptDone);
