import { at, number, oneOf, readRows, text } from "../data/rows";
import { toBase } from "../units";

/** One exchange of equal bytes on two paths: posted by threads of the host, and started by the GPU. */
export interface ExchangePath {
  readonly gpus: number;
  readonly tokens: number;
  readonly direction: "dispatch" | "combine";
  readonly hostSeconds: number;
  readonly gpuSeconds: number;
  readonly source: string;
}

/**
 * Published exchanges on both paths, as the makers of the host-posted library print them.
 *
 * @throws Error naming file and line for a time that is not positive.
 * @example exchangePaths()
 */
export function exchangePaths(): readonly ExchangePath[] {
  return readRows("measurements/exchange-paths.csv").map((row) => {
    const [host, gpu] = [number(row, "hostMicroseconds"), number(row, "gpuMicroseconds")];
    if (host <= 0 || gpu <= 0) throw new Error(`${at(row)}: expected positive times, got ${host} and ${gpu}`);
    return {
      gpus: number(row, "gpus"),
      tokens: number(row, "tokens"),
      direction: oneOf(row, "direction", ["dispatch", "combine"]),
      hostSeconds: toBase(host, "us"),
      gpuSeconds: toBase(gpu, "us"),
      source: text(row, "source"),
    };
  });
}
