import type { Hardware } from "./hardware";

/** What tells such machines apart. */
type Known = Pick<Hardware, "generation"> & Partial<Pick<Hardware, "memoryKind">>;

/**
 * Whether a machine's tensor cores work out of tensor memory by tcgen05, as B200's do: what trtllm-gen, B200's DeepGEMM and CuTe DSL's experts
 * need.
 *
 * Blackwell and Rubin of data centres (compute capability 10) have it. Blackwell of graphics cards (12.0: RTX 5090, RTX PRO 6000) has not: it multiplies by mma.sync like Ada, from graphics memory, and engines run other kernels on it, whatever its generation is called.
 *
 * @example hasTensorMemory(hardware("rtx-pro-6000")) // false
 */
export function hasTensorMemory({ generation, memoryKind = "" }: Known): boolean {
  return /Blackwell|Rubin/.test(generation) && !/RTX/.test(generation) && !hasGraphicsMemory({ memoryKind });
}

/** Whether a machine is a graphics card of Blackwell: compute capability 12.0, tensor cores that multiply FP4 without tensor memory. */
export function isBlackwellCard(hardware: Known): boolean {
  return /Blackwell/.test(hardware.generation) && !hasTensorMemory(hardware);
}

/** Whether a machine reads graphics memory: cards of one die, on PCIe. */
export function hasGraphicsMemory({ memoryKind }: Pick<Hardware, "memoryKind">): boolean {
  return /GDDR|LPDDR/i.test(memoryKind);
}

/** Whether a machine is a graphics card of NVIDIA's: what engines ask for by compute capability 8.9 and 12.0. */
export function isGraphicsCard({ vendor, memoryKind }: Pick<Hardware, "vendor" | "memoryKind">): boolean {
  return vendor === "NVIDIA" && hasGraphicsMemory({ memoryKind });
}
