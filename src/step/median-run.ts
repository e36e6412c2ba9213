import type { RequestStream } from "./requests";

/** Run length below which half of the bytes lie. */
export function medianRun(streams: readonly RequestStream[]): number {
  const sorted = [...streams].sort((a, b) => a.requestBytes - b.requestBytes);
  const half = sorted.reduce((total, s) => total + s.bytesPerSecond, 0) / 2;
  let passed = 0;
  for (const s of sorted) {
    passed += s.bytesPerSecond;
    if (passed >= half) return s.requestBytes;
  }
  throw new RangeError("streams must hold at least one stream");
}
