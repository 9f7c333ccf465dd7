// Files dropped anywhere on the editor go through its form for files: <form data-upload data-drop>.
// Dropped on [data-drop-shows], the form's box "use" is ticked, so that the scene shows them.
const editor = () => document.querySelector(".studio");
const carriesFiles = (event) => editor() && event.dataTransfer?.types.includes("Files");
const mark = (on) => editor()?.classList.toggle("dropping", on);

function over(event) {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
  mark(true);
}

document.addEventListener("dragenter", over);
document.addEventListener("dragover", over);
document.addEventListener("dragleave", (event) => event.relatedTarget || mark(false));
document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  mark(false);
  const form = document.querySelector("form[data-drop]");
  if (!event.dataTransfer.files.length || !form) return;
  form.querySelector("input[type=file]").files = event.dataTransfer.files;
  form.elements.use.checked = Boolean(event.target.closest?.("[data-drop-shows]"));
  // What is sent, and how far it is, is seen where the form is.
  form.closest("details").open = true;
  form.scrollIntoView({ block: "nearest" });
  form.requestSubmit();
});
