/**
 * Which layer does the harm: each by itself binarized in the teacher, and restored in the student, against the teacher's
 * predicted noise over timesteps and seeds. Layers are switched with their biases and the quantizers of their inputs; norms
 * stay those of the network they are in.
 */
import { type Estimate, estimate } from '../../math/estimate'
import type { Checkpoint } from '../../unet/checkpoint'
import type { Donors, Source } from '../../unet/mixture'
import { type Part, type PartKind, partsOf } from './parts'
import { type CellError, type MeasureOptions, measureVariants, type Protocol, type Variant } from './variants'

/** Means over the cells (timesteps x seeds) with their standard errors; null where a value is not finite. */
export type ErrorEstimate = { normalised: Estimate | null; mse: Estimate | null }

export type PartSensitivity = Part & {
  /** Error of the teacher with this part of the student. */
  binarized: ErrorEstimate
  /** Error of the student with this part of the teacher. */
  restored: ErrorEstimate
  /** By how much that is below the student's own error, cell by cell: above 0 it helped. */
  gain: ErrorEstimate
}

export type Sensitivity = {
  by: PartKind
  timesteps: number[]
  seeds: number[]
  images: number
  /** Error of the student as it is. */
  student: ErrorEstimate
  /** Most harmful in the teacher first. */
  parts: PartSensitivity[]
}

/**
 * Measures two networks of one architecture that are ready to run (`withSources`). Leaves no tensor behind but their weights.
 * Throws the signal's reason when aborted.
 */
export async function measureSensitivity(
  checkpoint: Checkpoint,
  [teacher, student]: readonly [Source, Source],
  by: PartKind,
  protocol: Protocol,
  options: MeasureOptions = {},
): Promise<Sensitivity> {
  const parts = partsOf(teacher.unet.architecture, by)
  const variants: Variant[] = [
    { carrier: student, donors: new Map() },
    ...parts.flatMap((part) => [
      { carrier: teacher, donors: donorsOf(part, student) },
      { carrier: student, donors: donorsOf(part, teacher) },
    ]),
  ]
  const [own, ...cells] = await measureVariants(checkpoint, teacher, variants, protocol, options)
  const measured = parts.map((part, i): PartSensitivity => {
    const [binarized, restored] = [cells[2 * i]!, cells[2 * i + 1]!]
    return {
      ...part,
      binarized: errorEstimate(binarized),
      restored: errorEstimate(restored),
      gain: errorEstimate(restored.map((cell, c) => difference(own![c]!, cell))),
    }
  })
  return {
    by,
    timesteps: protocol.timeline.measured,
    seeds: [...protocol.seeds],
    images: protocol.images,
    student: errorEstimate(own!),
    parts: measured.sort((a, b) => harm(b) - harm(a)),
  }
}

/** All layers of a part from one network. */
export function donorsOf({ layers }: Part, source: Source): Donors {
  return new Map(layers.map((index) => [index, source]))
}

export function errorEstimate(cells: readonly CellError[]): ErrorEstimate {
  return {
    normalised: estimate(cells.map(({ normalised }) => normalised)),
    mse: estimate(cells.map(({ mse }) => mse)),
  }
}

function difference(a: CellError, b: CellError): CellError {
  return { normalised: a.normalised - b.normalised, mse: a.mse - b.mse }
}

/** What is not finite harms most. */
function harm({ binarized }: PartSensitivity): number {
  return binarized.normalised?.mean ?? Infinity
}
