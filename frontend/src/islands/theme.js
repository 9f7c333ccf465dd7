// Light, dark, or as the system says: the button submits a form, here the page changes without a round trip.
const root = document.documentElement;
const next = { system: "light", light: "dark", dark: "system" };
const year = 31536000;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches?.("form[data-theme-switch]")) return;
  event.preventDefault();
  const field = form.elements.theme;
  const chosen = field.value;
  if (chosen === "system") root.removeAttribute("data-theme");
  else root.dataset.theme = chosen;
  document.cookie = `theme=${chosen}; path=/; max-age=${year}; samesite=lax`;
  field.value = next[chosen];
  const button = form.querySelector("button");
  button.setAttribute("aria-label", form.dataset[`label${chosen}`]);
  button.title = form.dataset[`label${chosen}`];
});
