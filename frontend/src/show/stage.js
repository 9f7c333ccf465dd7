// The stage of a show: night sky, ground, fence and audience, and every drone as a point of light whose place is
// computed from its cubics on the graphics card.  Frame of the show: x right, y away, z up; three.js has y up.
import {
  AdditiveBlending,
  BufferAttribute,
  BufferGeometry,
  Color,
  GridHelper,
  Group,
  Line,
  LineBasicMaterial,
  LineLoop,
  LineSegments,
  PerspectiveCamera,
  Points,
  PointsMaterial,
  Scene,
  ShaderMaterial,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import { Moment } from "./pack.js";

const VERTEX = `
  attribute vec3 b, c, d, from, to;
  attribute vec2 span, fade;
  uniform float now, size;
  varying vec3 shine;
  void main() {
    float s = clamp((now - span.x) / (span.y - span.x), 0.0, 1.0);
    float r = 1.0 - s;
    vec3 p = r * r * r * position + 3.0 * r * r * s * b + 3.0 * r * s * s * c + s * s * s * d;
    vec4 seen = modelViewMatrix * vec4(p.x, p.z, -p.y, 1.0);
    gl_Position = projectionMatrix * seen;
    shine = mix(from, to, clamp((now - fade.x) / (fade.y - fade.x), 0.0, 1.0));
    gl_PointSize = clamp(size / -seen.z, 3.0, 90.0);
  }`;
const FRAGMENT = `
  uniform float glow;
  varying vec3 shine;
  void main() {
    float r = length(gl_PointCoord - 0.5) * 2.0;
    float core = smoothstep(0.34, 0.16, r);
    float halo = glow * pow(max(0.0, 1.0 - r), 2.4);
    float light = max(shine.r, max(shine.g, shine.b));
    vec3 colour = shine * (halo + core) + vec3(core * 0.5 * light);
    // A drone that shines in no colour is still there: a faint grey point.
    colour += vec3(0.10, 0.12, 0.18) * core * (1.0 - light);
    if (r > 1.0) discard;
    gl_FragColor = vec4(colour, 1.0);
  }`;
const NIGHT = new Color("#0a0f1f");
const up = ([x, y, z = 0]) => new Vector3(x, z, -y);

export class Stage {
  constructor(canvas) {
    this.canvas = canvas;
    this.renderer = new WebGLRenderer({ canvas, antialias: true, preserveDrawingBuffer: true });
    this.renderer.setClearColor(NIGHT);
    this.scene = new Scene();
    this.camera = new PerspectiveCamera(50, 1, 0.5, 6000);
    this.orbit = new OrbitControls(this.camera, canvas);
    this.orbit.enableDamping = false;
    this.orbit.maxPolarAngle = Math.PI / 2 - 0.01;
    this.orbit.addEventListener("change", () => this.onLook?.());
    this.surroundings = new Group();
    this.scene.add(stars(), this.surroundings);
    this.low = false;
  }

  show(pack) {
    this.pack = pack;
    this.moment = new Moment(pack);
    if (this.lights) {
      this.scene.remove(this.lights);
      this.lights.geometry.dispose();
      this.lights.material.dispose();
    }
    const geometry = new BufferGeometry();
    const { controls, from, to, span, fade } = this.moment;
    // The first control is "position", by which three.js knows how many points there are.
    ["position", "b", "c", "d"].forEach((name, k) => geometry.setAttribute(name, new BufferAttribute(controls[k], 3)));
    for (const [name, values, width] of [["from", from, 3], ["to", to, 3], ["span", span, 2], ["fade", fade, 2]])
      geometry.setAttribute(name, new BufferAttribute(values, width));
    const material = new ShaderMaterial({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      uniforms: { now: { value: 0 }, size: { value: 900 }, glow: { value: 0.55 } },
      blending: AdditiveBlending,
      depthWrite: false,
      transparent: true,
    });
    this.lights = new Points(geometry, material);
    this.lights.frustumCulled = false;
    this.scene.add(this.lights);
    this.#surround(pack);
    this.middle = this.#middle();
    this.look("audience");
    this.go(0);
  }

  // Everything that stands still: ground, pads, fence, audience.
  #surround(pack) {
    this.surroundings.clear();
    const grid = new GridHelper(400, 40, "#243056", "#141b36");
    const ground = pack.ground ?? { x: 0, y: 0 };
    grid.position.set(ground.x, -0.02, -ground.y);
    this.surroundings.add(grid, pads(pack));
    const site = pack.site ?? {};
    for (const ring of [site.fence, ...(site.holes ?? [])]) if (ring?.length) this.surroundings.add(outline(ring, "#5b6cb8"));
    for (const ring of site.audience ?? []) if (ring.length) this.surroundings.add(outline(ring, "#c7933f"));
  }

  #middle() {
    const { low, high } = this.pack.box;
    return { centre: low.map((v, k) => (v + high[k]) / 2), size: high.map((v, k) => Math.max(v - low[k], 20)) };
  }

  // So far away that the whole show is on the screen, whatever its shape.
  #far() {
    const { size: [width, depth, height] } = this.middle;
    const tall = Math.tan(((this.camera.fov / 2) * Math.PI) / 180);
    return Math.max(height / 2 / tall, Math.max(width, depth) / 2 / (tall * this.camera.aspect)) * 1.06 + depth / 2;
  }

  // Where the camera stands: "audience", "side", "above" or "round" (which turns with the time of the show).
  look(from) {
    this.from = from;
    const { centre: [x, y, z] } = this.middle;
    const far = this.#far();
    const places = {
      audience: [x, y - far, 2],
      side: [x + far, y, z * 0.6 + 5],
      above: [x, y - 1, z + far * 1.2],
      round: [x, y - far, z * 0.8 + 8],
    };
    this.orbit.target.copy(up([x, y, z]));
    this.camera.position.copy(up(places[from] ?? places.audience));
    this.orbit.update();
  }

  turn(ms) {
    if (this.from !== "round") return;
    const { centre: [x, y, z] } = this.middle;
    const angle = (ms / 60000) * Math.PI * 2 - Math.PI / 2;
    const far = this.#far();
    this.camera.position.copy(up([x + Math.cos(angle) * far, y + Math.sin(angle) * far, z * 0.8 + 8]));
    this.orbit.update();
  }

  go(ms) {
    const changed = this.moment.go(ms);
    const names = [...(changed.paths ? ["position", "b", "c", "d", "span"] : []), ...(changed.lamps ? ["from", "to", "fade"] : [])];
    for (const name of names) this.lights.geometry.attributes[name].needsUpdate = true;
    this.lights.material.uniforms.now.value = ms;
    this.now = ms;
    this.#span();
  }

  // A line between two drones: the closest pair of the show.
  mark(pair) {
    if (this.line) this.surroundings.remove(this.line);
    this.line = null;
    this.pair = pair;
    if (pair) {
      const geometry = new BufferGeometry().setFromPoints([new Vector3(), new Vector3()]);
      this.line = new Line(geometry, new LineBasicMaterial({ color: "#ff8a80" }));
      this.line.frustumCulled = false;
      this.surroundings.add(this.line);
      this.#span();
    }
  }

  #span() {
    if (!this.line) return;
    this.line.geometry.setFromPoints(this.pair.map((drone) => up(this.moment.at(drone, this.now))));
  }

  // Near to the marked pair.
  nearPair() {
    const [p, q] = this.pair.map((drone) => this.moment.at(drone, this.now));
    const centre = p.map((v, k) => (v + q[k]) / 2);
    this.from = "";
    this.orbit.target.copy(up(centre));
    this.camera.position.copy(up([centre[0] + 4, centre[1] - 14, centre[2] + 4]));
    this.orbit.update();
  }

  // Fewer pixels and no halo, for phones and old machines.
  quality(low) {
    this.low = low;
    this.lights.material.uniforms.glow.value = low ? 0 : 0.55;
    this.fit();
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    this.renderer.setPixelRatio(this.low ? 1 : Math.min(devicePixelRatio, 2));
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    // A narrow screen looks wider, so that the whole picture is in it.
    this.camera.fov = width < height ? 70 : 50;
    this.camera.updateProjectionMatrix();
    if (this.from && this.middle) this.look(this.from);
    if (this.lights) this.lights.material.uniforms.size.value = height * this.renderer.getPixelRatio() * (this.low ? 1.8 : 4.4);
  }

  draw() {
    this.renderer.render(this.scene, this.camera);
  }
}

