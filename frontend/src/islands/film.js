// <canvas data-film>: plays /show.pack once, records what is drawn, and sends it back as WebM.
import { readPack } from "../show/pack.js";
import { Stage } from "../show/stage.js";

const canvas = document.querySelector("[data-film]");
const { width, height, seconds, speed, begin } = Object.fromEntries(
  Object.entries(canvas.dataset).map(([name, value]) => [name, Number(value)]),
);

canvas.style.width = `${width}px`;
canvas.style.height = `${height}px`;
const stage = new Stage(canvas);
stage.show(readPack(await (await fetch("/show.pack")).arrayBuffer()));
stage.fit();
stage.look("audience");

const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: "video/webm", videoBitsPerSecond: 6e6 });
const parts = [];
recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
recorder.addEventListener("stop", () => fetch("/film", { method: "POST", body: new Blob(parts) }));
recorder.start();
const start = performance.now();
function frame(now) {
  const passed = Math.max(now - start, 0);
  stage.go(Math.min(begin + passed * speed, stage.pack.duration_ms));
  stage.draw();
  if (passed < seconds * 1000) requestAnimationFrame(frame);
  else recorder.stop();
}
requestAnimationFrame(frame);
