// "?" shows the keys; "/" goes to the search field; "g" and a letter goes to a place in the navigation.
const help = () => document.querySelector("dialog.help");
const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");
let pending = 0;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (Date.now() - pending < 1200) {
    pending = 0;
    const place = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (place) {
      event.preventDefault();
      location.assign(place.href);
    }
    return;
  }
  if (event.key === "g") pending = Date.now();
  else if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (search) {
      event.preventDefault();
      search.focus();
    }
  } else if (event.key === "?" && help()) {
    event.preventDefault();
    help().showModal();
  }
});
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-help-open]")) help()?.showModal();
});
