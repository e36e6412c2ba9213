/** The page of gpu-browser.test.ts: the panel alone, in circumstances that a test names. Bundled for a browser, never run by node. */

import type { GpuPlan } from "../../src/explore/gpu/measure-plan";
import { type GpuPanel, type GpuPanelOptions, mountGpuPanel } from "../../src/explore/gpu/panel";
import { type Shaders, shaders } from "../../src/explore/gpu/shaders";
import type { Figure } from "../../src/figures/figure";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";

const small = (plan: GpuPlan): GpuPlan => ({
  ...plan,
  shape: { hiddenSize: 64, moeIntermediateSize: 96 },
  rows: [16, 40],
  widths: [32, 96],
  widthRows: 40,
  groupRows: [16],
  groupExperts: 3,
  accessBytes: [4, 8, 64, 65_536],
  bufferBytes: 2 ** 20,
  gatherInvocations: 2048,
  gatherReads: 4,
  batches: 3,
  batchSeconds: 0.001,
  // A busy machine compiles shaders slowly; the time limit has a test of its own.
  limitSeconds: 120,
});

/** A right product that a software GPU compiles in no time: for tests of everything but the product. */
const plainProduct: Shaders["product"] = () => /* wgsl */ `
struct Product { rows: u32, width: u32, hidden: u32, first: u32 }
@group(0) @binding(0) var<uniform> p: Product;
@group(0) @binding(1) var<storage, read> activations: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> results: array<f32>;
@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_id) thread: vec3<u32>) {
  for (var row = thread.y; row < p.rows; row += 16u) {
    for (var column = tile.x * 64u + thread.x; column < min(p.width, tile.x * 64u + 64u); column += 16u) {
      var sum = 0.0;
      for (var k = 0u; k < p.hidden; k++) {
        sum += activations[(tile.z * p.rows + row) * p.hidden + k] * weights[((p.first + tile.z) * p.hidden + k) * p.width + column];
      }
      results[(tile.z * p.rows + row) * p.width + column] = sum;
    }
  }
}`;

const plain: Shaders = { ...shaders, product: plainProduct };
const wrongly = (text: string, right: string, wrong: string): string => {
  if (!text.includes(right)) throw new Error(`the shader has no "${right}"`);
  return text.replace(right, wrong);
};
/** Many steps, none of them long: there is time to end it. */
const long = (plan: GpuPlan): GpuPlan => ({ ...small(plan), widths: Array.from({ length: 400 }, (_, i) => 4 * (i + 1)) });
let clock = 0;

/** The browser's WebGPU, with adapters that do not offer timestamps. */
function withoutTimestamps(): GPU | undefined {
  if (navigator.gpu === undefined) return undefined;
  const features = (adapter: GPUAdapter) => new Set([...adapter.features].filter((name) => name !== "timestamp-query"));
  const requestAdapter: GPU["requestAdapter"] = async (options) => {
    const adapter = await navigator.gpu.requestAdapter(options);
    return adapter && Object.defineProperty(adapter, "features", { value: features(adapter) });
  };
  return { requestAdapter } as GPU;
}

const circumstances: Readonly<Record<string, Partial<GpuPanelOptions>>> = {
  small: { plan: small },
  long: { plan: long, shaders: plain },
  limited: { plan: (plan) => ({ ...long(plan), limitSeconds: 4 }), shaders: plain },
  "wrong product": {
    plan: small,
    shaders: { ...plain, product: (...a) => wrongly(plainProduct(...a), "k < p.hidden", "k < p.hidden - 1u") },
  },
  "wrong gather": { plan: small, shaders: { ...plain, gather: (bytes) => wrongly(shaders.gather(bytes), "read ^=", "read |=") } },
  "wrong counter": { plan: small, shaders: { ...plain, count: wrongly(shaders.count, "+= 1u", "+= 2u") } },
  "wrong in one shape": {
    plan: small,
    shaders: { ...plain, product: (...a) => wrongly(plainProduct(...a), "= sum;", "= select(sum, 0.0, p.rows == 40u);") },
  },
  "broken shader": { plan: small, shaders: { ...plain, count: "fn main( {" } },
  "too long a dispatch": { plan: (plan) => ({ ...small(plan), longestDispatchSeconds: 0 }), shaders: plain },
  "slow tab": { plan: small, shaders: plain, now: () => clock++ },
  "lost at once": {
    plan: small,
    shaders: {
      ...plain,
      get count(): string {
        device?.destroy();
        return shaders.count;
      },
    },
  },
  "no timestamps": { plan: small, shaders: plain, gpu: withoutTimestamps() },
  "no WebGPU": { gpu: undefined },
  browser: {},
};

const drawn: { readonly into: HTMLElement; readonly figure: Figure }[] = [];
const saved: (readonly [Figure, string, string])[] = [];
let machine = "h100-sxm";
let panel: GpuPanel | undefined;
let submits = 0;
let device: GPUDevice | undefined;

Object.assign(window, {
  page: {
    mount: (name: string) => {
      drawn.length = 0;
      const options = circumstances[name];
      if (options === undefined) throw new Error(`no circumstance "${name}"`);
      panel = mountGpuPanel(document.getElementById("gpu") as HTMLElement, {
        scenario: () => ({ model: model("deepseek-v3"), hardware: hardware(machine) }),
        draw: (into, figure) => drawn.push({ into, figure }),
        save: (...asked) => saved.push(asked),
        ...options,
      });
    },
    choose: (id: string) => {
      machine = id;
      drawn.length = 0;
      panel?.refresh();
    },
    figures: () => drawn.map(({ figure }) => figure),
    saved: () => saved,
    submits: () => submits,
    loseGpu: () => device?.destroy(),
  },
});

if (typeof GPUQueue !== "undefined") {
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (this: GPUAdapter, descriptor) {
    device = await requestDevice.call(this, descriptor);
    return device;
  };
  const { submit } = GPUQueue.prototype;
  GPUQueue.prototype.submit = function (this: GPUQueue, buffers) {
    submits++;
    return submit.call(this, buffers);
  };
}
