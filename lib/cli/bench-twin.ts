/** The other side of a benchmark: a Python script that does the same work and takes turns, one line in, one turn, one line out. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { quantiles } from '../math/quantiles'

/** One turn, in milliseconds of wall time and of processor time. */
export type Turn = { ms: number; cpu: number }

/** Milliseconds of a turn: middle, fastest, what nine of ten do not exceed; `cpu` is the median of processor time. */
export type Milliseconds = { median: number; min: number; p90: number; cpu: number }

/** Greeting: what the script says of itself in its first line. Answer: what it says after each turn. */
export class Twin<Greeting, Answer extends Turn> {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    readonly greeting: Greeting,
    private readonly script: string,
  ) {}

  /** null when there is no such Python or it has not got `module`. Throws an Error if the script fails otherwise. */
  static async start<Greeting, Answer extends Turn>(
    python: string,
    script: string,
    job: object,
    module: string,
  ): Promise<Twin<Greeting, Answer> | null> {
    const child = spawn(python, [script, JSON.stringify(job)], { stdio: ['pipe', 'pipe', 'pipe'] })
    let complaint = ''
    child.stderr.on('data', (text) => {
      complaint += text
    })
    const missing = new Promise<null>((resolve) => child.on('error', () => resolve(null)))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const first = await Promise.race([lines.next(), missing])
    if (first === null) return null
    if (!first.done) return new Twin(child, lines, JSON.parse(first.value) as Greeting, script)
    if (complaint.includes(`No module named '${module}'`)) return null
    throw new Error(`${script} failed:\n${complaint}`)
  }

  async turn(): Promise<Answer> {
    this.child.stdin!.write('\n')
    const line = await this.lines.next()
    if (line.done) throw new Error(`${this.script} ended before its last turn`)
    return JSON.parse(line.value) as Answer
  }

  stop(): void {
    this.child.stdin!.end()
  }
}

export async function timed(work: () => unknown): Promise<Turn> {
  const [start, before] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(before)
  return { ms: performance.now() - start, cpu: (user + system) / 1000 }
}

export function summary(turns: Turn[]): Milliseconds {
  const of = (values: number[]) => quantiles(Float32Array.from(values), [0, 0.5, 0.9]) as number[]
  const [min, median, p90] = of(turns.map(({ ms }) => ms)) as [number, number, number]
  return { median, min, p90, cpu: of(turns.map(({ cpu }) => cpu))[1]! }
}

export const inWords = ({ median, min, p90, cpu }: Milliseconds): string =>
  `median ${median.toFixed(0)}, min ${min.toFixed(0)}, p90 ${p90.toFixed(0)}, cpu ${cpu.toFixed(0)}`
