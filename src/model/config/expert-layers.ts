import { ConfigError, shown } from "./error";
import { fieldOf, inRange, listOf, optionalCount, pathOf, type Section } from "./section";

const most = 10_000;

/** Makes of a field's value a test: does this layer have experts? */
type Rule = (value: unknown, path: string, layers: number) => (layer: number) => boolean;

const whole = (value: unknown, path: string, least = 0) => inRange(value, path, { least, most });

/** The last of every `step` layers. */
const everyStep: Rule = (value, path) => {
  const step = whole(value, path);
  return (layer) => step > 0 && (layer + 1) % step === 0;
};

/** All from one layer on. */
const fromLayer: Rule = (value, path) => {
  const first = whole(value, path);
  return (layer) => layer >= first;
};

/** A mark for each layer. */
const marks =
  (sparse: readonly unknown[], dense: readonly unknown[]): Rule =>
  (value, path, layers) => {
    const list = listOf(value, path, layers);
    const odd = list.findIndex((mark) => !sparse.includes(mark) && !dense.includes(mark));
    if (odd !== -1) {
      throw new ConfigError(`${path}[${odd}]`, `expected one of ${[...sparse, ...dense].map(shown).join(", ")}; got ${shown(list[odd])}`);
    }
    return (layer) => sparse.includes(list[layer]);
  };

const bits = marks([1, true], [0, false]);

/** The layers that are named, in a list or in a text with commas. */
const named: Rule = (value, path, layers) => {
  const set = layersIn(value, path, layers);
  return (layer) => set.has(layer);
};

/** Numbers of layers, from 0. */
export function layersIn(value: unknown, path: string, layers: number): ReadonlySet<number> {
  const list =
    typeof value === "string"
      ? value
          .slice(0, 8 * most)
          .split(",")
          .filter((layer) => layer.trim() !== "")
          .map(Number)
      : value;
  if (!Array.isArray(list) || list.length > layers) {
    throw new ConfigError(path, `expected at most ${layers} numbers of layers, got ${shown(value)}`);
  }
  return new Set(list.map((layer, i) => inRange(layer, `${path}[${i}]`, { least: 0, most: layers - 1 })));
}

const rules: Readonly<Record<string, Rule>> = {
  first_k_dense_replace: fromLayer,
  num_dense_layers: fromLayer,
  moe_layer_start_index: fromLayer,
  moe_layer_end_index: (value, path) => {
    const last = whole(value, path, -1);
    return (layer) => last === -1 || layer <= last;
  },
  moe_layer_interval: everyStep,
  moe_layer_frequency: everyStep,
  moe_every_n_layers: everyStep,
  decoder_sparse_step: everyStep,
  interleave_moe_layer_step: everyStep,
  moe_layer_freq: (value, path, layers) => {
    if (Array.isArray(value)) return bits(value, path, layers);
    const step = whole(value, path, 1);
    return (layer) => layer % step === 0;
  },
  is_moe_layer: bits,
  mlp_layer_types: marks(["sparse", "moe", "hash_moe"], ["dense", "mlp"]),
  mlp_only_layers: (value, path, layers) => {
    const dense = layersIn(value, path, layers);
    return (layer) => !dense.has(layer);
  },
  moe_layers: named,
  moe_layers_enum: named,
};

/** Fields that say which layers have experts. */
export const layerRuleNames: readonly string[] = [...Object.keys(rules), "expert_layer_period", "expert_layer_offset"];

/**
 * Which layers have experts: those that every rule of the configuration lets have them; all where there is no rule.
 *
 * @throws ConfigError when a rule cannot be read, or together they leave no layer.
 */
export function expertLayers(section: Section, layers: number): readonly boolean[] {
  const tests = Object.entries(rules).flatMap(([name, rule]) => {
    const value = fieldOf(section, name);
    return value === undefined ? [] : [rule(value, pathOf(section, name), layers)];
  });
  const period = optionalCount(section, ["expert_layer_period"], { most });
  if (period !== undefined) {
    const offset = optionalCount(section, ["expert_layer_offset"], { least: 0, most }) ?? 0;
    tests.push((layer) => layer % period === offset);
  }
  const sparse = Array.from({ length: layers }, (_, layer) => tests.every((test) => test(layer)));
  if (!sparse.includes(true)) {
    const there = layerRuleNames.filter((name) => fieldOf(section, name) !== undefined);
    throw new ConfigError(
      pathOf(section, there[0] as string),
      `expected at least one of ${layers} layers to have experts, got none by ${there.join(", ")}`,
    );
  }
  return sparse;
}
