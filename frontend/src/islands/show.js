// <figure data-show="/…/show.pack">: plays a show.  Without WebGL or script the poster stays.
import "./drop.js";
import { readPack } from "../show/pack.js";
import { Sound } from "../show/sound.js";
import { Stage } from "../show/stage.js";

const still = matchMedia("(prefers-reduced-motion: reduce)");
const SLOW_FRAMES = 40; // so many in a row below 20 a second: fewer pixels

const clock = (ms) => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;

class Viewer {
  constructor(figure) {
    this.figure = figure;
    this.parts = Object.fromEntries([...figure.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
    this.speed = 1;
    this.now = 0;
    this.frames = 0;
    this.slow = 0;
    this.sound = this.parts.sound && new Sound(this.parts.sound);
  }

  async load(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${answer.status}`);
    this.open(readPack(await answer.arrayBuffer()));
  }

  open(pack) {
    this.pack = pack;
    this.stage ??= new Stage(this.parts.canvas);
    this.stage.onLook = () => this.draw();
    this.figure.classList.add("ready");
    this.stage.show(pack);
    this.stage.quality(this.parts.low?.checked ?? false);
    if (!this.listening) this.listen();
    const { time } = this.parts;
    time.max = pack.duration_ms;
    this.cues();
    this.go(this.first());
    this.figure.dataset.ready = "1";
  }

  // A show begins on the ground; what is first seen is its first picture.
  first() {
    return Number(this.figure.dataset.at ?? this.pack.scenes?.[0]?.begin_ms ?? 0);
  }

  cues() {
    const list = this.parts.scenes;
    if (!list) return;
    const language = document.documentElement.lang;
    list.replaceChildren(
      ...(this.pack.scenes ?? []).map((scene) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "chip";
        button.textContent = scene.name?.[language] || scene.name?.ko || scene.name?.en || scene.key;
        button.addEventListener("click", () => this.go(scene.begin_ms));
        return button;
      }),
    );
  }

  listen() {
    this.listening = true;
    const { play, time, speed, camera, low, tightest, mute, full } = this.parts;
    play?.addEventListener("click", () => (this.playing ? this.pause() : this.play()));
    time.addEventListener("input", () => this.go(Number(time.value)));
    speed?.addEventListener("change", () => {
      this.speed = Number(speed.value);
      this.sound?.follow(this.now, this.speed);
    });
    mute?.addEventListener("click", () => mute.setAttribute("aria-pressed", String(this.sound.mute())));
    camera?.addEventListener("change", () => {
      this.stage.look(camera.value);
      this.draw();
    });
    low?.addEventListener("change", () => {
      this.stage.quality(low.checked);
      this.draw();
    });
    tightest?.addEventListener("click", () => this.toTightest());
    full?.addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : this.figure.requestFullscreen()));
    new ResizeObserver(() => {
      this.stage.fit();
      this.draw();
    }).observe(this.parts.canvas);
    document.addEventListener("visibilitychange", () => document.hidden && this.pause());
  }

  toTightest() {
    const { at_ms: at, drones } = this.pack.tightest;
    this.pause();
    this.go(at);
    this.stage.mark(drones);
    this.stage.nearPair();
    this.draw();
    this.figure.dataset.marked = drones.join(" ");
  }

  go(ms) {
    this.now = Math.min(Math.max(ms, 0), this.pack.duration_ms);
    this.stage.go(this.now);
    this.stage.turn(this.now);
    this.sound?.follow(this.now, this.speed);
    this.draw();
  }

  draw() {
    this.stage.draw();
    const { time, clock: shown } = this.parts;
    if (document.activeElement !== time || this.playing) time.value = this.now;
    const said = `${clock(this.now)} / ${clock(this.pack.duration_ms)}`;
    if (shown && shown.textContent !== said) {
      shown.textContent = said;
      time.setAttribute("aria-valuetext", said);
    }
    this.figure.dataset.frame = ++this.frames;
    this.figure.dataset.now = Math.round(this.now);
  }

  play() {
    if (this.now >= this.pack.duration_ms) this.now = 0;
    this.playing = true;
    this.stage.mark(null);
    this.figure.classList.add("playing");
    this.label();
    this.sound?.begin(this.now, this.speed);
    let before = performance.now();
    const frame = (moment) => {
      if (!this.playing) return;
      const passed = Math.min(moment - before, 250);
      before = moment;
      this.watchSpeed(passed);
      this.go(this.now + passed * this.speed);
      if (this.now >= this.pack.duration_ms) this.pause();
      else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  pause() {
    this.playing = false;
    this.figure.classList.remove("playing");
    this.sound?.end();
    this.label();
  }

  label() {
    const { play } = this.parts;
    if (play) play.textContent = this.playing ? play.dataset.pause : play.dataset.play;
  }

  watchSpeed(passed) {
    this.slow = passed > 50 ? this.slow + 1 : 0;
    if (this.slow < SLOW_FRAMES || this.stage.low) return;
    this.stage.quality(true);
    if (this.parts.low) this.parts.low.checked = true;
  }
}

function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
}

// In the editor the figure shows what the chosen scene looks like now.
async function preview(viewer) {
  const { figure } = viewer;
  const told = document.querySelector("[data-preview-told]");
  const address = figure.dataset.preview;
  figure.classList.add("waiting");
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    const found = await answer.json();
    if (address !== figure.dataset.preview) return; // another scene was chosen meanwhile
    if (found.pack) {
      figure.dataset.at = found.at_ms;
      viewer.open(readPack(fromBase64(found.pack)));
    }
    if (told) tell(told, answer.ok ? found : { problems: [found.title, found.detail].filter(Boolean) });
  } finally {
    figure.classList.remove("waiting");
  }
}

function tell(place, found) {
  const lines = [...(found.problems ?? []).map((text) => ["stop", text])];
  const flight = found.flight;
  if (flight)
    for (const [name, value] of Object.entries(flight))
      if (place.dataset[name] && value !== null) lines.push(["", place.dataset[name].replace("{}", value)]);
  if (found.size_m) lines.push(["", place.dataset.size.replace("{}", found.size_m)]);
  place.replaceChildren(
    ...lines.map(([kind, text]) => {
      const line = document.createElement("li");
      if (kind) line.className = kind;
      line.textContent = text;
      return line;
    }),
  );
}

const viewers = new WeakMap();

async function start(figure) {
  let viewer = viewers.get(figure);
  if (!viewer) viewers.set(figure, (viewer = new Viewer(figure)));
  try {
    if (figure.dataset.preview) await preview(viewer);
    else {
      await viewer.load(figure.dataset.show);
      if (!still.matches && figure.dataset.play) viewer.play();
    }
  } catch (error) {
    figure.dataset.failed = String(error);
    figure.querySelector("[data-part=failed]")?.removeAttribute("hidden");
  }
}

function startAll() {
  // After a change in the editor the address of the preview is another one.
  const address = document.querySelector("[data-preview-now]")?.dataset.previewNow;
  for (const figure of document.querySelectorAll("[data-show], [data-preview]")) {
    if (address && "preview" in figure.dataset) figure.dataset.preview = address;
    const wanted = figure.dataset.preview ?? figure.dataset.show;
    if (figure.dataset.begun === wanted) continue;
    figure.dataset.begun = wanted;
    start(figure);
  }
}

startAll();
document.addEventListener("htmx:after:swap", startAll);
