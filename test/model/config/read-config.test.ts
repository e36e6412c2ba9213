import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError, modelFromConfig, modelFromConfigText } from "../../../src/model/config/read-config";
import type { Model } from "../../../src/model/model";
import { parameterCount } from "../../../src/model/parameters";
import { addModel, model, models } from "../../../src/model/registry";
import { brokenConfigs } from "./broken-configs";
import { publishedConfigs } from "./configs";

const mixtral = JSON.parse(publishedConfigs.find((c) => c.name === "mixtral-8x7b")?.text as string) as Record<string, unknown>;

describe("modelFromConfig", () => {
  it.each(brokenConfigs)("says what is wrong: $name", ({ text, message }) => {
    expect(() => modelFromConfigText(text)).toThrow(ConfigError);
    expect(() => modelFromConfigText(text)).toThrow(message);
  });

  it("names the field apart from the message", () => {
    const broken = () => modelFromConfig({ ...mixtral, hidden_size: 0 });
    expect(broken).toThrow(expect.objectContaining({ name: "ConfigError", field: "hidden_size" }));
  });

  it("gives equal configurations equal ids, and others another", () => {
    expect(modelFromConfig({ ...mixtral }).id).toBe(modelFromConfig(mixtral).id);
    expect(modelFromConfig({ ...mixtral, vocab_size: 32001 }).id).not.toBe(modelFromConfig(mixtral).id);
  });

  it("keeps the class that runs the model, of the file as a whole before its text part, and none that is no name", () => {
    expect(modelFromConfig(mixtral).architecture).toBe("MixtralForCausalLM");
    expect(model("mixtral-8x7b").architecture).toBe("MixtralForCausalLM");
    const { architectures: _, ...bare } = mixtral;
    const text_config = { ...bare, architectures: ["InnerForCausalLM"] };
    expect(modelFromConfig({ architectures: ["OuterForConditionalGeneration"], text_config }).architecture).toBe(
      "OuterForConditionalGeneration",
    );
    expect(modelFromConfig({ text_config }).architecture).toBe("InnerForCausalLM");
    for (const architectures of [null, [], [7], ["<b>ForCausalLM"]])
      expect(modelFromConfig({ ...bare, architectures })).not.toHaveProperty("architecture");
  });

  it("takes id, name, organization and day from the options", () => {
    const options = { id: "mine", name: "Mine", organization: "me", released: "2026-11-25" };
    expect(modelFromConfig(mixtral, options)).toMatchObject(options);
  });
});

describe("addModel", () => {
  it("makes a model findable by its id, without listing it", () => {
    const added = addModel(modelFromConfig(mixtral, { id: "mine" }));
    expect(model("mine")).toBe(added);
    expect(models()).not.toContain(added);
  });

  it("takes the same model twice, and refuses another one under a taken id", () => {
    expect(addModel(modelFromConfig(mixtral, { id: "mine" }))).toBe(model("mine"));
    expect(() => addModel(modelFromConfig({ ...mixtral, vocab_size: 5 }, { id: "mine" }))).toThrow(
      'the id "mine" is already taken by mixtral; give the model another id',
    );
    expect(() => addModel(modelFromConfig(mixtral, { id: "deepseek-v3" }))).toThrow("already taken by DeepSeek-V3");
    expect(() => addModel({ ...modelFromConfig(mixtral, { id: "other" }), aliases: ["kimi-k2"] })).toThrow("already taken by Kimi-K2");
    expect(() => addModel(modelFromConfig(mixtral, { id: "" }))).toThrow("id must be a text of at least one character");
  });
});

/** A result must be a model that everything can be computed from, or an error of ours; in less than a second. */
function expectModelOrError(read: () => Model): void {
  const start = process.cpuUsage();
  let result: Model | undefined;
  try {
    result = read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message.length).toBeLessThan(1000);
  }
  // Of the processor and not of the clock: other tests run beside this one.
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1e6).toBeLessThan(1);
  if (result === undefined) return;
  for (const [field, value] of Object.entries(result)) {
    if (typeof value === "number") expect(Number.isSafeInteger(value) && value >= 0, `${field} is ${value}`).toBe(true);
  }
  const { total, active } = parameterCount(result);
  expect(total).toBeGreaterThan(0);
  expect(active).toBeLessThanOrEqual(total);
  expect(Number.isFinite(total)).toBe(true);
  expect(result.moeLayers > 0).toBe(result.routedExperts > 0);
  expect(result.denseLayers + result.moeLayers).toBeLessThanOrEqual(result.layers);
  expect(result.expertsPerToken).toBeLessThanOrEqual(result.routedExperts);
}

