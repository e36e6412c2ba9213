import { fieldOf, type Section } from "./section";
import { objectAt } from "./weight-words";

/** Lists of modules that a quantised release leaves as they were trained. */
const listNames = ["ignore", "ignored_layers", "exclude_modules", "exclude", "modules_to_not_convert", "llm_int8_skip_modules"] as const;

/** Parts of a name that say it is of no layer of the decoder. */
const elsewhere = /vision|visual|audio|vit$|^mtp|nextn|eagle|projector|merger/;

const attention = /^(self_attn|self_attention|attn|attention)$/;

/** Projections without which most of attention's weights are not kept; keys and values alone are few. */
const projections = /^(q|qkv|o|out|q_a|q_b|in|fused_qkv_a)(_proj.*)?$|^(wq|wo|wq_a|wq_b|wo_a|wo_b|c_attn|dense|query_key_value|qkv)$/;

/**
 * Whether a release leaves the weights of attention as they were trained: its lists name attention as a whole or its large projections,
 * in general or in at least half of the layers that have attention. Norms and parts of attention, towers for vision and drafts
 * ahead do not count.
 *
 * @param layers how many layers have attention
 */
export function keepsAttention(config: Section, layers: number): boolean {
  const numbers = new Set<number>();
  for (const name of keptNames(config)) {
    const tokens = name.split(/[^A-Za-z0-9_]+/).filter((token) => token !== "");
    if (tokens.some((token) => elsewhere.test(token))) continue;
    const place = tokens.findIndex((token) => attention.test(token));
    const after = tokens.slice(place + 1).filter((token) => token !== "weight");
    const whole = place !== -1 && (after.length === 0 || after.some((token) => projections.test(token)));
    const at = tokens.indexOf("layers");
    const mine = at === -1 ? [] : tokens.slice(at + 1).filter((token) => /^\d+$/.test(token));
    const isLayer = at !== -1 && mine.length > 0 && tokens.length === at + 1 + mine.length;
    if (whole && mine.length === 0) return true;
    if (whole || isLayer) for (const number of mine) numbers.add(Number(number));
  }
  return layers > 0 && numbers.size * 2 >= layers;
}

/** The names that a release's lists hold, in small letters. */
function keptNames(config: Section): readonly string[] {
  const lists = listNames.flatMap((list) => {
    const value = fieldOf(config, list);
    return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
  });
  // GPTQModel takes modules out by a minus, AutoRound by their bits.
  const skipped = [...(objectAt(config, "dynamic")?.fields.keys() ?? [])].filter((name) => name.startsWith("-:"));
  const wide = [...(objectAt(config, "extra_config")?.fields ?? [])].flatMap(([name, own]) =>
    ((own as { readonly bits?: unknown } | null)?.bits ?? 0) === 16 ? [name] : [],
  );
  return [...lists, ...skipped, ...wide].map((name) => name.replace(/\\.|\[[^\]]*\]/g, ".").toLowerCase());
}
