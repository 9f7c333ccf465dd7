// <form data-keep="owner:name" data-restored="…" data-unsent="…"> with a [data-kept-at] inside: htmx sends what is
// typed to the hub, and until it arrived there it also stays on this device, so that a lost connection loses nothing.
const PREFIX = "bitgoeul-keep:";
const AGAIN_MS = 10_000;
const secret = (name) => name === "csrfmiddlewaretoken" || name === "once";

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name));
  } catch {
    return null;
  }
}

function write(name, copy) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(copy));
  } catch {
    // A full or forbidden storage: the hub still keeps the draft.
  }
}

function typed(form) {
  return [...form.elements].filter((field) => field.name && !secret(field.name) && "value" in field && field.type !== "submit");
}

// Which draft of the hub is the one on the page; after each answer of the hub it is a newer one.
const draftOf = (form) => form.querySelector("[data-kept-at]")?.dataset.keptAt || "0";

function restore(form) {
  const copy = read(form.dataset.keep);
  // The hub knows nothing newer than what was typed on; where it does, the clocks decide.
  if (!copy || !(copy.draft === draftOf(form) || copy.at > Number(draftOf(form)))) return;
  let changed = false;
  for (const field of typed(form)) {
    const value = copy.values[field.name];
    if (value === undefined || value === field.value) continue;
    field.value = value;
    changed = true;
  }
  if (!changed) return;
  const told = document.createElement("p");
  told.className = "notice";
  told.setAttribute("role", "status");
  told.textContent = form.dataset.restored;
  form.prepend(told);
  addEventListener("load", () => send(form)); // once htmx listens
}

// As if something was typed: htmx sends it.
const send = (form) => form.dispatchEvent(new Event("input", { bubbles: true }));

function keep(form) {
  const name = form.dataset.keep;
  let sent = 0;
  restore(form);
  form.addEventListener("input", () => {
    const values = Object.fromEntries(typed(form).map((field) => [field.name, field.value]));
    write(name, { at: Date.now() / 1000, draft: draftOf(form), values });
  });
  const unsent = () => {
    const told = form.querySelector("[data-kept-at]");
    if (told) told.textContent = form.dataset.unsent;
  };
  form.addEventListener("htmx:before:request", () => {
    sent = read(name)?.at;
  });
  form.addEventListener("htmx:after:request", (event) => {
    const { status, raw } = event.detail.ctx.response;
    if (status >= 400 || raw.redirected) {
      event.preventDefault(); // a refusal or the page to sign in is no news about the draft
      unsent();
    } else if (read(name)?.at === sent) localStorage.removeItem(PREFIX + name);
  });
  form.addEventListener("htmx:error", unsent);
  addEventListener("online", () => read(name) && send(form));
  setInterval(() => Date.now() / 1000 - (read(name)?.at ?? Infinity) > AGAIN_MS / 1000 && send(form), AGAIN_MS);
}

for (const form of document.querySelectorAll("form[data-keep]")) keep(form);

// <… data-kept-of="owner" data-kept-open="name name">: of this owner, the device forgets every other draft.
for (const list of document.querySelectorAll("[data-kept-of]")) {
  const open = new Set(list.dataset.keptOpen.split(" ").map((name) => `${PREFIX}${list.dataset.keptOf}:${name}`));
  const mine = Object.keys(localStorage).filter((key) => key.startsWith(`${PREFIX}${list.dataset.keptOf}:`));
  for (const key of mine) if (!open.has(key)) localStorage.removeItem(key);
}
