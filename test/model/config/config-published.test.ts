import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { modelFromConfigText } from "../../../src/model/config/read-config";
import type { Model } from "../../../src/model/model";
import { model } from "../../../src/model/registry";
import { parameterCount } from "../../../src/model/parameters";
import { publishedConfigs } from "./configs";

/** What a configuration does not state, or states in other words. */
const notDimensions = new Set<string>(
  "id aliases name organization released attention weightDtype totalParameters activeParameters source locator totalsSource totalsLocator confidence note".split(
    " ",
  ),
);

const dimensions = (m: Model) => Object.fromEntries(Object.entries(m).filter(([field]) => !notDimensions.has(field)));

const readable = publishedConfigs.filter((c) => !c.note.startsWith("refused"));
const inRegistry = readable.filter((c) => c.model !== "");

describe("data/configs", () => {
  it("lists each of its files", () => {
    const files = readdirSync(join(__dirname, "..", "..", "..", "data", "configs")).filter((file) => file.endsWith(".json"));
    expect(publishedConfigs.map((c) => `${c.name}.json`).sort()).toEqual(files.sort());
  });
});

describe("modelFromConfig", () => {
  it.each(inRegistry)("reads of $name the dimensions that the registry holds", (config) => {
    const [read, held] = [modelFromConfigText(config.text), model(config.model)];
    expect(dimensions(read)).toEqual(dimensions(held));
    expect(read.attention.includes("gated")).toBe(held.attention.includes("gated"));
  });

  it.each(inRegistry)("reaches the stated total of $name within 5 percent", (config) => {
    const stated = model(config.model).totalParameters as number;
    expect(Math.abs(parameterCount(modelFromConfigText(config.text)).total / stated - 1)).toBeLessThan(0.05);
  });
});
