import { type Hardware, hardware as machineOf } from "../../machine/hardware";
import { formatNumber } from "../../text/numbers";
import { peakFlops } from "../families";
import { type MixerFamily, mixerFamilies } from "./attention-families";

/** The machine whose rows a generation's families were fitted on. */
const measuredMachines: Readonly<Record<string, string>> = { Ampere: "a100-sxm", Ada: "l40s", Hopper: "h100-sxm", Blackwell: "b200-sxm" };

/** How many times more or less arithmetic a processor has before it is said, and another share of it stands. */
const likeness = 2;

/** The share of the peak at which a family's arithmetic runs on a machine, and what to say where it is not the measured one. */
export interface OwnArithmetic {
  readonly efficiency: number;
  readonly said: string | undefined;
}

/**
 * The share of its peak that a kernel reaches on a machine of the generation that it was measured on.
 *
 *     share = max(e, min(best, e f/f'))   where a processor's peak f' is less than half the measured machine's f
 *
 * H20 has a quarter of H100's arithmetic in a processor, and the same of all else: a kernel that reaches 6 % of H100's peak is held up
 * by what is not arithmetic, so it does as much in a processor of H20, up to the best share of a kernel measured on the generation.
 * No row of such a machine tells: it is an estimate, and the answer says so.
 */
export function ownArithmetic({ generation, constants }: MixerFamily, hardware: Hardware): OwnArithmetic {
  const { arithmeticEfficiency: efficiency } = constants;
  const id = measuredMachines[generation];
  const [measured, own] = [id === undefined ? undefined : perProcessor(machineOf(id)), perProcessor(hardware)];
  if (generation !== hardware.generation || measured === undefined || own === undefined) return { efficiency, said: undefined };
  const times = measured / own;
  if (times <= likeness && times >= 1 / likeness) return { efficiency, said: undefined };
  const said = `TFLOP/s of a processor ${formatNumber(own / 1e12, 2)} (measured ${formatNumber(measured / 1e12, 2)})`;
  return { efficiency: Math.max(efficiency, Math.min(bestShare(generation), efficiency * times)), said };
}

function perProcessor(hardware: Hardware): number | undefined {
  return hardware.processors === undefined ? undefined : peakFlops(hardware, "bf16") / hardware.processors;
}

/** The largest share of a peak that a core's family on a generation has, of those that the peak allows. */
function bestShare(generation: string): number {
  const shares = mixerFamilies().map((family) => (family.generation === generation ? family.constants.arithmeticEfficiency : 0));
  return Math.max(...shares.filter((share) => share <= 1));
}
