import { simulate } from '/work/main/src/engine/simulate.ts'
import { applied, calibrate } from '/work/main/src/validation/zz-cal.ts'
import { judge } from '/work/main/src/validation/measured.ts'
import { mean, median, quantile } from '/work/main/src/validation/statistics.ts'
import { scenarioOf } from '/work/main/tests/validation/convert/scenario.ts'
import { groupBy, loaderOf, readRows, sourceOf, thinned } from '/work/main/scripts/runs.ts'
const rows = thinned(readRows('/work/shared/validation/runs-dev.jsonl'), 20)
const loaded = loaderOf(rows.map(scenarioOf))
const all = rows.flatMap((row, i) => {
  const l = loaded[i]; if (!l || !l.measured || !judge(simulate(l.job,l.strategy), l.measured)) return []
  return [{ source: sourceOf(row), gpu: l.scenario.cluster.gpu.name!, o: { job: l.job, strategy: l.strategy, measured: l.measured, ground: { stack: l.scenario.software.name } }, dt: l.job.precision.matmul }]
})
const keys: Record<string, (r: any) => string> = { source: r => r.source, gpu: r => r.source + " / " + r.gpu }
for (const [name, key] of Object.entries(keys)) {
  const out: any[] = []
  for (const [g, group] of groupBy(all, key)) {
    if (group.length < 5) continue
    const tries = Array.from({ length: Math.min(4, group.length) }, (_, i) => Math.floor(((i + 0.5) * group.length) / Math.min(4, group.length)))
    const after: number[] = [], before: number[] = []; const fs: string[] = []
    for (const t of tries) {
      const c = calibrate([group[t]!.o])!
      fs.push(c.fitted.map(k => k[0] + c.factors[k].toFixed(2)).join(','))
      group.forEach((r, i) => { if (i === t) return
        const e = (f: any) => Math.abs(judge(simulate(applied(r.o.job, f), r.o.strategy), r.o.measured)!.error)
        after.push(e(c.factors)); before.push(e({sustained:1,host:1,network:1})) })
    }
    out.push([g, group.length, median(before), quantile(before, .9), median(after), quantile(after, .9), fs.join(' ')])
  }
  for (const moe of [false, true]) {
    const o = out.filter(x => x[0].includes('(MoE)') === moe)
    console.log(name, moe ? 'MoE' : 'dense', o.length, [2,3,4,5].map(i => (100 * mean(o.map(x => x[i]))).toFixed(1)).join(' '))
  }
}
