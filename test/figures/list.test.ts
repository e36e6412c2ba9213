import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as figures from "../../src/figures/index";

const folder = join(import.meta.dirname, "../../src/figures");
const drawing = readdirSync(folder).flatMap((file) => {
  const text = readFileSync(join(folder, file), "utf8");
  return [...text.matchAll(/^export function (\w+Figure)\(/gm)].map(([, name]) => [file, name as string] as const);
});

describe("what deepshock/figures gives", () => {
  it("is found by reading the folder", () => {
    expect(drawing.length).toBeGreaterThan(40);
    expect(drawing).toContainEqual(["task-time.ts", "taskTimeFigure"]);
  });

  it.each(drawing)("holds the figure function of %s, %s", (_, name) => {
    expect(Object.keys(figures)).toContain(name);
  });
});
