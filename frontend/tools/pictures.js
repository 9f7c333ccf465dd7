// Draws one picture of the hero and returns the pixels that are inside it. Run by points.py in Chromium.
async ([font, picture]) => {
  const face = new FontFace("P", Uint8Array.from(atob(font), (c) => c.charCodeAt(0)), { weight: "45 920" });
  document.fonts.add(await face.load());
  const canvas = document.createElement("canvas");
  canvas.width = 1100;
  canvas.height = 800;
  const x = canvas.getContext("2d");
  const disc = (cx, cy, r) => {
    x.beginPath();
    x.arc(cx, cy, r, 0, 7);
    x.fill();
  };

  if (picture === "name") {
    x.textAlign = "center";
    x.textBaseline = "middle";
    x.font = "420 372px P";
    x.fillText("빛고을", 550, 400);
  }
  if (picture === "mark") {
    for (let row = 0; row < 3; row++)
      for (let column = 0; column < 3; column++)
        disc(550 + (column - 1) * 225, 400 + (row - 1) * 225, row === 1 && column === 1 ? 120 : 52);
  }
  if (picture === "hill") {
    x.lineJoin = "round";
    for (const [down, width] of [[0, 26], [95, 22], [190, 18]]) {
      x.beginPath();
      x.lineWidth = width;
      for (let i = 40; i <= 1060; i += 5) {
        const t = (i - 550) / 510;
        const ridge = 300 * Math.exp(-t * t * 3.2) + 46 * Math.sin(i / 62 + down) * Math.exp(-t * t) + 20 * Math.sin(i / 23);
        x.lineTo(i, 560 + down - ridge * (1 - down / 330));
      }
      x.stroke();
    }
    disc(880, 150, 62);
  }
  const ink = x.getImageData(0, 0, 1100, 800).data;
  const inside = [];
  for (let j = 0; j < 800; j += 3)
    for (let i = 0; i < 1100; i += 3) if (ink[(j * 1100 + i) * 4 + 3] > 128) inside.push([i, j]);
  return inside;
};
