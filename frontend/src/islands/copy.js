// <button data-copy="#target" data-done="Copied">: copies the text of the target, and says so.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  const text = source?.value ?? source?.textContent?.trim();
  if (!text || !navigator.clipboard) return;
  await navigator.clipboard.writeText(text);
  const before = button.textContent;
  button.textContent = button.dataset.done || before;
  setTimeout(() => (button.textContent = before), 1600);
});
