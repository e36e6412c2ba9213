import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { browserPath } from "../../notebooks/jupyter/browser.mjs";
import { execute } from "../../notebooks/jupyter/execute.mjs";
import { drawnBy } from "../../notebooks/jupyter/pictures.mjs";
import { python } from "../../notebooks/jupyter/project.mjs";
import { browserIt } from "../browser";
import { books } from "../reports";

const plotly = "application/vnd.plotly.v1+json";
interface Output {
  readonly data?: Readonly<Record<string, string | string[]>>;
  readonly metadata?: Readonly<Record<string, { readonly drawnBy: string; readonly width: number }>>;
}
const figuresOf = (path: string): readonly Output[] => {
  const { cells } = JSON.parse(readFileSync(path, "utf8")) as { cells: { outputs?: Output[] }[] };
  return cells.flatMap(({ outputs = [] }) => outputs.filter(({ data }) => data?.[plotly] !== undefined));
};
const layoutOf = ({ data }: Output) => (data?.[plotly] as unknown as { layout: { height?: number } } | undefined)?.layout ?? {};
const png = ({ data }: Output): Buffer => Buffer.from(String(data?.["image/png"] ?? ""), "base64");
const scratch = (name: string): string => {
  const folder = join(process.env.DEEPSHOCK_TEST_FOLDER as string, name);
  mkdirSync(folder, { recursive: true });
  return folder;
};

describe.each(books)("$name", ({ path }) => {
  it("holds a picture of every figure, as Plotly draws it today, beside the words", () => {
    for (const figure of figuresOf(path)) {
      const { data, metadata } = figure;
      const picture = png(figure);
      expect(picture.subarray(1, 4).toString("latin1")).toBe("PNG");
      // Bytes 16 to 23 of a PNG are its width and height: 1.5 pixels for each of the page's.
      const height = layoutOf(figure).height ?? 450;
      expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([1350, height * 1.5]);
      expect(metadata?.["image/png"]).toEqual({ drawnBy: drawnBy(), width: 900 });
      expect(String(data?.["text/plain"]).length).toBeGreaterThan(20);
    }
  });
});

it("pictures of all notebooks weigh under 6 MB", () => {
  const bytes = books.flatMap(({ path }) => figuresOf(path)).map(({ data }) => String(data?.["image/png"]).length);
  expect(bytes.reduce((a, b) => a + b, 0)).toBeLessThan(6e6);
});

it("plain nbconvert shows every figure", async () => {
  const { name, path } = books[3] as (typeof books)[number];
  const folder = scratch("plain nbconvert");
  const { code, stderr } = await python(["-m", "nbconvert", "--to", "html", "--output-dir", folder, path]);
  expect(code, stderr).toBe(0);
  const images = readFileSync(join(folder, `${name}.html`), "utf8").match(/<img [^>]*src="data:image\/png;base64,[^>]*width="900"/g);
  expect(images?.length).toBe(figuresOf(path).length);
}, 120_000);

describe("a notebook executed again", () => {
  const show = (y: number, alt: string) =>
    `showFigure({ data: [{ x: [1, 2], y: [1, ${y}] }], layout: { height: 300 }, caption: "${alt}", alt: "${alt}" });`;
  const write = (name: string, ...sources: string[]): string => {
    const path = join(scratch(name), "01-pictures.ipynb");
    const before = readdirSync(join(path, "..")).includes("01-pictures.ipynb") ? JSON.parse(readFileSync(path, "utf8")).cells : [];
    const cells = ['import { showFigure } from "deepshock/notebook";', ...sources].map((source, i) => ({
      cell_type: "code",
      id: `c${i}`,
      source,
      metadata: {},
      outputs: before[i]?.outputs ?? [],
      execution_count: null,
    }));
    writeFileSync(path, JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
    return path;
  };

  browserIt(
    "draws the figure that changed, keeps the picture of the one that did not, and gives the same bytes when nothing did",
    async () => {
      const path = write("drawn", show(2, "a line that rises"), show(3, "a line that stays"));
      await execute({ name: "01-pictures", path }, path, { drawnBy: drawnBy() });
      const [rising, staying] = figuresOf(path).map(png);
      expect(rising).not.toEqual(staying);
      const bytes = readFileSync(path, "utf8");
      await execute({ name: "01-pictures", path }, path, { drawnBy: drawnBy() });
      expect(readFileSync(path, "utf8")).toBe(bytes);
      // Another hand's picture of the same figure stays where nothing draws, and is drawn anew where something does.
      writeFileSync(path, bytes.replaceAll(drawnBy(), "plotly 0.0.0"));
      write("drawn", show(1, "a line that is level"), show(3, "a line that stays"));
      await execute({ name: "01-pictures", path }, path);
      expect(figuresOf(path).map((figure) => [png(figure), figure.metadata?.["image/png"]?.drawnBy])).toEqual([
        [Buffer.alloc(0), undefined],
        [staying, "plotly 0.0.0"],
      ]);
      await execute({ name: "01-pictures", path }, path, { drawnBy: drawnBy() });
      const [level, again] = figuresOf(path);
      expect(png(level as Output).length).toBeGreaterThan(1000);
      expect(png(level as Output)).not.toEqual(rising);
      expect(again?.metadata?.["image/png"]?.drawnBy).toBe(drawnBy());
    },
    400_000,
  );

  it("says that its pictures could not be drawn, and how to go without, and is left as it was", async () => {
    const path = write("not drawn", show(2, "a line that rises"));
    const before = readFileSync(path, "utf8");
    const { CHROMIUM_PATH } = process.env;
    process.env.CHROMIUM_PATH = "";
    try {
      expect(browserPath()).toBeUndefined();
      const failure = await execute({ name: "01-pictures", path }, path, { drawnBy: drawnBy() }).catch((error: Error) => error.message);
      expect(failure).toMatch(/^01-pictures: [\s\S]*could not be drawn; an empty CHROMIUM_PATH leaves them out/);
    } finally {
      if (CHROMIUM_PATH === undefined) delete process.env.CHROMIUM_PATH;
      else process.env.CHROMIUM_PATH = CHROMIUM_PATH;
    }
    expect(readFileSync(path, "utf8")).toBe(before);
  }, 180_000);
});
