import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Run } from "../../../src/model/blocks";
import { modelFromConfigText } from "../../../src/model/config/read-config";
import type { Model } from "../../../src/model/model";
import { parameterCount } from "../../../src/model/parameters";
import { model } from "../../../src/model/registry";
import { publishedConfigs } from "./configs";

/** What a configuration states of a model that the registry holds too; runs in any order. */
const dimensions = (m: Model) => ({
  hiddenSize: m.hiddenSize,
  vocabSize: m.vocabSize,
  tiedEmbeddings: m.tiedEmbeddings,
  residualStreams: m.residualStreams,
  runs: m.runs.map(({ count, blocks }) => ({ count, blocks })).sort((a, b) => keyOf(a).localeCompare(keyOf(b))),
});

const keyOf = ({ count, blocks }: Run) =>
  `${count} ${blocks.map((b) => JSON.stringify(Object.entries(b).sort())).join()}`.replace(/\{.*?\}/g, "");

/** Where file and registry part: the file states the default of a class, the registry what was found of the release elsewhere. */
const elsewhere: ReadonlySet<string> = new Set(["laguna-xs.2", "step-3.5-flash", "mistral-large-4-1t-a52b"]);

const readable = publishedConfigs.filter((c) => !c.note.startsWith("refused"));
const inRegistry = readable.filter((c) => c.model !== "");

describe("data/configs", () => {
  it("lists each of its files", () => {
    const files = readdirSync(join(__dirname, "..", "..", "..", "data", "configs")).filter((file) => file.endsWith(".json"));
    expect(publishedConfigs.map((c) => `${c.name}.json`).sort()).toEqual(files.sort());
  });
});

describe("modelFromConfig", () => {
  it.each(inRegistry.filter((c) => !elsewhere.has(c.name)))("reads of $name the dimensions that the registry holds", (config) => {
    const [read, held] = [modelFromConfigText(config.text), model(config.model)];
    expect(dimensions(read)).toEqual(dimensions(held));
  });

  it.each(inRegistry)("reaches the stated total of $name within 5 percent", (config) => {
    const stated = model(config.model).totalParameters as number;
    expect(Math.abs(parameterCount(modelFromConfigText(config.text)).total / stated - 1)).toBeLessThan(0.05);
  });
});
