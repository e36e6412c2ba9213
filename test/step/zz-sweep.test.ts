import { it } from "vitest";
import { hardware, machines } from "../../src/machine/hardware";
import { model, models } from "../../src/model/registry";
import { decodeStep } from "../../src/step/decode";
it("x", () => {
  const v3 = model("deepseek-v3"), h800 = hardware("h800-sxm");
  console.log("v3", decodeStep({ model: v3, hardware: h800, requestsPerGpu: 128, contextTokens: 4096, expertParallel: 128, overlap: "two-micro-batches" }).tokensPerSecondPerGpu);
  for (const e of ["tensorrt-llm", "sglang", "vllm"]) for (const weightFormat of ["fp8_block", "nvfp4"])
    console.log("r1", e, weightFormat, 1e3 * decodeStep({ model: model("deepseek-r1"), hardware: hardware("b200-sxm"), requests: 1, contextTokens: 1382, tensorParallel: 8, engine: e, weightFormat }).seconds);
  const out: string[] = []; let n = 0; const twiceBad = new Map<string, number>(); const oneBad = new Map<string, number>();
  const ms = models(); const hs = machines().filter((m) => m.networkBytesPerSecond !== undefined && m.scaleUpBytesPerSecond !== undefined);
  let s = 7; const r = (k: number) => { s = (s * 48271) % 2147483647; return s % k; };
  const t0 = Date.now();
  while (Date.now() - t0 < 25000) {
    const m = ms[r(ms.length)]!, h = hs[r(hs.length)]!; const q = { model: m, hardware: h, requestsPerGpu: 1 + r(300), contextTokens: 1 + r(20000), expertParallel: Math.min(1 + r(64), Math.max(1, m.routedExperts)) };
    const at = (x: number) => decodeStep({ ...q, requestsPerGpu: x }); n++;
    const a = at(q.requestsPerGpu), b = at(2 * q.requestsPerGpu), c = at(q.requestsPerGpu + 1);
    const diff = (y: typeof a, f: number) => { const by = new Map<string, number>(); a.tasks.forEach((t, i) => by.set(t.name, (by.get(t.name) ?? 0) + (y.tasks[i]!.seconds - f * t.seconds))); return [...by].sort((p, z) => z[1] - p[1])[0]![0]; };
    const x = b.seconds / a.seconds / 2, y = c.seconds / a.seconds / (1 + 1 / q.requestsPerGpu);
    if (x > 1) { const k = `${h.generation} ${diff(b, 2)}`; twiceBad.set(k, Math.max(twiceBad.get(k) ?? 0, x)); if (x > 1.01) out.push(`twice ${m.id} ${h.id} ${q.requestsPerGpu} ctx ${q.contextTokens} ep ${q.expertParallel} ${x.toFixed(4)} ${diff(b, 2)}`); }
    if (y > 1.03) { const k = `${h.generation} ${diff(c, 1)}`; oneBad.set(k, Math.max(oneBad.get(k) ?? 0, y)); out.push(`one ${m.id} ${h.id} ${q.requestsPerGpu} ctx ${q.contextTokens} ep ${q.expertParallel} ${y.toFixed(4)} ${diff(c, 1)}`); }
  }
  console.log(n, JSON.stringify([...twiceBad]), "ONE", JSON.stringify([...oneBad])); console.log(out.slice(0, 40).join("\n"));
}, 60000);
