/**
 * Draws figures as PNG, with Plotly in Chromium: a JSON array of Plotly figures on standard input, on standard output
 * { pictures: [base64, ...], metadata } with what stands beside each picture in a notebook.
 *
 * Its 256 nearest colours make a fourth of the bytes, and no difference to the eye.
 *
 * A picture is for readers without scripts (a code host's view of a notebook, plain nbconvert). Fonts differ between
 * machines, and with them the bytes; so whoever keeps pictures draws again only what changed: a figure, or `drawnBy`.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { launch } from "./browser.mjs";
import { plotlyScript, plotlyVersion } from "./plotly.mjs";
import { isProgram } from "./project.mjs";

/** Of a picture: its width on the page, and the pixels drawn for each of the page's. */
const look = { width: 900, scale: 1.5, colours: 256 };
const require = createRequire(import.meta.url);

/** Draw figures in the order given, so wide: PNG files as base64. */
export async function drawPictures(figures, width = look.width) {
  const browser = await launch();
  try {
    const page = await (await browser.newContext({ offline: true })).newPage();
    await page.addScriptTag({ path: plotlyScript });
    const drawn = [];
    for (const figure of figures) drawn.push(withFewColours(await page.evaluate(draw, [figure, { ...look, width }])));
    return drawn;
  } finally {
    await browser.close();
  }
}

/** Runs in the page. */
async function draw([{ data, layout }, { width, scale }]) {
  const { height = 450 } = layout;
  const url = await globalThis.Plotly.toImage(
    { data, layout: { ...layout, autosize: false, width, height } },
    { format: "png", width, height, scale },
  );
  return url.split(",")[1];
}

function withFewColours(picture) {
  const { default: png } = require("@pdf-lib/upng");
  // A copy: the bytes of a small Buffer lie in a larger one.
  const full = png.decode(new Uint8Array(Buffer.from(picture, "base64")).buffer);
  return Buffer.from(png.encode(png.toRGBA8(full), full.width, full.height, look.colours)).toString("base64");
}

/** What a picture depends on beside its figure: Plotly's version, the size and the drawing code. */
export function drawnBy() {
  const code = createHash("sha256")
    .update(JSON.stringify(look) + draw + withFewColours)
    .digest("hex");
  return `plotly ${plotlyVersion()}, ${code.slice(0, 8)}`;
}

if (isProgram(import.meta.url)) {
  const pictures = await drawPictures(JSON.parse(readFileSync(0, "utf8")));
  // Width is what JupyterLab and nbconvert show a picture at.
  process.stdout.write(JSON.stringify({ pictures, metadata: { drawnBy: drawnBy(), width: look.width } }));
}
