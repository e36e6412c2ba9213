import type { CacheFormatName } from "../../machine/number-formats";
import type { Mixer } from "../blocks";
import { blockSelected } from "./block-selected";
import { compressed } from "./compressed";
import { grouped } from "./grouped";
import { latent } from "./latent";
import { linear } from "./linear";
import type { BlockMatrix, Kept, MixerQuestion, MixerRules, MixerWork } from "./rules";

/** Each kind of mixer and what it gives; the compiler lists what a new kind lacks. */
const rules: { readonly [K in Mixer["kind"]]: MixerRules<Extract<Mixer, { kind: K }>> } = {
  grouped,
  latent,
  compressed,
  "block-selected": blockSelected,
  linear,
};

const rulesOf = <M extends Mixer>(mixer: M): MixerRules<M> => rules[mixer.kind] as unknown as MixerRules<M>;

/** The weight matrices of a mixer in a model of some hidden size. */
export const mixerMatrices = (mixer: Mixer, hiddenSize: number): readonly BlockMatrix[] => rulesOf(mixer).matrices(mixer, hiddenSize);

/** Bytes that a mixer keeps for one request of so many tokens. */
export const mixerKept = (mixer: Mixer, contextTokens: number, cacheFormat: CacheFormatName): Kept =>
  rulesOf(mixer).kept(mixer, contextTokens, cacheFormat);

/** What one request's new tokens read, write and compute in a mixer. */
export const mixerWork = (mixer: Mixer, question: MixerQuestion): readonly MixerWork[] => rulesOf(mixer).work(mixer, question);

/** A mixer's share on one GPU among `degree`. @throws RangeError naming the field that the degree does not divide. */
export const cutMixer = <M extends Mixer>(mixer: M, degree: number): M => (degree === 1 ? mixer : rulesOf(mixer).cut(mixer, degree));

/** A mixer in the field's words. */
export const mixerLabel = (mixer: Mixer): string => rulesOf(mixer).label(mixer);

/** The names of a mixer's sizes, each a positive whole number. */
export const mixerSizes = (mixer: Mixer): readonly string[] | undefined =>
  Object.hasOwn(rules, mixer.kind) ? rulesOf(mixer).sizes : undefined;

/** The kinds of mixers. */
export const mixerKinds = Object.keys(rules) as readonly Mixer["kind"][];
