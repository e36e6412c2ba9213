import type { Figure } from "../index";
import { byId, download, make } from "./dom";
import { spokenSentence, withWords } from "./picture-words";
import type { Picture } from "./pictures";

/** What the site's own script and Plotly give to the page. */
declare const showFigure: (plot: HTMLElement, figure: { data: unknown; layout: unknown; config: unknown }) => Promise<unknown>;
declare const Plotly: {
  downloadImage: (
    figure: { data: unknown; layout: unknown },
    options: { format: "png" | "svg"; width: number; height: number; scale?: number; filename: string },
  ) => Promise<unknown>;
  toImage: (
    figure: { data: unknown; layout: unknown },
    options: { format: "png" | "svg"; width: number; height: number },
  ) => Promise<string>;
};

/** Where a figure stands. */
export interface Place {
  readonly name: string;
  readonly inSight: () => boolean;
  /** Have another picture from now on: it is drawn when the place comes in sight, or once the reader pauses. */
  readonly expect: (picture: () => Picture) => void;
  /** Draw what is expected, if it is not drawn yet. */
  readonly draw: () => Promise<void>;
}

/** The place of one figure, with the buttons that save it. */
export function place(name: string): Place {
  const box = byId(`figure-${name}`);
  const plot = box.querySelector(".plot") as HTMLElement;
  const caption = box.querySelector("figcaption p") as HTMLElement;
  const absent = make("p", { class: "absent", hidden: true });
  plot.before(absent);
  let newest: (() => Picture) | undefined;
  let current: Figure | undefined;
  let last: Promise<void> = Promise.resolve();
  // One picture after another: Plotly ends what it draws when it is asked again meanwhile.
  const draw = () => {
    last = last.then(drawNewest, drawNewest);
    return last;
  };
  const drawNewest = async () => {
    const picture = newest;
    if (picture === undefined) return;
    newest = undefined;
    const made = picture();
    current = "figure" in made ? made.figure : undefined;
    absent.hidden = current !== undefined;
    plot.hidden = current === undefined;
    for (const button of box.querySelectorAll("button")) button.disabled = current === undefined;
    if ("reason" in made) {
      absent.textContent = made.reason;
      caption.textContent = "";
      return;
    }
    plot.setAttribute("aria-label", spokenSentence(made.figure));
    caption.textContent = made.figure.caption;
    await drawFigure(plot, made.figure);
  };
  const inSight = watched(box, draw);
  for (const format of ["png", "svg"] as const) {
    box.querySelector(`button.${format}`)?.addEventListener("click", () => {
      if (current !== undefined) savePicture(current, format, `deepshock-${name}`);
    });
  }
  return {
    name,
    inSight,
    expect: (picture) => {
      newest = picture;
      whenIdle(draw);
    },
    draw,
  };
}

/** Whether a part of the page is in sight; `comes` is called whenever it comes there. */
export function watched(part: HTMLElement, comes: () => void = () => {}): () => boolean {
  let seen = false;
  new IntersectionObserver((entries) => {
    seen = entries.at(-1)?.isIntersecting ?? false;
    if (seen) comes();
  }).observe(part);
  return () => seen;
}

/**
 * Call for each click on a point that carries its place in a list (`customdata`).
 *
 * Plotly gives a plot its events with its first picture, so that they are waited for.
 */
export function onPoint(box: HTMLElement, chosen: (at: number) => void): void {
  const plot = box.querySelector(".plot") as HTMLElement & { on?: (event: string, act: (clicked: Clicked) => void) => void };
  const bind = () => {
    if (plot.on === undefined) return;
    waiting.disconnect();
    plot.on("plotly_click", ({ points }) => {
      const at = points.find(({ customdata }) => typeof customdata === "number")?.customdata;
      if (typeof at === "number" && at >= 0) chosen(at);
    });
  };
  const waiting = new MutationObserver(bind);
  waiting.observe(plot, { childList: true, subtree: true });
  bind();
}

interface Clicked {
  readonly points: readonly { readonly customdata?: unknown }[];
}

/** Draw a figure's picture for the reader's colours and width, now and whenever these change; the drawing itself bears its name and what it shows. */
export async function drawFigure(plot: HTMLElement, figure: Figure): Promise<void> {
  const { data, layout } = figure;
  await showFigure(plot, { data, layout, config: { responsive: true, displaylogo: false } });
  describe(plot, figure);
}

/** Name and words of the drawing itself, for who takes it out of the page. */
function describe(plot: HTMLElement, figure: Figure): void {
  const svg = plot.querySelector("svg.main-svg");
  if (svg === null) return;
  const box = plot.closest("figure");
  const words = { desc: spokenSentence(figure), title: box?.getAttribute("aria-label") ?? "Figure" };
  for (const [name, text] of Object.entries(words)) {
    const found = [...svg.children].find(({ localName }) => localName === name);
    const element = found ?? document.createElementNS("http://www.w3.org/2000/svg", name);
    if (found === undefined) svg.prepend(element);
    if (box !== null && box.id !== "") element.id = `${box.id}-${name}`;
    if (element.textContent !== text) element.textContent = text;
  }
}

/** Hand a figure's picture to the reader as a file, wide and on white paper whatever the page looks like; an SVG says what it shows. */
export async function savePicture(figure: Figure, format: "png" | "svg", filename: string): Promise<void> {
  const { data, layout } = structuredClone({ data: figure.data, layout: figure.layout });
  const height = (layout.height as number | undefined) ?? 460;
  const drawing = { data, layout: { ...layout, autosize: false, width: 960, height } };
  if (format === "png") {
    await Plotly.downloadImage(drawing, { format, width: 960, height, scale: 2, filename });
    return;
  }
  const svg = decodeURIComponent((await Plotly.toImage(drawing, { format, width: 960, height })).replace(/^data:image\/svg\+xml,/, ""));
  const source = `Drawn by the page to try of deepshock: ${location.protocol === "file:" ? "explore.html" : location.href}`;
  download(`${filename}.svg`, "image/svg+xml", withWords(svg, spokenSentence(figure), `${figure.caption} ${source}`));
}

const later = new Set<() => Promise<void>>();
let pause: ReturnType<typeof setTimeout> | undefined;

/** Once the reader pauses, one figure after another. */
function whenIdle(draw: () => Promise<void>): void {
  later.add(draw);
  clearTimeout(pause);
  pause = setTimeout(async () => {
    for (const one of later) {
      later.delete(one);
      await one();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }, 500);
}
