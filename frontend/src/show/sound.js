// The music of a show.  It follows the clock of the show: played, paused, moved and sped up with it.
// It sounds only after somebody pressed play.
const APART_S = 0.3; // further from the clock than this is heard, so it is put right
const [SLOWEST, FASTEST] = [0.25, 4]; // speeds at which browsers let music be heard

export class Sound {
  constructor(audio) {
    this.audio = audio;
    this.starts = Number(audio.dataset.starts) || 0;
    this.on = false;
    audio.addEventListener("error", () => (audio.dataset.failed = String(audio.error?.code)));
  }

  begin(ms, speed) {
    this.on = true;
    this.follow(ms, speed);
  }

  end() {
    this.on = false;
    this.audio.pause();
  }

  // Returns whether it is muted now.
  mute() {
    this.audio.muted = !this.audio.muted;
    return this.audio.muted;
  }

  // Once a frame while the show plays, and whenever its clock is moved.
  follow(ms, speed) {
    const { audio } = this;
    const wanted = ms / 1000 - this.starts;
    const isHeard = speed >= SLOWEST && speed <= FASTEST;
    if (!this.on || !isHeard || wanted < 0 || wanted >= (audio.duration || Infinity)) {
      if (!audio.paused) audio.pause();
      return;
    }
    if (audio.playbackRate !== speed) audio.playbackRate = speed;
    const isPlaced = audio.readyState > 0 && !audio.seeking;
    if (isPlaced && Math.abs(audio.currentTime - wanted) > APART_S * Math.max(speed, 1)) audio.currentTime = wanted;
    // A browser that refuses is asked again at the next frame only if it was not asked already.
    if (audio.paused && !this.asked) {
      this.asked = true;
      audio.play().catch((error) => (audio.dataset.refused = error.name)).finally(() => (this.asked = false));
    }
  }
}
