// <form data-upload enctype="multipart/form-data">: sends the same form with its progress shown.
// The answer is an ordinary page or redirect, as without the script.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches?.("form[data-upload]") || event.defaultPrevented) return;
  const files = [...form.querySelectorAll("input[type=file]")].flatMap((input) => [...input.files]);
  const total = files.reduce((sum, file) => sum + file.size, 0);
  if (!total) return;
  event.preventDefault();

  const meter = form.querySelector(".upload-progress") ?? form.appendChild(document.createElement("div"));
  meter.className = "upload-progress meter";
  const bar = document.createElement("progress");
  bar.max = 100;
  bar.value = 0;
  bar.setAttribute("aria-label", form.dataset.upload || "Upload");
  const line = document.createElement("div");
  line.className = "label";
  const done = document.createElement("span");
  const share = document.createElement("span");
  line.append(done, share);
  meter.replaceChildren(bar, line);
  const mib = (bytes) => `${(bytes / 1048576).toFixed(1)} MiB`;

  const buttons = [...form.querySelectorAll("button")];
  const request = new XMLHttpRequest();
  request.open(form.method || "post", form.action || location.href);
  const submitter = event.submitter;
  const body = new FormData(form, submitter ?? undefined);
  request.upload.addEventListener("progress", (sent) => {
    bar.value = Math.round((sent.loaded / sent.total) * 100);
    done.textContent = `${mib(sent.loaded)} / ${mib(sent.total)}`;
    share.textContent = `${bar.value} %`;
  });
  request.addEventListener("load", () => {
    if (request.responseURL && request.responseURL !== form.action && request.status < 400) {
      location.assign(request.responseURL);
      return;
    }
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    document.title = page.title;
    document.body.replaceWith(document.adoptNode(page.body));
    document.querySelector("[role=alert]")?.focus();
  });
  request.addEventListener("error", () => {
    for (const button of buttons) button.disabled = false;
    line.replaceChildren(form.dataset.uploadFailed || "The connection was lost. Nothing was stored; send it again.");
    line.setAttribute("role", "alert");
  });
  for (const button of buttons) button.disabled = true;
  request.send(body);
});
