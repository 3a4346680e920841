/** Checkpoints of real trainings with upstream code: what is wrong with them was measured in PyTorch (audit.json, meta.json). */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { withTensors } from '../../../../lib/cli/open'
import { auditCheckpoint, networkFacts } from '../../../../lib/diagnostics/audit/audit'
import type { Finding } from '../../../../lib/record/audit'
import { type Checkpoint, readCheckpoint } from '../../../../lib/unet/checkpoint'
import { fixtures } from '../../unet/upstream'

const folder = `${fixtures}/real/binarydm_fashion`

type Row = [
  module: string,
  kind: string,
  shape: number[],
  binarized: boolean,
  order: number,
  group: number | null,
  sigma1Deviation: number,
  sigma2Deviation: number,
  meanSigma1: number,
  meanSigma2: number,
  negative1: number,
  negative2: number,
  alpha: number | null,
  cosine: number,
  sqnr: number,
  teacherCosine: number,
  flips: number,
  zeros: number,
]
const measured: { checkpoints: Record<string, { layers: Row[] }> } = JSON.parse(
  readFileSync(`${folder}/audit.json`, 'utf8'),
)
const meta = JSON.parse(readFileSync(`${folder}/meta.json`, 'utf8'))

const read = (path: string, network: string): Promise<Checkpoint> =>
  withTensors(path, (file) => readCheckpoint(file, undefined, { network }))
const teacher = await read(`${folder}/a4_fixed/last.ckpt`, 'teacher')

const files: [file: string, copy: 'raw' | 'ema'][] = [
  ['as_released/epoch=000000-step=000000100.ckpt', 'raw'],
  ['as_released/last.ckpt', 'raw'],
  ['as_released/last.ckpt', 'ema'],
  ['a4_fixed/last.ckpt', 'raw'],
  ['a4_fixed/last.ckpt', 'ema'],
]
const students = new Map<string, Checkpoint>()
for (const [file, copy] of files) students.set(`${file} ${copy}`, await read(`${folder}/${file}`, copy))

/** Findings of one code. */
function findingsOf(name: string, code: string): Finding[] {
  return auditCheckpoint(students.get(name)!, teacher).findings.filter((finding) => finding.code === code)
}

const evidence = (finding: Finding | undefined, name: string) =>
  finding?.evidence.find((item) => item.name === name)?.value

/** audit.json rounds to six decimals; its own sums are float32. */
const near = 1e-5

describe.each(files)('%s, %s', (file, copy) => {
  const name = `${file} ${copy}`
  const { layers } = networkFacts(students.get(name)!, teacher)
  const rows = new Map(measured.checkpoints[name]!.layers.map((row) => [row[0], row]))

  it('has the layers of the file, binarized and kept as the released rule has them', () => {
    expect(layers.map(({ layer }) => layer.id).sort()).toEqual([...rows.keys()].sort())
    for (const { layer, precision } of layers)
      expect([layer.id, precision.bases]).toEqual([layer.id, rows.get(layer.id)![4]])
  })

  it('has scales as far from the means of the weights, of the same signs, as measured', () => {
    for (const { layer, sigma1, sigma2 } of layers) {
      const row = rows.get(layer.id)!
      expect(Math.abs(sigma1!.deviation! - row[6]), layer.id).toBeLessThan(near)
      expect(Math.abs(sigma2!.deviation! - row[7]), layer.id).toBeLessThan(near)
      expect(Math.abs(sigma1!.negative / sigma1!.count - row[10]), layer.id).toBeLessThan(near)
      expect(Math.abs(sigma2!.negative / sigma2!.count - row[11]), layer.id).toBeLessThan(near)
    }
  })

  it('has the steps of the file, NaN and uninitialised ones as they are', () => {
    for (const { layer, alpha } of layers) {
      const expected = rows.get(layer.id)![12]
      if (expected === null) expect(alpha, layer.id).toBeNaN()
      else expect(Math.abs(alpha! - expected), layer.id).toBeLessThanOrEqual(1e-5 * Math.abs(expected))
    }
  })

  it('has weights as far from the teacher’s as measured', () => {
    for (const { layer, teacher, weights } of layers) {
      const row = rows.get(layer.id)!
      expect(Math.abs(teacher!.cosine! - row[15]), layer.id).toBeLessThan(near)
      // torch.sign(0) is neither sign, and so differs from the teacher's whichever that is
      expect(Math.abs(teacher!.flips - row[16]), layer.id).toBeLessThan(near + row[17] / weights.count)
      expect(weights.zeros).toBe(row[17])
    }
  })

  it('tells one basis, two bases and kept layers by the scales alone', () => {
    const found = new Map([0, 1, 2].map((bases) => [bases, 0]))
    const audit = auditCheckpoint(students.get(name)!, teacher)
    for (const { basesFound } of audit.layers) found.set(basesFound, found.get(basesFound)! + 1)
    expect(Object.fromEntries(found)).toEqual({ 0: 4, 1: 38, 2: 13 })
    expect(new Set(audit.layers.map(({ scales }) => scales))).toEqual(new Set(['learned', 'none']))
  })

  it('has second bases in input blocks only, and second scales that nothing uses', () => {
    expect(findingsOf(name, 'two-bases-one-sided')).toMatchObject([
      { severity: 'warning', what: expect.stringContaining('Every output block has one basis') },
    ])
    expect(evidence(findingsOf(name, 'second-scales-unused')[0], 'with unused sigma2')).toBe(42)
  })

  it('loses its scales when the released code loads it', () => {
    const [finding] = findingsOf(name, 'reload-loses-scales')
    const binarized = [...rows.values()].filter((row) => row[3])
    const meanOf = (order: number, column: 6 | 7) => {
      const own = binarized.filter((row) => row[4] === order)
      return own.reduce((sum, row) => sum + 100 * row[column], 0) / own.length
    }
    expect(evidence(finding, 'sigma1 off mean|W|, one basis')).toBeCloseTo(meanOf(1, 6), 3)
    expect(evidence(finding, 'sigma1 off mean|W|, two bases')).toBeCloseTo(meanOf(2, 6), 3)
    expect(evidence(finding, 'sigma2 off mean|residual|')).toBeCloseTo(meanOf(2, 7), 3)
    expect(evidence(finding, 'weights in use change (relative L2) by')).toBeGreaterThan(5)
  })
})

