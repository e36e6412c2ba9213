/** What `deepshock` gives of machine/. Machines, DRAM, random access, number formats, links. */

export { calibratedMachine } from "./calibrated-machine";
export { type Dram, dram, drams } from "./dram";
export { type Hardware, hardware, machines, type TimeName, timeNames } from "./hardware";
export { type Link, links } from "./link-facts";
export {
  type CacheFormatName,
  cacheFormat,
  type NumberFormat,
  type WeightFormat,
  type WeightFormatName,
  weightFormat,
  weightFormatNames,
  weightFormatWords,
} from "./number-formats";
export { accessEfficiency, inFlightBandwidth, randomAccessBandwidth, requestsInFlight, requestsPerSecond } from "./random-access";
export {
  type CalibratedName,
  type CalibratedPart,
  calibratedNames,
  calibratedParts,
  noFactors,
  type StepFactors,
} from "./step-factors";
export { type Change as HardwareChange, type HardwareChanges, whatIfHardware } from "./what-if-hardware";
