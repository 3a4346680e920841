/**
 * What an audit of a checkpoint says: whether it is what it claims to be, layer by layer, with the numbers that show it.
 * A fault means that the network is not what was declared or cannot be trusted as it is, a warning that something costs
 * quality or is easily misread, a note that something is as it should be known.
 */
import * as z from 'zod/mini'

export const severities = ['fault', 'warning', 'note'] as const
export type Severity = (typeof severities)[number]

/** One number, or a word where there is none ("NaN"). unit: '%', 'layers', 'channels', ...; '' for plain numbers. */
export const Evidence = z.object({
  name: z.string(),
  value: z.union([z.number(), z.string()]),
  unit: z.string(),
})
export type Evidence = z.infer<typeof Evidence>

export const Finding = z.object({
  /** Id of the layer it is about; null for the whole network. */
  layer: z.nullable(z.string()),
  /** Stable name, kebab-case; rules of a gate refer to it. */
  code: z.string().check(z.regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)),
  severity: z.enum(severities),
  /** A few words for a table. */
  title: z.string(),
  /** One sentence. */
  what: z.string(),
  evidence: z.array(Evidence),
  /** What to do about it. */
  remedy: z.string(),
})
export type Finding = z.infer<typeof Finding>

/**
 * How the scales of a layer came about, judged by the scales themselves. 'learned': apart from the means of the weights.
 * 'means': equal to them, as at the start or after a reload that overwrote them. 'random start': as small as released
 * BinaryDM leaves scales it never uses. 'computed': the method takes them from the weights. 'unknown': there are no latent
 * weights to compare with. 'none': the layer is not binarized.
 */
export const scaleOrigins = ['learned', 'means', 'random start', 'computed', 'unknown', 'none'] as const
export type ScaleOrigin = (typeof scaleOrigins)[number]

const share = z.nullable(z.number())

/** One layer in a row. */
export const AuditRow = z.object({
  layer: z.string(),
  /** The worst of its findings; null if there is none above a note. */
  severity: z.nullable(z.enum(severities)),
  /** "ok", "kept, as declared", or the title of its worst finding. */
  verdict: z.string(),
  /** Bases declared, and bases the scales bear out. */
  bases: z.number(),
  basesFound: z.number(),
  scales: z.enum(scaleOrigins),
  /** Mean over channels of |sigma1/mean|W| - 1| and |sigma2/mean|W - sigma1 sign W| - 1|; null without latent weights. */
  sigma1Deviation: share,
  sigma2Deviation: share,
  /** Step of the input as stored, also where it is not used; null if it is not a finite number or not there. */
  alpha: share,
  /** Latent weights against the teacher's. */
  cosine: share,
  flips: share,
  /** Relative L2 change of the weights in use if both scales are overwritten by the means, as released BinaryDM does on loading. */
  reload: share,
})
export type AuditRow = z.infer<typeof AuditRow>

export const Audit = z.object({
  /** Faults first, then in order of the network. */
  findings: z.array(Finding),
  /** In order of the forward pass. */
  layers: z.array(AuditRow),
})
export type Audit = z.infer<typeof Audit>
