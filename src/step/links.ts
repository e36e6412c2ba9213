import type { Hardware } from "../machine/hardware";

/** What stands in where a machine's record has no link: its slot, else PCIe 4.0 with sixteen lanes, and a network card of 400 Gb/s. */
const pcieBytesPerSecond = 32e9;
const pcieDomain = 8;
const cardBytesPerSecond = 50e9;

const remembered = new WeakMap<Hardware, Hardware>();

/** A machine with links for a group of GPUs: its own record where that has what the group needs, else with what stands in. */
export function linked(hardware: Hardware, gpus: number): Hardware {
  const lacksLink = hardware.scaleUpBytesPerSecond === undefined && gpus > 1;
  const lacksNetwork = hardware.networkBytesPerSecond === undefined && gpus > (hardware.scaleUpDomain ?? (lacksLink ? pcieDomain : gpus));
  if (!lacksLink && !lacksNetwork) return hardware;
  const before = remembered.get(hardware);
  if (before !== undefined) return before;
  const slotBytesPerSecond = hardware.hostLinkBytesPerSecond ?? pcieBytesPerSecond;
  const { scaleUpBytesPerSecond = slotBytesPerSecond, networkBytesPerSecond = cardBytesPerSecond, scaleUpDomain = pcieDomain } = hardware;
  const made = Object.freeze({ ...hardware, scaleUpBytesPerSecond, networkBytesPerSecond, scaleUpDomain });
  remembered.set(hardware, made);
  return made;
}
