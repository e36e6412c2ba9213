import { formatBytes, formatCount, formatNumber } from "../../text/numbers";
import type { Part } from "../parts/part";
import { chineseShare } from "./chinese-words";

/** The Chinese words of one part: its statement, and the clause that it adds to a headline. */
export interface ChinesePart {
  readonly statement: string;
  /** As `say` of the part's rule in src/claims/rules: the same cases and the same numbers. */
  readonly say: (part: Part) => string;
}

const share = ({ probability = Number.NaN }: { readonly probability?: number }) => chineseShare(probability);
const countOf = ({ population, probability = 0 }: Part) => formatCount(Math.round(probability * (population?.count ?? 0)));
const allOf = ({ population }: Part) => formatCount(population?.count ?? 0);
const none = () => "";

/** The parts of all claims in Chinese, by id; a test holds that none is missing. */
export const chineseParts: Readonly<Record<string, ChinesePart>> = {
  "0a.arithmetic": { statement: "6144 个 token、384 个专家、每个 token 激活 8 个，平均每个专家 128 个 token。", say: () => "算术成立" },
  "0a.shape": {
    statement: "DeepSeek 当时的模型有 384 个路由专家。",
    say: ({ value, holds }) => (holds ? "模型确有 384 个专家" : `DeepSeek-V3 是 ${formatCount(value)} 个专家而不是 384 个`),
  },
  "0a.decode": {
    statement: "在许多张卡上解码时，一个专家每次调用最多看到几百个 token。",
    say: (p) => `大规模 EP 解码有 ${share(p)} 在 256 个 token 以内`,
  },
  "0a.later": {
    statement: "后来的模型把激活专家与路由专家之比保持在 8 比 384 的两倍以内。",
    say: (p) => (p.outcome === "pending" ? "" : `后来的模型 ${share(p)} 保持这一比例`),
  },
  "0a.prefill": { statement: "预填充时一个专家也最多看到几百个 token。", say: ({ value }) => `预填充为 ${formatCount(value)} 个` },
  "0a.training": { statement: "训练时也是如此。", say: ({ value }) => `训练为 ${formatCount(value)} 个` },
  "0b.shrink": {
    statement: "在途 token 数相同时，单个专家的时间降到十分之一以下。",
    say: ({ value }) =>
      value > 1.05 ? `单个专家的时间下限为 Mixtral-8x22B 的 1/${formatNumber(value)}（中位数）` : "单个专家的时间下限没有下降",
  },
  "0b.task": {
    statement: "解码的一个任务用时 1 到 10 µs。",
    say: ({ readings }) => {
      const [product, launched] = readings ?? [];
      if (product === undefined || launched === undefined) return "";
      return `单个专家较短的矩阵乘在 ${share(product)} 的部署中落在 1–10 µs，实际启动的任务中这类占多数时间的部署为 ${share(launched)}`;
    },
  },
  "0b.training": {
    statement: "训练中大部分时间也花在 1 到 10 µs 的 kernel 里。",
    say: ({ value }) => `训练中这类 kernel 占 ${chineseShare(value)} 的时间`,
  },
  "0c.run": {
    statement: "对专家权重的一次连续访问降到 16 KiB 以下。",
    say: ({ readings = [] }) => {
      const [asked, stored] = readings.map(share);
      return `kernel 请求的分块在 16 KiB 以内的占 ${asked}，按存储方式算则为 ${stored}`;
    },
  },
  "0c.sizes": {
    statement: "文中的四个尺寸正是 16、8、4 位下常见形状的分块。",
    say: ({ holds }) => (holds ? "文中的尺寸正是分块的尺寸" : ""),
  },
  "0d.fragmented": {
    statement: "工作是零碎的：一个专家每次调用最多计算几百个 token。",
    say: ({ outcome }) => (outcome === "right" ? "零碎" : outcome === "wrong" ? "并不零碎" : "部分零碎"),
  },
  "0d.copies": {
    statement: "有冗余专家时，最忙的卡接近均值。",
    say: ({ value, holds }) => `复制热门专家后${holds ? "均衡" : "仍不均衡"}（为均值的 ${formatNumber(value)} 倍）`,
  },
  "0d.bare": {
    statement: "没有冗余专家、完全按路由结果时，最忙的卡也接近均值。",
    say: (p) => (p.outcome === "right" ? "路由本身就均匀" : p.outcome === "wrong" ? "路由本身并不均匀" : `路由本身均匀的占 ${share(p)}`),
  },
  "0d.stable": {
    statement: "专家按负载的排序足够稳定，可以据此规划。",
    say: ({ holds }) => (holds ? "稳定到可以规划" : "不稳定"),
  },
  "1.kept": {
    statement: "采用 256 宽阵列的厂商退回更窄的阵列。",
    say: ({ value, holds }) => (holds ? "谷歌退回了更窄的阵列" : `谷歌保留了 ${formatCount(value)}`),
  },
  "1.eight": { statement: "8 位或 16 位权重下，阵列先于内存带宽成为瓶颈。", say: (p) => binding(p, "8 位") },
  "1.four": { statement: "4 位权重下，阵列先于内存带宽成为瓶颈。", say: (p) => binding(p, "4 位") },
  "1.useless": {
    statement: "解码时，256 宽的阵列比 128 宽的损失四分之一以上。",
    say: (p) => `损失达四分之一的占 ${share(p)}`,
  },
  "1.worth": {
    statement: "在同样的部署里，算力对 MoE 解码的价值低于对稠密模型的价值。",
    say: (p) => (p.population === undefined ? "" : `在 ${share(p)} 的部署中，算力的价值低于稠密模型`),
  },
  "1.training": { statement: "训练专家时，256 宽的阵列比 128 宽的多损失一成。", say: none },
  "2.acted": {
    statement: "推理引擎为了让任务启动更便宜、更少而被重写。",
    say: ({ holds }) => (holds ? "推理引擎如今用算子融合和 CUDA Graph 一类的图重放省去启动开销" : ""),
  },
  "2.stream": {
    statement: "逐个启动 kernel 占解码一步的一成以上（每卡最多 4 个请求）。",
    say: ({ value, population }) => (population === undefined ? "" : `不作处理时，启动开销占小批量解码步的 ${chineseShare(value)}`),
  },
  "2.graph": {
    statement: "从图里启动 kernel 占解码一步的一成以上（所有批量）。",
    say: ({ value, population }) => (population === undefined ? "" : `用图重放时（所有批量）为 ${chineseShare(value)}`),
  },
  "2.worth": {
    statement: "在同样的部署里，kernel 的启动与间隔对 MoE 解码比对稠密模型更要紧。",
    say: (p) => (p.population === undefined ? "" : `比稠密模型更要紧的占 ${share(p)}`),
  },
  "2.one": { statement: "实测：单个请求时，图能省下一步的一成。", say: none },
  "2.training": { statement: "训练一步里 kernel 之间的空隙占一成。", say: ({ value }) => `训练中空隙占 ${chineseShare(value)}` },
  "3.falls": {
    statement: "新设计中，一次访存的长度变小。",
    say: ({ value, holds }) => (holds ? `方向是对的，但出自稀疏注意力（每次 ${formatCount(value)} B），不在专家` : "访存没有变小"),
  },
  "3.sector": {
    statement: "解码一步有五分之一的字节以 32 或 64 字节的长度读取。",
    say: (p) => {
      if (p.holds) return "多数部署以 32–64 B 读取";
      return p.probability === 0 ? "没有部署以 32–64 B 读取" : `${share(p)} 的部署以 32–64 B 读取`;
    },
  },
  "3.worth": { statement: "更细的最小访存粒度对大规模解码有价值：按省下的字节，每减半提升二十分之一。", say: none },
  "3.hardware": {
    statement: "出现了比厂商上一代访问粒度更细的内存通路。",
    say: ({ value }) => `昇腾 950 增加了 ${formatCount(value)} B 的通路`,
  },
  "4.need": {
    statement: "除带宽外，厂商还按每秒请求数来设计和标称部件。",
    say: ({ holds }) => (holds ? "硬盘与交换机已按请求率标称" : ""),
  },
  "4.fabric": { statement: "大规模 EP 解码时，scale-up 网络先耗尽请求率。", say: (p) => short(p, "机柜内网络") },
  "4.memory": { statement: "大规模 EP 解码时，内存先耗尽请求率。", say: (p) => short(p, "内存") },
  "4.storage": {
    statement: "从闪存读取查找表的行，先耗尽的是请求率。",
    say: ({ holds }) => (holds ? "闪存先耗尽请求率" : "闪存先耗尽带宽"),
  },
  "4.network": { statement: "大规模 EP 解码时，网卡先耗尽请求率。", say: (p) => short(p, "网卡") },
  "4.worth": { statement: "消息逐条的开销占大规模解码吞吐的二十分之一。", say: none },
  "5.rate": {
    statement: "把专家分散到各卡，比每个矩阵都切开的八卡副本每卡产出更多 token。",
    say: (p) => (p.population === undefined ? "" : `专家并行每卡吞吐为把矩阵切到八卡的 ${formatNumber(p.value)} 倍`),
  },
  "5.adopted": {
    statement: "跨网络或整机柜的部署，专家分散到八个 rank 以上。",
    say: (p) => (p.population === undefined ? "" : `${share(p)} 的大规模部署采用专家并行`),
  },
  "5.messages": {
    statement: "交换的是小块：一条消息最多 16 KiB。",
    say: ({ value }) => `消息为 ${formatBytes(value)}`,
  },
  "5.worth": {
    statement: "在同样的部署里，scale-up 链路对大规模 EP 解码的价值低于对切到八卡的稠密模型。",
    say: (p) => (p.population === undefined ? "" : `scale-up 链路价值更低的占 ${share(p)}`),
  },
  "5.links": { statement: "在同样的部署里，scale-up 链路与网络合计对大规模 EP 解码的价值高于切到八卡的稠密模型。", say: none },
  "5.node": {
    statement: "单节点内也把专家分散。",
    say: (p) => (p.population === undefined ? "" : `单节点内为 ${share(p)}`),
  },
  "6a.semantics": {
    statement: "在 scale-up 域内，间接的 DMA 让位于直接的 load/store。",
    say: ({ readings = [] }) => {
      const [wide, strict] = readings.map(share);
      return `新的机柜链路有 ${wide} 承载内存语义，而由核心自己 load/store 搬运的交换占 ${strict}`;
    },
  },
  "6a.initiator": {
    statement: "字节数相同时，GPU 发起的交换比主机发起的快一成。",
    say: ({ value }) => `主机发起的用时为 ${formatNumber(value)} 倍`,
  },
  "6a.worth": { statement: "把交换占用的处理器还给计算，值两个微批重叠的大规模解码吞吐的二十分之一。", say: none },
  "6b.engines": {
    statement: "没有处理器之外的引擎承担加速器之间的交换。",
    say: ({ value, holds }) => (holds ? "没有厂商提供这样的引擎" : `${formatCount(value)} 家厂商提供交换引擎`),
  },
  "6b.combine": {
    statement: "所有已公开的专家交换中，各专家结果的相加都由处理器完成。",
    say: ({ holds }) => (holds ? "相加仍需处理器" : "相加也离开了处理器"),
  },
  "6b.cost": {
    statement: "计入末尾的拷贝，一次交换占用的处理器没有减少四分之一。",
    say: ({ value, outcome }) =>
      outcome === "pending" ? "" : `计入最后的拷贝，一次交换每字节占用的处理器时间如今为 V3 当时的 ${formatNumber(value)} 倍`,
  },
  "6c.successor": {
    statement: "Gaudi 这条产品线没有后继。",
    say: ({ holds }) => (holds ? "Gaudi 没有后继" : "当时 Gaudi 的后继仍在计划中"),
  },
  "6c.ethernet": {
    statement: "新的以太网 scale-up 链路承载内存语义，而不只是 RDMA。",
    say: (p) => (p.population === undefined ? "" : `${allOf(p)} 种新以太网链路中 ${countOf(p)} 种承载内存语义`),
  },
  "6c.software": {
    statement: "Gaudi 的软件已被放弃。",
    say: ({ value, outcome }) => (outcome === "pending" ? "" : `Gaudi 的软件仍在更新（2026 年 ${formatCount(value)} 次提交）`),
  },
  "7a.wider": {
    statement: "采用细粒度专家的实验室，在下一代旗舰中又把专家做宽。",
    say: (p) => (p.population === undefined ? "" : `是的，${allOf(p)} 家实验室中 ${countOf(p)} 家把专家做宽了`),
  },
  "7a.returns": {
    statement: "专家更多则收益递减：稀疏度翻倍节省的训练量不到一成。",
    say: ({ value, outcome }) =>
      Number.isNaN(value)
        ? ""
        : `${outcome === "right" ? "收益已减弱" : "收益尚未减弱"}（稀疏度每翻倍，训练量可减到 1/${formatNumber(value)}）`,
  },
  "7a.number": {
    statement: "专家的数量不再增加。",
    say: ({ holds }) => (holds ? "数量不再增加" : "数量仍在增加"),
  },
  "7b.dense": {
    statement: "大型发布中至少一半又是稠密模型。",
    say: (p) => (p.population === undefined ? "尚无可以说明的发布" : `此后 ${allOf(p)} 个大型开源发布中 ${countOf(p)} 个是稠密模型`),
  },
  "8.front": { statement: "至少一半的设计对首层与中间层区别对待。", say: (p) => differs(p, "首层") },
  "8.last": { statement: "至少一半的设计对末层与中间层区别对待。", say: (p) => differs(p, "末层") },
  "8.two": { statement: "至少一半的设计对前两层或更多层区别对待。", say: (p) => differs(p, "前两层或更多层") },
  "9.rare": {
    statement: "他曾以为 MoE 不会多，这是错的：大型发布中至少一半是 MoE。",
    say: ({ value, outcome }) => (outcome === "pending" ? "" : `MoE 占大型开源发布的 ${chineseShare(value)}`),
  },
  "9.converges": {
    statement: "他曾以为大型 MoE 难以收敛、FP8 下尤甚，这是错的。",
    say: ({ holds }) => (holds ? "收回得对：V3 以 FP8 训练，没有回滚" : "训练没有收敛"),
  },
  "9.cost": { statement: "抑制不稳定的手段开启时，损失一成以上的速度。", say: none },
};

function binding({ population }: Part, bits: string): string {
  const on = (population?.classes ?? []).filter((k) => k.median >= 1).map((k) => k.name);
  return on.length === 0 ? `${bits}权重下内存带宽先到瓶颈` : `${bits}权重下阵列在 ${on.join("、")} 上先到瓶颈`;
}

function short(part: Part, tier: string): string {
  return part.outcome === "wrong" ? `${tier}先耗尽带宽` : `${tier}先耗尽请求率的占 ${share(part)}`;
}

function differs({ value, outcome }: Part, which: string): string {
  return outcome === "pending" ? "" : `${which}与中间层不同的模型占 ${chineseShare(value)}`;
}
