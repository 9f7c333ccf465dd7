// 300 points of light rise from a field and write 빛고을. An illustration: positions come from art/points.json,
// the flights are straight lines eased in time, and nothing here claims to be a certified show.
import scenes from "../art/points.json";

const sky = document.querySelector("[data-sky]");
const canvas = sky?.querySelector("canvas");
const button = sky?.querySelector("button");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const FLIGHT = 1900;
const HOLD = 1300;

function lamp(colour) {
  const sprite = document.createElement("canvas");
  sprite.width = sprite.height = 68;
  const g = sprite.getContext("2d");
  const glow = g.createRadialGradient(34, 34, 0, 34, 34, 34);
  glow.addColorStop(0, `rgba(${colour},.95)`);
  glow.addColorStop(0.2, `rgba(${colour},.5)`);
  glow.addColorStop(1, `rgba(${colour},0)`);
  g.fillStyle = glow;
  g.fillRect(0, 0, 68, 68);
  g.fillStyle = "#fff";
  g.beginPath();
  g.arc(34, 34, 5.2, 0, 7);
  g.fill();
  return sprite;
}

function play(order) {
  const warm = lamp("255,181,71");
  const white = lamp("255,236,200");
  const g = canvas.getContext("2d");
  const count = scenes[0].length;
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const tone = Array.from({ length: count }, () => (random() < 0.8 ? warm : white));
  const late = Array.from({ length: count }, () => random() * 0.28);
  const legs = order.length - 1;
  const length = legs * (FLIGHT + HOLD);
  const ease = (t) => (t <= 0 ? 0 : t >= 1 ? 1 : t * t * t * (t * (6 * t - 15) + 10));
  let begin = 0;

  button.disabled = true;
  sky.classList.add("playing");
  function frame(now) {
    begin ||= now;
    const t = Math.min(now - begin, length);
    const leg = Math.min(Math.floor(t / (FLIGHT + HOLD)), legs - 1);
    const u = (t - leg * (FLIGHT + HOLD)) / FLIGHT;
    const from = scenes[order[leg]];
    const to = scenes[order[leg + 1]];
    g.clearRect(0, 0, 1100, 800);
    g.globalCompositeOperation = "lighter";
    for (let i = 0; i < count; i++) {
      const k = ease((u - late[i]) / (1 - 0.28));
      const x = from[i][0] + (to[i][0] - from[i][0]) * k;
      const y = from[i][1] + (to[i][1] - from[i][1]) * k;
      g.drawImage(tone[i], x - 17, y - 17, 34, 34);
    }
    if (t < length) requestAnimationFrame(frame);
    else {
      sky.classList.remove("playing");
      button.disabled = false;
      sky.dataset.played = "1";
    }
  }
  requestAnimationFrame(frame);
}

if (canvas && button) {
  button.hidden = false;
  button.addEventListener("click", () => play([0, 1, 2, 3, 4]));
  // Once by itself, for three seconds; never where reduced motion is asked for.
  if (!still.matches && document.visibilityState === "visible") play([0, 1]);
}