describe('steps of inputs', () => {
  it('are a statistic of the last batch in the released code, and learned where that is repaired', () => {
    const spread = (name: string) => {
      const [finding] = findingsOf(name, 'alpha-batch-statistic')
      return Number(evidence(finding, 'spread of alpha over time projections'))
    }
    expect(spread('as_released/epoch=000000-step=000000100.ckpt raw')).toBeCloseTo(1.03, 2)
    expect(spread('as_released/last.ckpt raw')).toBeCloseTo(0.09, 2)
    expect(findingsOf('a4_fixed/last.ckpt raw', 'alpha-batch-statistic')).toEqual([])
  })

  it('say 8 bits in the released code and 4 in the repaired one', () => {
    const bits = (name: string) =>
      evidence(findingsOf(name, 'bits-unstated')[0], 'by the range of the time embedding')
    expect(bits('as_released/last.ckpt raw')).toBe(8)
    expect(bits('a4_fixed/last.ckpt raw')).toBe(4)
  })

  it('are contaminated in the EMA copy, for exactly the steps that were measured to be', () => {
    const [as, repaired] = ['as_released', 'a4_fixed'].map((variant) => {
      const file = meta.students[variant].files.find(
        (f: { file: string }) => f.file === `${variant}/last.ckpt`,
      )
      return file['ema_alpha_off_by_more_than_half_of_raw(quantized layers)'].length
    })
    expect(findingsOf('as_released/last.ckpt ema', 'ema-alpha-contaminated')).toHaveLength(as)
    expect(findingsOf('a4_fixed/last.ckpt ema', 'ema-alpha-contaminated')).toHaveLength(repaired)
    expect([as, repaired]).toEqual([31, 0])
    expect(
      evidence(findingsOf('as_released/last.ckpt raw', 'ema-copy-contaminated')[0], 'contaminated'),
    ).toBe(31)
    expect(findingsOf('a4_fixed/last.ckpt raw', 'ema-copy-contaminated')).toEqual([])
  })

  it('of kept layers were never set', () => {
    const [finding] = findingsOf('as_released/last.ckpt raw', 'alpha-unused')
    expect(Number(evidence(finding, 'uninitialised'))).toBeGreaterThanOrEqual(2)
  })
})

describe('a network without time', () => {
  it('is told by its architecture', async () => {
    const blind = await withTensors(`${fixtures}/real/ddim_mnist_timeblind/ckpt_5700.pth`, (file) =>
      readCheckpoint(file),
    )
    const { findings } = auditCheckpoint(blind, null)
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual([['time-blind-network', 'fault']])
  })
})