function outline(ring, color) {
  const geometry = new BufferGeometry().setFromPoints(ring.map((corner) => up(corner)));
  return new LineLoop(geometry, new LineBasicMaterial({ color }));
}

// Where drones stand before the show: small crosses.
function pads(pack) {
  const corners = [];
  for (let i = 0; i < pack.drones; i++) {
    const k = pack.first[i] * 12;
    const [x, y] = [pack.controls[k] / pack.per_metre, pack.controls[k + 1] / pack.per_metre];
    corners.push(up([x - 0.4, y]), up([x + 0.4, y]), up([x, y - 0.4]), up([x, y + 0.4]));
  }
  return new LineSegments(new BufferGeometry().setFromPoints(corners), new LineBasicMaterial({ color: "#2e3a6b" }));
}

function stars() {
  let seed = 11;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const places = [];
  for (let i = 0; i < 700; i++) {
    const [turn, rise] = [random() * Math.PI * 2, Math.asin(random())];
    places.push(2500 * Math.cos(rise) * Math.cos(turn), 2500 * Math.sin(rise), 2500 * Math.cos(rise) * Math.sin(turn));
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(new Float32Array(places), 3));
  return new Points(geometry, new PointsMaterial({ color: "#6b78a8", size: 1.6, sizeAttenuation: false }));
}
