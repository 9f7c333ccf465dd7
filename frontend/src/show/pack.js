// Reads the packed form of a show: cubics of every drone and the colours they shine in.
// Layout (little endian): "BGSHOW1\n", u32 length of the header, the header as JSON padded to four bytes, then
// the arrays that header.arrays names, in that order, each padded to four bytes.
const MAGIC = "BGSHOW1\n";
const KINDS = { i16: Int16Array, i32: Int32Array, u32: Uint32Array, u8: Uint8Array };

export function readPack(buffer) {
  const head = new Uint8Array(buffer, 0, MAGIC.length);
  if (String.fromCharCode(...head) !== MAGIC) throw new Error("not a packed show");
  const length = new DataView(buffer).getUint32(MAGIC.length, true);
  let at = MAGIC.length + 4;
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, at, length)));
  at += length;
  const arrays = {};
  for (const { name, kind, count } of header.arrays) {
    const Kind = KINDS[kind];
    arrays[name] = new Kind(buffer, at, count);
    at += Math.ceil((count * Kind.BYTES_PER_ELEMENT) / 4) * 4;
  }
  return { ...header, ...arrays, drones: arrays.first.length - 1 };
}

// The index of the first value of list[from, to) that is at least `value`; `to` if there is none.
function lowerBound(list, value, from, to) {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (list[middle] < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

// Keeps, for one moment after another, the segment and the colours of every drone in arrays that a shader reads.
export class Moment {
  constructor(pack) {
    this.pack = pack;
    const n = pack.drones;
    this.segment = new Int32Array(n).fill(-1);
    this.lamp = new Int32Array(n).fill(-1);
    this.controls = [0, 1, 2, 3].map(() => new Float32Array(n * 3));
    this.span = new Float32Array(n * 2);
    this.from = new Float32Array(n * 3);
    this.to = new Float32Array(n * 3);
    this.fade = new Float32Array(n * 2);
  }

  // Moves to `ms`.  Returns which arrays changed: { paths, lamps }.
  go(ms) {
    const { first, ends, lamp_first: lampFirst, lamp_ms: lampMs } = this.pack;
    const changed = { paths: false, lamps: false };
    for (let i = 0; i < this.segment.length; i++) {
      const segment = this.#find(ends, ms, first[i], first[i + 1] - 1, this.segment[i]);
      if (segment !== this.segment[i]) {
        this.#takeSegment(i, segment);
        changed.paths = true;
      }
      // A colour is reached at its own moment, so what comes next is later than now.
      const lamp = this.#find(lampMs, Math.floor(ms) + 1, lampFirst[i], lampFirst[i + 1], this.lamp[i]);
      if (lamp !== this.lamp[i]) {
        this.#takeLamp(i, lamp);
        changed.lamps = true;
      }
    }
    return changed;
  }

  // Time mostly moves on a little, so the entry held, or the next, is tried before searching.
  #find(list, ms, begin, last, held) {
    for (let k = held; k >= begin && k <= held + 1 && k <= last; k++) {
      const after = k === begin || list[k - 1] < ms;
      if (after && (k === last || list[k] >= ms)) return k;
    }
    return Math.min(lowerBound(list, ms, begin, last), last);
  }

  #takeSegment(i, segment) {
    const { first, ends, controls, per_metre: unit } = this.pack;
    this.segment[i] = segment;
    for (let k = 0; k < 4; k++)
      for (let axis = 0; axis < 3; axis++)
        this.controls[k][i * 3 + axis] = controls[segment * 12 + k * 3 + axis] / unit;
    this.span[i * 2] = segment === first[i] ? 0 : ends[segment - 1];
    this.span[i * 2 + 1] = ends[segment];
  }

  // Lamp k is the colour reached at lamp_ms[k]; with fade it grows from the one before, else it begins there.
  #takeLamp(i, lamp) {
    const { lamp_first: begins, lamp_ms: times, lamp_rgbf: colours } = this.pack;
    this.lamp[i] = lamp;
    const before = lamp > begins[i] ? lamp - 1 : -1;
    const there = lamp < begins[i + 1] ? lamp : -1;
    const fades = there >= 0 && colours[there * 4 + 3] === 1;
    for (let c = 0; c < 3; c++) {
      const old = before >= 0 ? colours[before * 4 + c] / 255 : 0;
      this.from[i * 3 + c] = old;
      this.to[i * 3 + c] = fades ? colours[there * 4 + c] / 255 : old;
    }
    this.fade[i * 2] = before >= 0 ? times[before] : 0;
    this.fade[i * 2 + 1] = there >= 0 ? times[there] : this.fade[i * 2] + 1;
  }

  // Where drone i is at `ms`, for the moment that was gone to.
  at(i, ms) {
    const begin = this.span[i * 2];
    const end = this.span[i * 2 + 1];
    const s = Math.min(Math.max((ms - begin) / (end - begin), 0), 1);
    const r = 1 - s;
    const [a, b, c, d] = this.controls;
    return [0, 1, 2].map((k) => {
      const j = i * 3 + k;
      return r * r * r * a[j] + 3 * r * r * s * b[j] + 3 * r * s * s * c[j] + s * s * s * d[j];
    });
  }
}
