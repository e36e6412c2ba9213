import type { CacheSource, OutputGate, Reach } from "../blocks";
import { ConfigError, shown } from "./error";
import type { Layer } from "./layer";
import type { Family } from "./model-families";
import { fieldOf, flag, optionalCount, pathOf, type Section } from "./section";
import { windowOf } from "./window-width";

const gateNames = ["attn_output_gate", "attention_output_gate", "mla_use_output_gate", "gated_attention"] as const;

/** What narrows the tokens that a layer attends to. @throws ConfigError where a layer has a window whose width is not said. */
export function reachOf({ section, attends, index }: Layer): Reach {
  if (attends === "window") {
    const window = windowOf(section);
    if (window !== undefined) return { window };
    throw new ConfigError(
      pathOf(section, "sliding_window"),
      `expected the width of the window that layer ${index} attends to, got nothing`,
    );
  }
  if (attends !== "chunk") return {};
  const chunk = optionalCount(section, ["attention_chunk_size"], { most: 1e9 }) ?? windowOf(section);
  if (chunk !== undefined) return { chunk };
  throw new ConfigError(
    pathOf(section, "attention_chunk_size"),
    `expected the width of the chunks that layer ${index} attends to, got nothing`,
  );
}

/** Whether attention has a gate on its output, for each head or each element: by field, else by family. */
export function gateOf(section: Section, family: Family | undefined): { readonly gate?: OutputGate } {
  const gating = fieldOf(section, "gating");
  if (typeof gating === "string") return gating === "" || gating === "none" ? {} : { gate: /head/.test(gating) ? "head" : "element" };
  if (gating === true || flag(section, ["use_head_wise_attn_gate"]) === true) return { gate: "head" };
  const stated = flag(section, gateNames);
  if (stated === false || gating === false) return {};
  if (family?.gate !== undefined) return { gate: family.gate };
  return stated === true ? { gate: "element" } : {};
}

/** Whose keys and values a layer reads: by cross-layer sharing in groups, by a number of last layers, or by a list of sources. */
export function cacheSourceOf({ section, index, layers }: Layer): CacheSource {
  if (flag(section, ["use_cla"]) === true) {
    const factor = optionalCount(section, ["cla_share_factor"], { most: 10_000 }) ?? 2;
    if (index % factor !== 0) return "shared";
  }
  const last = optionalCount(section, ["num_kv_shared_layers"], { least: 0, most: layers }) ?? 0;
  if (index >= layers - last) return "shared";
  for (const name of ["kv_source_layers", "kv_source_layer_ids"]) {
    const sources = fieldOf(section, name);
    if (sources === undefined) continue;
    if (!Array.isArray(sources)) throw new ConfigError(pathOf(section, name), `expected a list of layers, got ${shown(sources)}`);
    const own = sources.length === layers ? sources[index] === index || sources[index] == null : sources.includes(index);
    if (!own) return "shared";
  }
  return "own";
}