const awkward = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(null, true, -1, 0, 1, 2, 0.5, 1e9, 1e300, Number.NaN, Number.POSITIVE_INFINITY, "4", "", [], {}, [1], [[]]),
);

type Config = Record<string, unknown>;

/** The objects of a configuration, the nested ones too. */
const objectsIn = (config: Config): Config[] => [
  config,
  ...Object.values(config).flatMap((value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? objectsIn(value as Config) : [],
  ),
];

const parsed = publishedConfigs.map((c) => JSON.parse(c.text.replace(/\bInfinity\b/g, "1e999")) as Config);

/** A published configuration with one to three fields deleted, put otherwise or added. */
const mutated = fc
  .tuple(
    fc.constantFrom(...parsed),
    fc.array(
      fc.record({
        object: fc.nat(),
        field: fc.nat(),
        name: fc.constantFrom("__proto__", "constructor", "toString", "num_experts", "moe_x", "layer_types", "hidden_size"),
        way: fc.constantFrom("delete", "put", "put", "add"),
        value: awkward,
      }),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([config, changes]) => {
    const copy = structuredClone(config);
    for (const { object, field, name, way, value } of changes) {
      const objects = objectsIn(copy);
      const target = objects[object % objects.length] as Config;
      const names = Object.keys(target);
      const chosen = names[field % Math.max(1, names.length)] ?? name;
      if (way === "delete") delete target[chosen];
      else Object.defineProperty(target, way === "add" ? name : chosen, { value, enumerable: true, configurable: true, writable: true });
    }
    return copy;
  });

describe("modelFromConfig under any input", () => {
  it("gives a model or a clear error for arbitrary JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (config) => expectModelOrError(() => modelFromConfig(config))),
      { numRuns: 500 },
    );
  });

  it("gives a model or a clear error for a published configuration with fields changed", () => {
    fc.assert(
      fc.property(mutated, (config) => expectModelOrError(() => modelFromConfig(config))),
      { numRuns: 1500 },
    );
  });

  it("gives a model or a clear error for a text cut off or with one character changed", () => {
    const text = fc.constantFrom(...publishedConfigs.filter((c) => c.text.length < 10_000).map((c) => c.text));
    const spoilt = fc.tuple(text, fc.nat(10_000), fc.constantFrom(undefined, "{", '"', ",", "9", "\\", "\u0000", "é"));
    fc.assert(
      fc.property(spoilt, ([whole, at, put]) =>
        expectModelOrError(() =>
          modelFromConfigText(put === undefined ? whole.slice(0, at) : whole.slice(0, at) + put + whole.slice(at + 1)),
        ),
      ),
      { numRuns: 1000 },
    );
  });

  it("refuses by its length what no released file reaches", () => {
    expect(() => modelFromConfigText(`{"model_type": "${"x".repeat(50_000_000)}"}`)).toThrow(
      "expected a config.json of at most 50000000 characters, got 50000018",
    );
  });

  it.each([
    ["a long text in a field", `{"model_type": "${"x".repeat(1_900_000)}"}`],
    ["a text that never ends", `{"model_type": "${"x".repeat(1_900_000)}`],
    ["escapes that never end", `{"model_type": "${"\\n".repeat(950_000)}`],
    ["many fields", `{${Array.from({ length: 100_000 }, (_, i) => `"moe_${i}": ${i}`).join(",")}}`],
    ["deep nesting", "[".repeat(1_900_000)],
    ["deep text_config", `${'{"text_config":'.repeat(100_000)}{}${"}".repeat(100_000)}`],
    ["a long list of layers", JSON.stringify({ ...mixtral, layer_types: new Array(200_000).fill("mamba") })],
    ["a long pattern", JSON.stringify({ ...mixtral, hybrid_override_pattern: "M".repeat(1_900_000) })],
    ["a long list in a text", JSON.stringify({ ...mixtral, moe_layers_enum: "1,".repeat(950_000) })],
    ["a long name of a field", JSON.stringify({ ...mixtral, hidden_size: undefined, ["hidden".repeat(300_000)]: 1 })],
    ["a long number", `{"model_type": "llama", "hidden_size": ${"9".repeat(1_900_000)}}`],
  ])("refuses 2 MB in less than a second: %s", (_, text) => {
    expect(text.length).toBeGreaterThan(1_500_000);
    expect(() => modelFromConfigText(text)).toThrow(ConfigError);
    expectModelOrError(() => modelFromConfigText(text));
  });
});
