import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { modelFromConfigText } from "../src/config";
import { type Model, model } from "../src/model";
import { parameterCount } from "../src/parameters";
import { publishedConfigs } from "./configs";

/** What a configuration does not state, or states in other words. */
const notDimensions = new Set<string>(
  "id aliases name organization released attention weightDtype totalParameters activeParameters source locator totalsSource totalsLocator confidence note".split(
    " ",
  ),
);

const dimensions = (m: Model) => Object.fromEntries(Object.entries(m).filter(([field]) => !notDimensions.has(field)));

/** Rows of the registry that are at odds with the configuration, and why. */
const atOdds: Readonly<Record<string, string>> = {
  "glm-5.3-flash": "the registry has 12 layers of attention, its source 11",
};

const readable = publishedConfigs.filter((c) => !c.note.startsWith("refused"));
const inRegistry = readable.filter((c) => c.model !== "");

describe("data/configs", () => {
  it("lists each of its files", () => {
    const files = readdirSync(join(__dirname, "..", "data", "configs")).filter((file) => file.endsWith(".json"));
    expect(publishedConfigs.map((c) => `${c.name}.json`).sort()).toEqual(files.sort());
  });
});

describe("modelFromConfig", () => {
  it.each(inRegistry.filter((c) => atOdds[c.name] === undefined))("reads of $name the dimensions that the registry holds", (config) => {
    expect(dimensions(modelFromConfigText(config.text))).toEqual(dimensions(model(config.model)));
  });

  it.each(inRegistry)("reaches the stated total of $name within 5 percent", (config) => {
    const stated = model(config.model).totalParameters as number;
    expect(Math.abs(parameterCount(modelFromConfigText(config.text)).total / stated - 1)).toBeLessThan(0.05);
  });
});
