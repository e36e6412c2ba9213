import type { LinearFamily, LinearMixer } from "../blocks";
import { ConfigError } from "./error";
import { headNames } from "./head-names";
import type { Layer } from "./layer";
import { count, fieldOf, flag, optionalCount, pathOf, type Section, subsection, word } from "./section";

const heads = { most: 1_000_000 };
const width = { most: 1_000_000 };
const taps = { least: 0, most: 1_000 };

type Sizes = Omit<LinearMixer, "kind" | "family" | "stateElementBytes">;

/** How the sizes of each recurrence are read. */
const readers: Readonly<Record<LinearFamily, (layer: Layer, hiddenSize: number) => Sizes>> = {
  "gated-delta": ({ section }) => ({
    keyHeads: count(section, ["linear_num_key_heads"], heads),
    valueHeads: count(section, ["linear_num_value_heads"], heads),
    keyDim: count(section, ["linear_key_head_dim"], width),
    valueDim: count(section, ["linear_value_head_dim"], width),
    convolutionWidth: optionalCount(section, ["linear_conv_kernel_dim"], taps) ?? 4,
  }),
  "kimi-delta": ({ section, modelType }) => {
    const own = subsection(section, "linear_attn_config") ?? section;
    const number = count(own, ["num_heads", "linear_num_heads"], heads);
    const dim = count(own, own === section ? ["linear_head_dim"] : ["head_dim"], width);
    // Ling makes decay and gate by one matrix each; Kimi K3 says so of the gate alone.
    const full = modelType === "bailing_hybrid";
    const ranks = {
      ...(full || flag(own, ["use_full_rank_gate"]) === true ? {} : { gateRank: dim }),
      ...(full ? {} : { decayRank: dim }),
    };
    const convolutionWidth = optionalCount(own, ["short_conv_kernel_size", "linear_conv_kernel_dim"], taps) ?? 4;
    return { keyHeads: number, valueHeads: number, keyDim: dim, valueDim: dim, convolutionWidth, ...ranks };
  },
  mamba2: ({ section }, hiddenSize) => {
    const valueHeads = count(section, ["mamba_num_heads", "mamba_n_heads"], heads);
    return {
      keyHeads: optionalCount(section, ["mamba_n_groups", "n_groups"], heads) ?? 1,
      valueHeads,
      keyDim: count(section, ["mamba_d_state", "ssm_state_size"], width),
      valueDim: sized(section, ["mamba_head_dim", "mamba_d_head"]) ?? Math.floor((expansion(section) * hiddenSize) / valueHeads),
      convolutionWidth: optionalCount(section, ["mamba_d_conv", "conv_kernel"], taps) ?? 4,
    };
  },
  mamba1: ({ section }, hiddenSize) => ({
    keyHeads: 1,
    valueHeads: expansion(section) * hiddenSize,
    keyDim: count(section, ["mamba_d_state", "ssm_state_size"], width),
    valueDim: 1,
    convolutionWidth: optionalCount(section, ["mamba_d_conv", "conv_kernel"], taps) ?? 4,
    gateRank: sized(section, ["mamba_dt_rank", "time_step_rank"]) ?? Math.ceil(hiddenSize / 16),
  }),
  lightning: ({ section }, hiddenSize) => {
    const number = count(section, headNames, heads);
    const dim = optionalCount(section, ["head_dim"], width) ?? Math.floor(hiddenSize / number);
    return { keyHeads: number, valueHeads: number, keyDim: dim, valueDim: dim, convolutionWidth: 0 };
  },
};

/** Which fields speak of which recurrence; the first that is there decides. */
const signs: readonly (readonly [string, LinearFamily])[] = [
  ["linear_num_value_heads", "gated-delta"],
  ["linear_attn_config", "kimi-delta"],
  ["linear_num_heads", "kimi-delta"],
  ["mamba_num_heads", "mamba2"],
  ["mamba_n_heads", "mamba2"],
  ["mamba_d_state", "mamba1"],
  ["attn_type_list", "lightning"],
  ["layer_group_size", "lightning"],
];

const lightningTypes = /^minimax|^bailing_moe/;

/**
 * Read the linear mixer of one layer.
 *
 * @throws ConfigError where no field says which recurrence it is: their states differ a hundredfold.
 */
export function readLinear(layer: Layer, hiddenSize: number): LinearMixer {
  const { section } = layer;
  const family =
    signs.find(([field]) => fieldOf(section, field) !== undefined)?.[1] ??
    (lightningTypes.test(layer.modelType ?? "") ? "lightning" : undefined);
  if (family === undefined) {
    throw new ConfigError(
      pathOf(section, "linear_num_value_heads"),
      `expected the sizes of the linear mixer of layer ${layer.index} (one of ${signs.map(([field]) => field).join(", ")}), got nothing`,
    );
  }
  return { kind: "linear", family, ...readers[family](layer, hiddenSize), stateElementBytes: stateBytesOf(section) };
}

const stateBytesOf = (section: Section): number =>
  /^(torch\.)?(bfloat16|float16)$/.test(word(section, ["mamba_ssm_cache_dtype", "mamba_ssm_dtype"]) ?? "") ? 2 : 4;

const expansion = (section: Section): number => optionalCount(section, ["mamba_expand", "expand"], { most: 100 }) ?? 2;

/** A size that may be left to the class ("auto"). */
function sized(section: Section, names: readonly string[]): number | undefined {
  return names.some((name) => fieldOf(section, name) === "auto") ? undefined : optionalCount(section, names, width);
}
