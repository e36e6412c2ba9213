import { it } from "vitest";
import { models } from "../../src/model/registry";
import { parameterCount } from "../../src/model/parameters";
import { weightMatrices } from "../../src/model/matrices";
import { decodeStep } from "../../src/step/decode";
import { decodeAccesses } from "../../src/step/accesses";
import { memoryFootprint } from "../../src/step/memory-footprint";
import { hardware } from "../../src/machine/hardware";
import { isMixer, isSoftmax } from "../../src/model/blocks";
it("x", () => {
  for (const m of models()) {
    const p = parameterCount(m);
    const uniform = new Set(m.runs.flatMap(r => r.blocks.filter(isMixer).map(b => JSON.stringify(b)))).size === 1;
    let out = `${m.id} ${uniform ? "uniform" : "MIXED"} tot ${m.totalParameters ? (100*(p.total/m.totalParameters-1)).toFixed(1) : "-"} act ${m.activeParameters ? (100*(p.active/m.activeParameters-1)).toFixed(1) : "-"}`;
    try {
      const q = { model: m, hardware: hardware("b200-sxm"), requests: 1, contextTokens: 1, weightFormat: "bfloat16" };
      const s = decodeStep(q);
      const bytes = s.tasks.reduce((a, t) => a + t.bytes, 0);
      const core = s.tasks.filter(t => t.name === "attention core").length, lin = s.tasks.filter(t => t.name === "linear mixer").length;
      const act = p.activeBy["with head"] * 2;
      const q2 = { ...q, contextTokens: 32768 };
      const s2 = decodeStep(q2);
      const read = s2.tasks.filter(t => t.name === "attention core").reduce((a,t)=>a+t.bytes,0);
      const f = memoryFootprint(q2);
      out += ` bytes/active ${(bytes/act).toFixed(3)} cores ${core}/${m.attentionLayers} lin ${lin}/${m.linearLayers} read/kept ${(read/(f.cacheBytes-f.stateBytes)).toFixed(3)}`;
    } catch (e) { out += " ERR " + (e as Error).message; }
    const sum = weightMatrices(m).reduce((a,w)=>a+w.outputs*w.inputs*w.count,0);
    if (sum !== p.total - (m.tiedEmbeddings?0:m.vocabSize*m.hiddenSize)) out += " SUM " + (sum - p.total);
    console.log(out);
  }
});
